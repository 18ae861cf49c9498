//! The secrets: those of a file, or new ones.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sskuba::core::clock::{SystemIds, Timestamp};
use sskuba::core::secret::Secret;
use sskuba::talos::contract::Contract;
use sskuba::talos::secrets::{self, Bundle};

use crate::failure::Failure;

/// Reads the secrets of a cluster and judges them.
pub(crate) fn read(file: &Path, now: Timestamp) -> Result<Bundle, Failure> {
    let at = |what: &dyn std::fmt::Display| format!("the secrets {}: {what}", file.display());
    let text = fs::read_to_string(file).map_err(|error| Failure::new(at(&error)))?;
    let bundle = Bundle::from_yaml(&text)
        .map_err(|error| Failure::all(error.problems.iter().map(|problem| at(problem))))?;
    let problems = bundle.validate(now);
    match problems.is_empty() {
        true => Ok(bundle),
        false => Err(Failure::all(problems.iter().map(|problem| at(problem)))),
    }
}

/// Makes all but the key that takes seconds, with another in its place: enough to try the configs with.
pub(crate) fn draft(contract: Contract, now: Timestamp) -> Result<Bundle, Failure> {
    let mut bundle = secrets::generate_with(Secret::new(String::new()), contract, now, &SystemIds)?;
    bundle.certificates.service_account = bundle.certificates.kubernetes.key.clone();
    Ok(bundle)
}

/// Makes the key that the draft lacks, and says how long that took.
pub(crate) fn complete(draft: &mut Bundle) -> Result<Duration, Failure> {
    let start = Instant::now();
    draft.certificates.service_account = secrets::service_account_key(&SystemIds)?;
    Ok(start.elapsed())
}
