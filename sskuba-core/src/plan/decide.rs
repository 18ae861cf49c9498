//! Decides what is to be done to one recorded resource. Pure: the planner asks it with what is known then, and
//! the executor asks it again when the rest is.

use super::action::{Action, FieldChange, Reason};
use super::diff::{Difference, Part, changes, drift, secrecy_changes, with_ignored};
use crate::clock::Timestamp;
use crate::lifecycle::Lifecycle;
use crate::schema::{Differing, Due, Normaliser, Schema, TRIGGERS};
use crate::state::{Record, Status};
use crate::value::{FieldPath, Map, Value, keep_each};

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

/// Decides what is to be done at the moment of which the plan is; see [`Plan::made`](super::Plan::made).
pub fn decide(
    record: &Record,
    schema: &Schema,
    lifecycle: &Lifecycle,
    wanted: Map,
    force: Option<&Force>,
    made: Timestamp,
) -> Decision {
    let record = &*record.migrated(schema);
    let inputs = with_ignored(wanted, &record.applied, &lifecycle.ignore_changes);
    let replaces = |part: &Part| {
        let name = part.path.field();
        let (sent, seen) = (&record.applied, &record.observed);
        schema.replaces(&Differing { field: name, sent, seen, wanted: &inputs })
            || schema.field(name).is_some_and(|field| part.touches(&field.force_new_parts))
            || part.touches(&lifecycle.replace_on_changes)
    };
    let mut decision = Decision {
        action: Action::Same,
        certain: true,
        reasons: vec![],
        changes: vec![],
        inputs: Map::new(),
    };
    let changed = changes(schema, &record.applied, &inputs);
    let drifted = drifted(record, schema, &inputs, lifecycle, &changed);
    for part in changed {
        let (field, replaces) = (part.path.to_string(), replaces(&part));
        let certain = part.difference == Difference::Changed;
        let reason =
            if certain { Reason::Changed { field, replaces } } else { Reason::Unknown { field, replaces } };
        decision.add(if replaces { Action::Replace } else { Action::Update }, certain, reason);
        decision.changes.push(part.into_change(replaces));
    }
    for part in drifted {
        let (field, replaces) = (part.path.to_string(), replaces(&part));
        let action = if replaces { Action::Replace } else { Action::Update };
        decision.add(action, true, Reason::Drifted { field, replaces });
        decision.changes.push(part.into_change(replaces));
    }
    triggers(&mut decision, record.applied.get(TRIGGERS), inputs.get(TRIGGERS));
    of_record(&mut decision, record, schema, lifecycle);
    for (field, secret) in secrecy_changes(&record.applied, &inputs) {
        if !decision.changes.iter().any(|change| change.is_of(&field)) {
            decision.reasons.push(Reason::Secrecy { field, secret });
        }
    }
    if let Some(force) = force {
        decision.add(Action::Replace, force.certain, force.reason.clone());
    }
    // What is made anew needs no renewal.
    let made_anew = decision.action == Action::Replace && decision.certain;
    if let Some(Due { since, expires }) = schema.due(&record.outputs, made).filter(|_| !made_anew) {
        decision.add(Action::Update, true, Reason::Due { since, expires });
    }
    decision.inputs = inputs;
    decision
}

/// Adds what follows from the state in which the last run left the object, and from the version that it was recorded with.
fn of_record(decision: &mut Decision, record: &Record, schema: &Schema, lifecycle: &Lifecycle) {
    if record.status == Status::Partial {
        // What cannot be changed cannot be completed either.
        let fixed = schema.inputs().all(|field| {
            let asked = lifecycle.replace_on_changes.contains(&FieldPath::of(&*field.name));
            field.force_new || asked || schema.is_place(field)
        });
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
}

/// Returns the parts whose reported value is neither what was sent nor what is wanted; those that the user ignores are
/// whatever they became.
fn drifted(
    record: &Record,
    schema: &Schema,
    inputs: &Map,
    lifecycle: &Lifecycle,
    changed: &[Part],
) -> Vec<Part> {
    let mut found = Vec::new();
    for field in schema.inputs().filter(|field| inputs.contains_key(&*field.name)) {
        let (sent, seen) = (record.applied.get(&*field.name), record.observed.get(&*field.name));
        let seen = seen.map(|seen| keep_each(&field.name, seen, sent, &lifecycle.ignore_changes));
        found.extend(drift(field, sent, seen.as_deref()));
    }
    let meets = |a: &Part, b: &Part| a.path.covers(&b.path) || b.path.covers(&a.path);
    found.retain(|part| !changed.iter().any(|other| meets(part, other)));
    found
}

/// Adds what follows from the values that the resource is to be replaced after. Those that are recorded for the first time
/// replace nothing.
fn triggers(decision: &mut Decision, from: Option<&Value>, to: Option<&Value>) {
    let items = |value: Option<&Value>| match value.map(Value::reveal) {
        Some(Value::List(items)) => items.clone(),
        _ => Vec::new(),
    };
    let (from, to) = (items(from), items(to));
    let changed = from.iter().zip(&to).map(|(from, to)| changes_of(from, to));
    match changed.max().unwrap_or(Changes::None) {
        Changes::Certain => decision.add(Action::Replace, true, Reason::Triggered { certain: true }),
        Changes::Possible => decision.add(Action::Replace, false, Reason::Triggered { certain: false }),
        Changes::None if from.len() != to.len() => decision.reasons.push(Reason::TriggersRecorded),
        Changes::None => {}
    }
}

/// Whether a value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Changes {
    None,
    Possible,
    Certain,
}

/// Tells whether a value changes; that a part of it does is certain also where others are not known yet.
fn changes_of(from: &Value, to: &Value) -> Changes {
    match (from.reveal(), to.reveal()) {
        (Value::List(from), Value::List(to)) if from.len() == to.len() => {
            from.iter().zip(to).map(|(from, to)| changes_of(from, to)).max().unwrap_or(Changes::None)
        }
        (_, to) if to.has_unknown() => Changes::Possible,
        (from, to) if Normaliser::Exact.same(from, to) => Changes::None,
        _ => Changes::Certain,
    }
}

impl Decision {
    /// Tells whether only the record changes: what is secret in it, or the values after which the resource is replaced.
    pub fn reseals(&self) -> bool {
        self.reasons.iter().any(Reason::is_of_record)
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
