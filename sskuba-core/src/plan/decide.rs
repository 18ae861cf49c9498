//! Decides what is to be done to one recorded resource. Pure: the planner asks it with what is known then, and
//! the executor asks it again when the rest is.

use super::action::{Action, FieldChange, Reason};
use super::diff::{Difference, changes, drifts, secrecy_changes, with_ignored};
use crate::lifecycle::Lifecycle;
use crate::schema::{Field, Schema};
use crate::state::{Record, Status};
use crate::value::Map;

/// Why a resource is replaced though its inputs would not ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Force {
    /// The reason.
    pub reason: Reason,
    /// False if that only may happen.
    pub certain: bool,
}

/// What is to be done, at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// `Same`, `Update` or `Replace`: the widest that can follow.
    pub action: Action,
    /// Whether just this follows.
    pub certain: bool,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The fields that differ, or may.
    pub changes: Vec<FieldChange>,
    /// The inputs that are to be sent.
    pub inputs: Map,
}

/// Decides.
pub fn decide(
    record: &Record,
    schema: &Schema,
    lifecycle: &Lifecycle,
    wanted: Map,
    force: Option<&Force>,
) -> Decision {
    let record = &*record.migrated(schema);
    let inputs = with_ignored(wanted, &record.applied, &lifecycle.ignore_changes);
    let replaces = |field: &Field| {
        let asked = lifecycle.replace_on_changes.iter().any(|name| name == field.name);
        field.force_new || asked || schema.is_place(field)
    };
    let mut decision = Decision {
        action: Action::Same,
        certain: true,
        reasons: vec![],
        changes: vec![],
        inputs: Map::new(),
    };
    for (change, difference) in changes(schema, &record.applied, &inputs, replaces) {
        let (field, replaces) = (change.field.clone(), change.replaces);
        let certain = difference == Difference::Changed;
        let reason =
            if certain { Reason::Changed { field, replaces } } else { Reason::Unknown { field, replaces } };
        decision.add(if replaces { Action::Replace } else { Action::Update }, certain, reason);
        decision.changes.push(change);
    }
    let ignored = |field: &Field| lifecycle.ignore_changes.iter().any(|name| name == field.name);
    drift(&mut decision, record, schema, &inputs, (replaces, ignored));
    if record.status == Status::Partial {
        // What cannot be changed cannot be completed either.
        let fixed = schema.inputs().all(replaces);
        decision.add(if fixed { Action::Replace } else { Action::Update }, true, Reason::Incomplete);
    }
    if record.status == Status::Failed {
        let why = record.failure.clone().unwrap_or_else(|| "it did not say why".to_owned());
        decision.add(Action::Replace, true, Reason::Failed { why });
    }
    if record.version < schema.version {
        let reason = Reason::NewVersion { from: record.version, to: schema.version };
        decision.add(Action::Update, true, reason);
    }
    for (field, secret) in secrecy_changes(&record.applied, &inputs) {
        if !decision.changes.iter().any(|change| change.field == field) {
            decision.reasons.push(Reason::Secrecy { field, secret });
        }
    }
    if let Some(force) = force {
        decision.add(Action::Replace, force.certain, force.reason.clone());
    }
    decision.inputs = inputs;
    decision
}

/// Adds the fields whose reported value is neither what was sent nor what is wanted; those that the user ignores
/// are whatever they became.
fn drift(
    decision: &mut Decision,
    record: &Record,
    schema: &Schema,
    inputs: &Map,
    (replaces, ignored): (impl Fn(&Field) -> bool, impl Fn(&Field) -> bool),
) {
    for field in schema.inputs().filter(|field| !ignored(field)) {
        let (sent, seen) = (record.applied.get(field.name), record.observed.get(field.name));
        let Some(wanted) = inputs.get(field.name) else { continue };
        let known = !decision.changes.iter().any(|change| change.field == field.name);
        if known && !wanted.has_unknown() && drifts(field, sent, seen) {
            let (name, replaces) = (field.name.to_owned(), replaces(field));
            let action = if replaces { Action::Replace } else { Action::Update };
            decision.add(action, true, Reason::Drifted { field: name.clone(), replaces });
            let (from, to) = (seen.cloned(), Some(wanted.clone()));
            decision.changes.push(FieldChange { field: name, from, to, replaces });
        }
    }
}

impl Decision {
    /// Tells whether what is secret in the record changes, whatever else does.
    pub fn reseals(&self) -> bool {
        self.reasons.iter().any(|reason| matches!(reason, Reason::Secrecy { .. }))
    }

    /// Widens the decision; the widest certain action stays certain even if a wider one is only possible.
    fn add(&mut self, action: Action, certain: bool, reason: Reason) {
        self.reasons.push(reason);
        match action.cmp(&self.action) {
            std::cmp::Ordering::Greater => {
                self.action = action;
                self.certain = certain;
            }
            std::cmp::Ordering::Equal => self.certain |= certain,
            std::cmp::Ordering::Less => {}
        }
    }
}
