//! What can be wrong with a bundle, and with making something from it.

use std::fmt;

use crate::pki::PkiError;

/// One thing that is wrong. It names the place and quotes nothing of what is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where, as a path of keys, e.g. `certs.os.key`.
    pub path: String,
    /// What, why, and what to do.
    pub message: String,
}

impl Problem {
    /// Makes a problem.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} {}", self.path, self.message)
        }
    }
}

/// A text that is no bundle of secrets, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleError {
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for BundleError {}

/// Why a key, a certificate or a file of credentials could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {reason}")]
pub struct MakeError {
    /// What, as the subject of the sentence that the reason goes on with, e.g. `certs.os.key`.
    what: String,
    reason: Reason,
}

/// The reason, which is no part of the interface.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error(transparent)]
    Pki(PkiError),
    #[error("{0}")]
    Other(String),
}

impl MakeError {
    /// Says what the keys and certificates of `what` lack.
    pub(crate) fn pki(what: impl Into<String>) -> impl FnOnce(PkiError) -> Self {
        move |error| Self { what: what.into(), reason: Reason::Pki(error) }
    }

    /// Says something else of `what`.
    pub(crate) fn other(what: impl Into<String>, message: impl Into<String>) -> Self {
        Self { what: what.into(), reason: Reason::Other(message.into()) }
    }
}
