//! What is wrong with a config, and where.

use std::fmt;

/// What is wrong with a config, and where. It quotes no value that may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path of the field, e.g. `machine.network.interfaces[0].addresses[1]`; that of a document begins with its
    /// kind and name, e.g. `LinkConfig/eth0: addresses[0]`. Empty where it is about the whole.
    pub path: String,
    /// What is wrong, why, and what to do.
    pub what: String,
}

impl Problem {
    /// Says what is wrong with a field.
    pub fn new(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { path: path.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.strip_suffix(": ").unwrap_or(&self.path) {
            "" => f.write_str(&self.what),
            path => write!(f, "{path}: {}", self.what),
        }
    }
}

/// Joins a path and a key.
pub(crate) fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        // The name of a document is set off from the path within.
        _ if path.ends_with(": ") => format!("{path}{key}"),
        _ => format!("{path}.{key}"),
    }
}
