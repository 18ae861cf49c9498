//! What happens to names that two files both have.

use std::fmt;

/// What to do with an entry whose name is taken by another. Entries that are equal are no conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// The one that comes gets a number: `name-1`.
    #[default]
    Rename,
    /// The one that comes takes the place of the other.
    Replace,
}

/// An entry that got another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renamed {
    /// What it was called.
    pub from: String,
    /// What it is called.
    pub to: String,
}

impl fmt::Display for Renamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is now {}", self.from, self.to)
    }
}

/// Returns the first of `name-1`, `name-2`, … that is not taken.
pub(super) fn free(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut number = 1_u64;
    loop {
        let candidate = format!("{name}-{number}");
        if !taken(&candidate) {
            return candidate;
        }
        number += 1;
    }
}
