//! From an input to documents.

use super::contract;
use super::document::Facts;
use super::input::Input;
use super::machine_config::{ConfigErrors, MachineConfig};
use super::role::Role;
use crate::problem::Problem;
use crate::secrets::Bundle;
use crate::validate::{Mode, Target, validate};

/// Makes the config of a machine.
///
/// It is checked as far as that is possible without knowing where the machine runs and what time it is; before it is
/// sent to one, [`validate`] it for that.
///
/// # Errors
/// If the input, or the bundle, would make a config that no machine should get; all problems are listed.
pub fn generate(input: &Input, role: &Role, bundle: &Bundle) -> Result<MachineConfig, ConfigErrors> {
    let config = MachineConfig::new(contract::documents(&Facts::new(input, role, bundle)));
    let config = config.accepting(&bundle.accepted);
    let mut problems = own(input);
    // A cloud's image is installed already, so nothing is asked of the disk; Kubernetes' version is for later too.
    let target = Target::new(Mode::Cloud, input.contract).with_any_kubernetes();
    problems.extend(validate(&config.documents, &target).errors);
    if problems.is_empty() { Ok(config) } else { Err(ConfigErrors { problems }) }
}

/// Finds what cannot be seen in the config any more.
fn own(input: &Input) -> Vec<Problem> {
    let mut problems = Vec::new();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
    let version = input.kubernetes.split(['-', '+']).next().unwrap_or_default();
    if !input.kubernetes.is_empty() && (version.split('.').count() != 3 || !version.split('.').all(digits)) {
        problems.push(Problem::new("kubernetes", "must be a whole version without `v`, e.g. 1.36.3"));
    }
    let parts = [
        ("apiServer", &input.api_server),
        ("controllerManager", &input.controller_manager),
        ("scheduler", &input.scheduler),
    ];
    for (name, part) in parts {
        if part.disabled {
            problems.push(Problem::new(format!("{name}.disabled"), "only the proxy can be left out"));
        }
        if name != "apiServer" && !part.certificate_sans.is_empty() {
            let what = "only the API server has a certificate with names of yours";
            problems.push(Problem::new(format!("{name}.certificateSans"), what));
        }
    }
    problems
}
