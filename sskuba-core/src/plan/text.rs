//! A plan as a text: the same for the same plan, with secrets masked; for tests, logs and the output of `{:?}`.

use std::fmt;

use super::action::{Action, FieldChange};
use super::steps::{Plan, Step, Verdict};
use crate::value::Value;

/// Shows a value that may not be there.
struct Shown<'a>(Option<&'a Value>);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("(none)"),
        }
    }
}

/// What was changed, without the names of the struct's own fields.
struct Difference<'a>(&'a FieldChange);

impl fmt::Debug for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FieldChange { field, from, to, replaces } = self.0;
        let forces = if *replaces { " (replaces)" } else { "" };
        write!(f, "{field}: {:?} -> {:?}{forces}", Shown(from.as_ref()), Shown(to.as_ref()))
    }
}

/// Says what is done to which resource, why, and what differs; what is as usual is left out.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Step");
        shown.field("address", &format_args!("{}", self.address)).field("action", &self.action);
        if self.verdict != Verdict::Certain {
            shown.field("verdict", &self.verdict);
        }
        if !self.reasons.is_empty() {
            shown.field("reasons", &self.reasons);
        }
        if !self.changes.is_empty() {
            let changes: Vec<_> = self.changes.iter().map(Difference).collect();
            shown.field("changes", &changes);
        }
        shown.field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

impl Step {
    /// Tells whether the step is one that people see: it does something, and is no part of another one.
    pub fn is_shown(&self) -> bool {
        let does = !matches!(self.action, Action::Same | Action::Wait) || self.moved_from.is_some();
        does && self.part_of.is_none()
    }
}

/// Shows the step in a line, and below it why and with which values.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let may = match self.verdict {
            Verdict::Certain => "",
            Verdict::Possible => "may ",
            Verdict::Excluded => "excluded: ",
        };
        write!(f, "{} {}  {may}{}", self.action.sign(), self.address, self.action)?;
        if let Some(from) = &self.moved_from {
            write!(f, ", was {from}")?;
        }
        // Why something new is made is plain.
        let plain = self.action == Action::Create || self.action == Action::Read;
        for reason in self.reasons.iter().filter(|_| !plain) {
            write!(f, "\n    because {reason}")?;
        }
        match self.action {
            Action::Create | Action::Read => {
                self.inputs.iter().try_for_each(|(name, value)| write!(f, "\n    {name}: {value:?}"))
            }
            _ => self
                .changes
                .iter()
                .try_for_each(|change| write!(f, "\n    {}", format_args!("{:?}", Difference(change)))),
        }
    }
}

/// Shows the steps that people see, the outputs, and how many there are of each action.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.steps.iter().filter(|step| step.is_shown()) {
            writeln!(f, "{step}")?;
        }
        if !self.exports.is_empty() {
            writeln!(f, "\nOutputs")?;
            for (name, value) in &self.exports {
                writeln!(f, "    {name}: {value:?}")?;
            }
        }
        let counts = self.counts();
        let words = [
            (counts.create, "to create"),
            (counts.update, "to update"),
            (counts.replace, "to replace"),
            (counts.delete, "to delete"),
            (counts.read, "to read"),
            (counts.moved, "to move"),
            (counts.unchanged, "unchanged"),
        ];
        let words: Vec<_> =
            words.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        let words = if words.is_empty() { "nothing to do".to_owned() } else { words.join(", ") };
        writeln!(f, "\nPlan: {words}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::action::Reason;
    use super::super::steps::Subject;
    use super::*;
    use crate::graph::NodeId;

    #[test]
    fn a_step_is_shown_with_reasons_and_values_and_no_secret() {
        let address = "net/aws:ec2:Subnet::a".parse().unwrap();
        let mut step = Step::new(Subject::Declared(NodeId(0)), address);
        step.action = Action::Replace;
        step.reasons = vec![Reason::Changed { field: "cidr".into(), replaces: true }];
        let (from, to) = (Some(Value::from("a")), Some(Value::from("canary").into_secret()));
        step.changes = vec![FieldChange { field: "cidr".into(), from, to, replaces: true }];
        step.inputs.insert("cidr".into(), Value::from("canary").into_secret());
        let text = "± net/aws:ec2:Subnet::a  replace\n    because `cidr` changes, which forces a replacement\n    \
                    cidr: \"a\" -> (secret) (replaces)";
        assert_eq!(step.to_string(), text);
        let debug = "Step { address: net/aws:ec2:Subnet::a, action: Replace, reasons: [Changed { field: \"cidr\", \
                     replaces: true }], changes: [cidr: \"a\" -> (secret) (replaces)], inputs: {\"cidr\": (secret)}, .. }";
        assert_eq!(format!("{step:?}"), debug);
    }
}
