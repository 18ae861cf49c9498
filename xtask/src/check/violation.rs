//! One broken rule at one place.

use std::fmt;

/// A place where a rule is broken, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Path relative to the root, with `/`.
    pub(crate) file: String,
    /// Line in the file, from 1.
    pub(crate) line: usize,
    /// Name of the rule.
    pub(crate) rule: &'static str,
    /// What is wrong here.
    pub(crate) what: String,
    /// Why the rule exists.
    pub(crate) why: String,
    /// What to do.
    pub(crate) fix: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule, what, why, fix } = self;
        write!(f, "{file}:{line}: {rule}: {what}\n    why: {why}\n    do:  {fix}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_place_rule_reason_and_remedy() {
        let violation = Violation {
            file: "a/b.rs".into(),
            line: 7,
            rule: "size",
            what: "the file has 600 lines".into(),
            why: "it is too much".into(),
            fix: "split it".into(),
        };
        assert_eq!(
            violation.to_string(),
            "a/b.rs:7: size: the file has 600 lines\n    why: it is too much\n    do:  split it"
        );
    }
}
