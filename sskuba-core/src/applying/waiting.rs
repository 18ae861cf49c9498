//! Waiting until an object that exists can be used. Changes nothing, so it has no intent: after a crash the next run goes
//! on waiting.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::dispatcher::{Back, Run, Running};
use super::perform::NOT_THERE;
use crate::calling::{Configured, bound, hidden, prior_of, within};
use crate::event::Event;
use crate::graph::NodeId;
use crate::journal::JournalError;
use crate::plan::{Action, Step};
use crate::provider::{Class, Cx, Failure, Object, Prior, Readiness};
use crate::schema::Schema;
use crate::state::{Entry, Status, Verb};

/// The longest and the shortest pause between two questions.
const LONGEST: Duration = Duration::from_secs(5);
const SHORTEST: Duration = Duration::from_millis(20);

/// How many times shorter the pause before the first question is than those that follow.
const FIRST: u32 = 10;

/// How one wait ended.
#[derive(Debug)]
pub(super) enum Waited {
    /// The object can be used; after how long.
    Ready(Object, Duration),
    /// Its service gave it up.
    GivenUp(String),
    /// It could not be told; the next run goes on.
    Failed(Failure),
    /// The run was cancelled.
    Cancelled,
}

/// Makes the failure of a step whose object can never be used.
pub(super) fn gave_up(why: &str) -> Failure {
    Failure::new(Class::Terminal, format!("its service gave it up: {why}")).hint("the next run replaces it")
}

/// One wait.
struct Wait {
    cx: Cx,
    instance: Configured,
    schema: Arc<Schema>,
    prior: Prior,
    hidden: Duration,
    /// When the run began.
    run: Instant,
    cancel: CancellationToken,
}

/// Makes a pause a little longer, so that it ends at a multiple of `grid` since the run began: all waits for a kind ask in
/// the same moments, and a provider that can ask for many makes one question of theirs.
fn aligned(since: Duration, pause: Duration, grid: Duration) -> Duration {
    let grid = grid.as_nanos().max(1);
    let over = (since + pause).as_nanos() % grid;
    let more = if over == 0 { 0 } else { grid - over };
    pause + Duration::from_nanos(u64::try_from(more).unwrap_or(0))
}

impl Wait {
    /// Asks until there is an answer.
    async fn until_ready(self) -> Waited {
        let start = Instant::now();
        // Asked often enough that little time is lost, and no more often than the wait is long.
        let coarse = (self.schema.expected.create / 100).clamp(SHORTEST, LONGEST);
        sleep(aligned(self.run.elapsed(), Duration::ZERO, coarse / FIRST)).await;
        loop {
            let asked = async { self.instance.get().await?.ready(&self.cx, &self.prior).await };
            let answer = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Waited::Cancelled,
                answer = within(self.cx.timeout, asked) => answer,
            };
            let again = match answer {
                Ok(Readiness::Ready(object)) => return Waited::Ready(object, start.elapsed()),
                Ok(Readiness::Failed(why)) => return Waited::GivenUp(why),
                Ok(Readiness::Pending(again)) => again,
                // What was made a moment ago may not be seen yet.
                Err(failure) if failure.class == Class::NotFound && start.elapsed() < self.hidden => None,
                Err(failure) if failure.class == Class::NotFound => {
                    return Waited::GivenUp(NOT_THERE.to_owned());
                }
                Err(failure) if failure.class.is_passing() => failure.retry_after,
                Err(failure) => return Waited::Failed(failure),
            };
            if start.elapsed() > self.cx.timeout {
                let bound = humantime::format_duration(self.cx.timeout);
                let failure = Failure::new(Class::Timeout, format!("it cannot be used yet after {bound}"));
                let hint = "run again to go on waiting, or raise the bound with `.timeout(…)`";
                return Waited::Failed(failure.hint(hint));
            }
            let pause = again.unwrap_or_else(|| {
                let pause = (start.elapsed() / 20).clamp(coarse, LONGEST);
                aligned(self.run.elapsed(), pause, coarse)
            });
            tokio::select! {
                () = self.cancel.cancelled() => return Waited::Cancelled,
                () = sleep(pause.max(Duration::from_millis(1))) => {}
            }
        }
    }
}

impl Run<'_> {
    /// Begins to wait for an object, if that has to be.
    pub(super) fn wait_for(&mut self, id: NodeId, step: &Step, node: NodeId) {
        let node = self.plan.graph.node(node);
        let state = self.journal.state();
        let record = state.current(&node.address).filter(|record| record.status == Status::Made);
        let Some(record) = record else { return self.frontier.complete(id) };
        let used = (record.provider.as_ref(), record.instance);
        let kind = node.address.kind_str();
        let instance = match self.tools.instances.of(&self.tools.registry, state, kind, used) {
            Ok(instance) => instance,
            Err(failure) => return self.fail(id, Action::Wait, failure),
        };
        let timeout = bound(node.lifecycle.timeouts.create, &node.schema.expected, Verb::Create);
        let wait = Wait {
            cx: Cx::new(self.plan.stack.clone(), node.address.clone(), record.token, timeout),
            instance,
            schema: Arc::clone(&node.schema),
            prior: prior_of(record, Some(&node.schema)),
            hidden: hidden(Some(&node.schema), Some(record), self.tools.clock.now()),
            run: self.start,
            cancel: self.options.cancel.clone(),
        };
        let token = record.token;
        let (address, expected_ms) = (step.address.clone(), step.expected);
        self.options.events.emit(Event::Started { address, action: Action::Wait, expected_ms });
        self.running.insert(id, Running { action: Action::Wait, ticket: None, token: Some(token) });
        let (address, token) = (&wait.cx.address, &wait.cx.token);
        let span = tracing::info_span!("wait", %address, kind = address.kind_str(), %token);
        let work = async move { Back::Waited(Box::new(wait.until_ready().await)) };
        let handle = self.tasks.spawn(work.instrument(span));
        self.task_steps.insert(handle.id(), id);
    }

    /// Takes the end of a wait.
    pub(super) fn waited(&mut self, id: NodeId, waited: Waited) -> Result<(), JournalError> {
        let Some(Running { token: Some(token), .. }) = self.running.remove(&id) else { return Ok(()) };
        let address = self.plan.step(id).address.clone();
        match waited {
            Waited::Ready(object, took) => {
                let schema = self.tools.registry.schema(address.kind_str()).ok();
                let Object { id: shown, inputs: observed, outputs } = object.sealed(schema.as_deref());
                let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                self.journal.stage(Entry::Ready { token, observed, outputs, took })?;
                self.news.push(Event::Finished { address, action: Action::Wait, id: shown, took_ms: took });
                self.frontier.complete(id);
            }
            Waited::GivenUp(why) => {
                let failure = gave_up(&why);
                self.journal.stage(Entry::GivenUp { token, why })?;
                self.fail(id, Action::Wait, failure);
            }
            Waited::Failed(failure) => self.fail(id, Action::Wait, failure),
            Waited::Cancelled => {
                for step in self.frontier.fail(id) {
                    self.skipped(step, "the run was cancelled".to_owned());
                }
                self.counts.skipped += 1;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_that_began_at_different_times_ask_in_the_same_moments() {
        let millis = Duration::from_millis;
        let ends = |since, pause| millis(since) + aligned(millis(since), millis(pause), millis(100));
        assert_eq!([ends(3, 100), ends(57, 100), ends(99, 101)], [millis(200); 3]);
        assert_eq!((ends(100, 100), ends(101, 100)), (millis(200), millis(300)));
        assert_eq!(aligned(millis(7), Duration::ZERO, Duration::ZERO), Duration::ZERO);
    }
}
