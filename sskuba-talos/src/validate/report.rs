//! What came out.

use std::collections::HashSet;

use super::field::Field;
use crate::problem::Problem;

/// What is wrong with a config. None of it quotes a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Report {
    /// Why it must not be sent.
    pub errors: Vec<Problem>,
    /// What should be looked at.
    pub warnings: Vec<Problem>,
}

impl Report {
    /// Returns whether it may be sent.
    pub const fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    pub(super) fn error(&mut self, field: &Field<'_>, what: impl Into<String>) {
        self.errors.push(Problem::new(field.path(), what));
    }

    pub(super) fn warn(&mut self, field: &Field<'_>, what: impl Into<String>) {
        self.warnings.push(Problem::new(field.path(), what));
    }

    /// Keeps the first of what is said of a field: the form of a value is judged before its meaning.
    pub(super) fn settle(&mut self) {
        for problems in [&mut self.errors, &mut self.warnings] {
            let mut seen = HashSet::new();
            problems.retain(|problem| problem.path.is_empty() || seen.insert(problem.path.clone()));
        }
    }
}
