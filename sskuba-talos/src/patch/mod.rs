//! Patches of machine configs, with Talos's own rules of merging.
//!
//! A strategic patch is made of documents as a config is: it says what is to be otherwise. Lists are appended to and
//! mappings are merged, but for what Talos treats in its own way (ranges of pods and services are replaced, network
//! interfaces are found by name or selector, VLANs by number, admission plugins by name, …). `$patch: delete` removes a
//! document, a key, or an item of a list. A JSON patch (RFC 6902) changes configs of a single document only.
//!
//! ```
//! use sskuba_talos::config::MachineConfig;
//! use sskuba_talos::patch::{self, Patch};
//!
//! let config = MachineConfig::parse("machine: {type: worker, sysctls: {a: '1'}}").unwrap();
//! let patch = Patch::parse("machine:\n  sysctls:\n    b: '2'\n").unwrap();
//! let patched = patch::apply(&config, &[patch]).unwrap();
//! let sysctls = patched.documents[0].at(&["machine", "sysctls"]).unwrap();
//! assert_eq!(sysctls.as_map().unwrap().len(), 2);
//! ```

mod delete;
mod json;
mod merge;
mod strategic;

use std::fmt;

use crate::config::MachineConfig;
use crate::problem::Problem;
use crate::yaml::{self, Node};

/// A change of a machine config. `Debug` shows keys and no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Strategic(Vec<strategic::Step>),
    Json(Vec<json::Operation>),
}

/// All that is wrong with a patch, or with applying it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PatchErrors {
    /// Each by itself; there is at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for PatchErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        write!(f, "the patch cannot be applied: {}", problems.join("; "))
    }
}

impl PatchErrors {
    fn one(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { problems: vec![Problem::new(path, what)] }
    }
}

impl Patch {
    /// Reads a patch: a list is a JSON patch, anything else is a strategic one.
    ///
    /// # Errors
    /// If it is not YAML, has keys or kinds that Talos does not know, or deletes what cannot be deleted so.
    pub fn parse(text: &str) -> Result<Self, PatchErrors> {
        let documents = yaml::read(text).map_err(|error| PatchErrors::one("", error.to_string()))?;
        match documents.as_slice() {
            [] => Err(PatchErrors::one("", "the patch is empty")),
            [Node::Seq(operations)] => json::parse(operations).map(|operations| Self(Form::Json(operations))),
            _ => strategic::parse(documents).map(|steps| Self(Form::Strategic(steps))),
        }
    }

    /// Returns whether it is a JSON patch.
    pub const fn is_json(&self) -> bool {
        matches!(self.0, Form::Json(_))
    }
}

/// Applies patches in their order.
///
/// # Errors
/// If a JSON patch meets several documents, a test of it fails, a path is not there, or values of other types meet.
pub fn apply(config: &MachineConfig, patches: &[Patch]) -> Result<MachineConfig, PatchErrors> {
    let mut documents = config.documents.clone();
    for patch in patches {
        match &patch.0 {
            Form::Strategic(steps) => strategic::apply(&mut documents, steps)?,
            Form::Json(operations) => json::apply(&mut documents, operations)?,
        }
    }
    Ok(MachineConfig::new(documents))
}
