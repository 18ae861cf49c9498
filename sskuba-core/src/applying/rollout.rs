//! Kinds whose updates are few at once: which gate they share, and that they stop where one fails.

use super::dispatcher::Run;
use crate::plan::{Action, Step};
use crate::provider::{Class, Failure};
use crate::schema::Schema;

/// Returns the name of the gate of a step's kind, and how many it lets through at once.
pub(super) fn gate_of(schema: Option<&Schema>, step: &Step) -> (String, Option<usize>) {
    let kind = step.address.kind_str();
    match schema.and_then(|schema| schema.parallel_updates).filter(|_| step.action == Action::Update) {
        Some(most) => (format!("updates of {kind}"), Some(most)),
        None => (kind.to_owned(), schema.and_then(|schema| schema.parallel)),
    }
}

impl Run<'_> {
    /// Refuses an update of such a kind after another one of it failed in this run, though the run goes on elsewhere.
    pub(super) fn stopped_rollout(&self, schema: Option<&Schema>, step: &Step) -> Option<Failure> {
        schema?.parallel_updates.filter(|_| step.action == Action::Update)?;
        let kind = step.address.kind_str();
        let first = self
            .failures
            .iter()
            .find(|failed| failed.action == Action::Update && failed.address.kind_str() == kind)?;
        let message = format!("not begun, because the update of {} failed", first.address);
        Some(Failure::new(Class::Conflict, message))
    }
}
