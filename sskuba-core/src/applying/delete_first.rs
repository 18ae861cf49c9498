//! Replacements that delete first stay whole: none begins before everything that it and what goes with it needs is
//! there, and where an old object is gone, the new one is made, whatever else fails.

use std::collections::HashSet;

use super::dispatcher::Run;
use crate::event::Event;
use crate::graph::{Mark, NodeId};
use crate::plan::{Action, Order, Step, Subject, Verdict};
use crate::state::{Record, RunResult, Status};

impl Run<'_> {
    /// Wakes the delete of a step's old generation and those of all that cannot live without it; or lets the step wait
    /// for what these need to be made anew, or skips it if that failed.
    pub(super) fn delete_first(&mut self, id: NodeId, delete: NodeId) {
        let deletes = self.with_it(id, delete);
        let mut open = Vec::new();
        for &delete in &deletes {
            if self.is_lost(delete) {
                return self.give_up(id, delete, delete);
            }
            for dependency in self.plan.dag.dependencies(delete) {
                if self.is_lost(dependency) {
                    return self.give_up(id, delete, dependency);
                }
                let subject = self.plan.step(dependency).subject;
                let declared = matches!(subject, Subject::Declared(_) | Subject::Ready(_));
                let waits = matches!(self.frontier.mark(dependency), Mark::Waiting | Mark::Running);
                if declared && waits && dependency != id {
                    open.push(dependency);
                }
            }
        }
        if !open.is_empty() {
            return self.frontier.hold(id, &open);
        }
        // The step comes back when the old generation is gone; it then finds no record, and creates.
        self.frontier.put_back(id);
        for delete in deletes {
            let lost = self.frontier.activate(delete);
            self.lose(lost, "what has to go before it did not go");
        }
    }

    /// Returns the deletes that a replacement wakes and that are not awake.
    fn with_it(&self, id: NodeId, delete: NodeId) -> Vec<NodeId> {
        let (mut found, mut seen, mut todo) = (Vec::new(), HashSet::new(), vec![(id, delete)]);
        while let Some((id, delete)) = todo.pop() {
            let sleeps = matches!(self.frontier.mark(delete), Mark::Dormant | Mark::Skipped);
            if !sleeps || !seen.insert(delete) {
                continue;
            }
            found.push(delete);
            for &dependant in &self.plan.step(id).cascade {
                todo.extend(self.plan.step(dependant).delete_step.map(|delete| (dependant, delete)));
            }
        }
        found
    }

    fn is_lost(&self, id: NodeId) -> bool {
        matches!(self.frontier.mark(id), Mark::Failed | Mark::Skipped)
    }

    /// Skips a replacement that cannot begin because of something that one of its deletes needs.
    fn give_up(&mut self, id: NodeId, delete: NodeId, lost: NodeId) {
        let because = match self.frontier.mark(lost) {
            Mark::Failed => format!("{} failed", self.plan.step(lost).address),
            _ => format!("what {} needs is not there", self.plan.step(delete).address),
        };
        let skipped = self.frontier.skip(id);
        self.lose(skipped, &because);
    }

    /// Tells what is skipped, but for steps whose old object is gone or about to go: these go on if what they need is
    /// there, be it the old one. Deletes that did not begin yet are no longer wanted.
    pub(super) fn lose(&mut self, lost: Vec<NodeId>, because: &str) {
        for id in lost {
            let step = self.plan.step(id);
            if let Some(delete) = old_one(step) {
                match self.frontier.mark(delete) {
                    Mark::Waiting => drop(self.frontier.skip(delete)),
                    Mark::Running | Mark::Done if self.can_be_made(id) => {
                        self.frontier.revive(id);
                        continue;
                    }
                    _ => {}
                }
            }
            self.skipped(id, because.to_owned());
        }
    }

    fn can_be_made(&self, id: NodeId) -> bool {
        let open = |id: NodeId| matches!(self.frontier.mark(id), Mark::Waiting | Mark::Running);
        let goes_on = self.store_error.is_none() && !self.options.cancel.is_cancelled();
        let state = self.journal.state();
        let usable = |record: &Record| !matches!(record.status, Status::Made | Status::Failed);
        let there = |id: NodeId| {
            let node = self.plan.graph.node(id);
            let waits = self.plan.step(id).ready_step.is_some_and(open);
            open(id) || waits || node.schema.is_lookup() || state.current(&node.address).is_some_and(usable)
        };
        goes_on && self.plan.graph.dag().dependencies(id).all(there)
    }

    /// Tells whether steps may still begin.
    pub(super) fn goes_on(&self) -> bool {
        self.stop.is_none() || self.finishing
    }

    /// Starts nothing new, but for what has to follow what was begun.
    pub(super) fn stop(&mut self, result: RunResult, because: &str) {
        self.stop.get_or_insert(result);
        self.gates.drain().into_iter().for_each(|step| self.frontier.put_back(step));
        self.skip_rest(because);
    }

    pub(super) fn skip_rest(&mut self, because: &str) {
        let keep = self.begun();
        self.finishing = !keep.is_empty();
        for step in self.frontier.skip_rest(&keep) {
            self.skipped(step, because.to_owned());
        }
    }

    /// Returns the steps that have to end though the run stops: those whose old object is gone or about to go, and what
    /// has to be done before. None if the user cancelled or nothing can be written any more.
    fn begun(&self) -> HashSet<NodeId> {
        let mut keep = HashSet::new();
        if self.store_error.is_some() || self.options.cancel.is_cancelled() {
            return keep;
        }
        let mark = |id: NodeId| self.frontier.mark(id);
        let gone = |step: &Step| old_one(step).is_some_and(|d| matches!(mark(d), Mark::Running | Mark::Done));
        let steps = (0_u32..).map(NodeId).zip(&self.plan.steps);
        let mut todo: Vec<NodeId> = steps.filter(|(_, step)| gone(step)).map(|(id, _)| id).collect();
        while let Some(id) = todo.pop() {
            if mark(id) == Mark::Waiting && keep.insert(id) {
                todo.extend(self.plan.dag.dependencies(id));
                let owner = self.plan.step(id).part_of;
                todo.extend(owner.filter(|owner| old_one(self.plan.step(*owner)).is_some()));
            }
        }
        keep
    }

    /// Counts the old objects that are gone though no new ones took their places.
    pub(super) fn count_gone(&mut self) {
        let ended = |id: Option<NodeId>| id.is_some_and(|id| self.frontier.mark(id) == Mark::Done);
        let steps = (0_u32..).map(NodeId).zip(&self.plan.steps);
        let gone = steps.filter(|(id, step)| ended(old_one(step)) && !ended(Some(*id))).count();
        self.counts.delete += u32::try_from(gone).unwrap_or(u32::MAX);
    }

    /// Tells that a step is skipped. The delete of an old generation is not told beside its replacement.
    pub(super) fn skipped(&mut self, id: NodeId, because: String) {
        let step = self.plan.step(id);
        if step.part_of.is_some_and(|owner| self.frontier.mark(owner) != Mark::Done) {
            return;
        }
        // That the old one could not be deleted is what is told of it.
        if old_one(step).is_some_and(|delete| self.frontier.mark(delete) == Mark::Failed) {
            return;
        }
        // So it is of an object that could not be made, and is not waited for.
        if let Subject::Ready(node) = step.subject
            && matches!(self.frontier.mark(node), Mark::Failed | Mark::Skipped)
        {
            return;
        }
        if step.action == Action::Same || step.verdict == Verdict::Excluded {
            self.counts.unchanged += 1;
            return;
        }
        self.counts.skipped += 1;
        self.news.push(Event::Skipped { address: step.address.clone(), action: step.action, because });
    }
}

/// Returns the step that deletes the old generation before the new one is made.
fn old_one(step: &Step) -> Option<NodeId> {
    step.delete_step.filter(|_| step.order == Order::DeleteFirst)
}
