//! A machine config, and what keeps one from being made.

use std::fmt;

use sskuba_core::secret::Secret;

use crate::problem::Problem;
use crate::yaml::{self, Node, YamlError};

/// The documents that make a machine what it is. `Debug` shows their keys and no value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MachineConfig {
    /// The documents, the one of machine and cluster first.
    pub documents: Vec<Node>,
}

impl MachineConfig {
    /// Takes documents as they are; [`validate`](crate::validate::validate) says whether Talos would.
    pub const fn new(documents: Vec<Node>) -> Self {
        Self { documents }
    }

    /// Reads documents from YAML.
    ///
    /// # Errors
    /// If it is not YAML.
    pub fn parse(text: &str) -> Result<Self, YamlError> {
        yaml::read(text).map(Self::new)
    }

    /// Writes the documents as YAML; they hold keys and tokens.
    pub fn to_yaml(&self) -> Secret<String> {
        // Only numbers that are not finite cannot be written, and no config has any.
        Secret::new(yaml::write(&self.documents).unwrap_or_default())
    }
}

/// All that is wrong with an input, or with the config that it would become.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    /// Each by itself; there is at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        write!(f, "the machine config cannot be used: {}", problems.join("; "))
    }
}
