//! Deletes of what does not answer: the run goes past them.

use std::collections::HashSet;

use super::dispatcher::Run;
use crate::graph::NodeId;
use crate::plan::{Action, Step, Subject};
use crate::provider::Class;

impl Run<'_> {
    /// Returns the deletes that go on though this one failed, because its object did not answer and is of a kind that
    /// [may be away](crate::schema::Schema::may_be_away); none if the failure is like any other. Whatever else waits for it
    /// needs that it is gone: what takes its name, and the provider instance that it is deleted with another time.
    pub(super) fn goes_past(&self, id: NodeId, class: &Class) -> Option<HashSet<NodeId>> {
        let step = self.plan.step(id);
        let is_removal = |step: &Step| {
            step.action == Action::Delete && step.part_of.is_none() && step.delete_step.is_none()
        };
        if !is_removal(step) || !class.is_silence() {
            return None;
        }
        let record = self.journal.state().record(step.prior?)?;
        let schema = self.tools.registry.schema(step.address.kind_str()).ok()?;
        if !schema.may_be_away {
            return None;
        }
        let goes_on = |id: &NodeId| {
            let other = self.plan.step(*id);
            is_removal(other)
                && matches!(other.subject, Subject::Recorded(_))
                && record.dependencies.contains(&other.address)
                && record.provider.as_ref() != Some(&other.address)
        };
        Some(self.plan.dag.dependants(id).filter(goes_on).collect())
    }
}
