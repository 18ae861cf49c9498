//! How a step ends: its outcome is staged, and what it frees may begin.

use std::time::Duration;

use super::dispatcher::{Run, Running};
use super::waiting::gave_up;
use crate::calling::{Ended, record_place};
use crate::event::Event;
use crate::graph::NodeId;
use crate::journal::JournalError;
use crate::plan::{Action, Order};
use crate::provider::{Class, Failure};
use crate::state::{Entry, Outcome};
use crate::value::Map;

/// How often a throttled step tries again.
const TRIES: u32 = 8;

/// The first rest of a throttled step; each is twice as long as the one before.
const REST: Duration = Duration::from_millis(200);

impl Run<'_> {
    /// Takes the end of a call.
    pub(super) fn ended(&mut self, id: NodeId, ended: Ended) -> Result<(), JournalError> {
        let throttled = ended.failure.as_ref().is_some_and(|failure| failure.class == Class::Throttled);
        let Some(Running { action, token: Some(token), .. }) = self.release(id, throttled) else {
            return Ok(());
        };
        let (outcome, time) = (ended.outcome, self.tools.clock.now());
        let applied = match &outcome {
            Outcome::Applied { took, .. } | Outcome::Made { took, .. } => Some(*took),
            _ => None,
        };
        let not_applied = matches!(outcome, Outcome::NotApplied { .. });
        self.journal.stage(Entry::Outcome { token, outcome, time })?;
        self.settled.push(token);
        if applied.is_some() && self.tools.registry.is_instance(&self.plan.step(id).address) {
            record_place(self.journal, self.tools, &self.plan.step(id).address, token)?;
        }
        if ended.gone {
            let why = "the object was deleted behind the stack's back".to_owned();
            self.journal.stage(Entry::Forgotten { token, why })?;
        }
        let mut failed = ended.failure;
        if let Some(why) = ended.given_up {
            failed = Some(gave_up(&why));
            self.journal.stage(Entry::GivenUp { token, why })?;
        }
        match (applied, failed) {
            (Some(took_ms), _) => {
                let record = self.journal.state().record(token);
                let object = record.map(|record| record.shown_id().into_owned()).unwrap_or_default();
                self.done(id, action, object, took_ms);
            }
            (None, Some(failure)) if throttled && not_applied && self.may_rest(id) => {
                let tries = self.throttled.get(&id).copied().unwrap_or(1);
                self.rest(id, failure.retry_after.unwrap_or(REST * 2_u32.pow(tries)));
            }
            (None, failure) => {
                let failure = failure.unwrap_or_else(|| Failure::new(Class::Terminal, "it ended half way"));
                self.fail(id, action, failure);
            }
        }
        Ok(())
    }

    fn may_rest(&mut self, id: NodeId) -> bool {
        let tries = self.throttled.entry(id).or_default();
        *tries += 1;
        *tries <= TRIES && self.goes_on()
    }

    fn done(&mut self, id: NodeId, action: Action, object: String, took_ms: u64) {
        let step = self.plan.step(id);
        let address = step.address.clone();
        // A create that follows the delete of its old generation is the second half of a replacement.
        match action {
            Action::Create => self.counts.create += 1,
            Action::Update => self.counts.update += 1,
            Action::Replace => self.counts.replace += 1,
            Action::Delete if step.part_of.is_none() => self.counts.delete += 1,
            _ => {}
        }
        self.news.push(Event::Finished { address, action, id: object, took_ms });
        if action == Action::Replace
            && step.order == Order::CreateFirst
            && let Some(delete) = step.delete_step
        {
            let lost = self.frontier.activate(delete);
            self.frontier.complete(id);
            self.lose(lost, "what still uses it was not switched over");
            return;
        }
        self.frontier.complete(id);
    }

    /// Takes the answer of a lookup.
    pub(super) fn looked(&mut self, id: NodeId, answer: Result<Map, Failure>) {
        let throttled = answer.as_ref().is_err_and(|failure| failure.class == Class::Throttled);
        self.release(id, throttled);
        match answer {
            Ok(map) => {
                self.lookups.insert(id, map);
                self.counts.read += 1;
                let address = self.plan.step(id).address.clone();
                self.news.push(Event::Finished {
                    address,
                    action: Action::Read,
                    id: String::new(),
                    took_ms: 0,
                });
                self.frontier.complete(id);
            }
            Err(failure) if throttled && self.may_rest(id) => {
                self.rest(id, failure.retry_after.unwrap_or(REST));
            }
            Err(failure) => self.fail(id, Action::Read, failure),
        }
    }

    /// Records the exported outputs as far as they are known; one that is not keeps its recorded value.
    pub(super) fn export(&mut self) -> Result<(), JournalError> {
        let recorded = self.journal.state().exports();
        let mut exports = Map::new();
        for (name, expr) in self.plan.graph.exports() {
            let value = expr.evaluate(&|node, field| self.field(NodeId(node.index()), field));
            match value {
                Ok(value) if !value.has_unknown() => {
                    exports.insert(name.clone(), value);
                }
                other => {
                    if let Err(why) = other {
                        let message = format!("export `{name}` keeps its recorded value: {why}");
                        self.options.events.emit(Event::Note { message });
                    }
                    exports.extend(recorded.get(name).map(|value| (name.clone(), value.clone())));
                }
            }
        }
        let partial_down = self.plan.down && !self.journal.state().is_empty();
        if exports != *recorded && !partial_down {
            self.journal.stage(Entry::Exports(exports))?;
        }
        Ok(())
    }
}
