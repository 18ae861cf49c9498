//! The witness: boto3, which knows nothing of this crate.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use crate::stage::{REGION, Stage};

/// What the witness sees of a stack, by id.
pub(crate) type Seen = BTreeMap<String, Json>;

impl Stage {
    /// Returns every object of the stack that boto3 sees.
    pub(crate) fn seen(&self) -> Seen {
        let python = std::env::var_os("SSKUBA_TEST_PYTHON").unwrap_or_else(|| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/witness.py");
        let mut command = Command::new(python);
        command.arg(script).arg(self.stack.to_string()).env("AWS_DEFAULT_REGION", REGION);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Returns how many objects of each kind boto3 sees.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.seen().values() {
            *counts.entry(seen["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        counts
    }
}
