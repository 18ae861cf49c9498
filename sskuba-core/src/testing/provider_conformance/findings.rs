//! What the suite found: what breaks the contract, and what was not tried.

use std::fmt;

/// A part of the suite that was not tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotTried {
    /// The part, e.g. `lost answers`.
    pub part: &'static str,
    /// Why not, and what it takes.
    pub why: String,
}

impl fmt::Display for NotTried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part, self.why)
    }
}

/// What the suite found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What breaks the contract.
    pub breaches: Vec<String>,
    /// The parts that were not tried.
    pub not_tried: Vec<NotTried>,
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for breach in &self.breaches {
            writeln!(f, "- {}", breach.replace('\n', "\n  "))?;
        }
        for part in &self.not_tried {
            writeln!(f, "- not tried: {part}")?;
        }
        Ok(())
    }
}
