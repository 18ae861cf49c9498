//! Why nothing was written.

use std::fmt;

/// What is wrong, a line each.
#[derive(Debug)]
pub(crate) struct Failure {
    lines: Vec<String>,
}

impl Failure {
    /// Says one thing.
    pub(crate) fn new(line: impl fmt::Display) -> Self {
        Self { lines: vec![line.to_string()] }
    }

    /// Says several; what several configs have in common is said once.
    pub(crate) fn all(lines: impl IntoIterator<Item = String>) -> Self {
        let mut kept: Vec<String> = Vec::new();
        for line in lines {
            if !kept.contains(&line) {
                kept.push(line);
            }
        }
        Self { lines: kept }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines.join("\n"))
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}
