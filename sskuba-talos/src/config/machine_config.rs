//! A machine config, and what keeps one from being made.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sskuba_core::secret::Secret;

use super::tree::Tree;
use crate::problem::Problem;
use crate::secrets::rotate::Accepted;
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

    /// Has the machine accept authorities besides its own, as a stage of a [rotation](crate::secrets::rotate) wants it.
    #[must_use]
    pub fn accepting(mut self, accepted: &Accepted) -> Self {
        let Some(main) = self.documents.first_mut().and_then(Node::as_map_mut) else { return self };
        for (section, certificates) in [("machine", &accepted.os), ("cluster", &accepted.kubernetes)] {
            let section = main.get_mut(section).and_then(Node::as_map_mut);
            if let Some(section) = section.filter(|_| !certificates.is_empty()) {
                let one = |pem: &String| Tree::default().set("crt", STANDARD.encode(pem)).into();
                section.insert("acceptedCAs".to_owned(), Node::Seq(certificates.iter().map(one).collect()));
            }
        }
        self
    }

    /// Writes the documents as YAML; they hold keys and tokens.
    pub fn to_yaml(&self) -> Secret<String> {
        Secret::new(yaml::write(&self.documents))
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
