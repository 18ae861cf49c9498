//! The dispatcher: one task that owns the frontier, the gates and the journal. Steps go out as calls, outcomes
//! come back; everything that has to be durable before something else may happen shares one flush.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::Instrument as _;

use super::gate::{Gates, Ticket};
use super::keys::KeyIndex;
use super::perform::perform;
use super::report::{ApplyOptions, FailedStep, Report};
use super::waiting::Waited;
use crate::address::Token;
use crate::calling::{Call, Ended, Tools};
use crate::event::Event;
use crate::graph::{Frontier, NodeId};
use crate::journal::{Journal, JournalError};
use crate::plan::{Action, Plan, Verdict};
use crate::provider::{Class, Failure};
use crate::state::{Counts, Entry, RunResult, StoreError};
use crate::value::Map;

/// A step whose call runs or is about to.
pub(super) struct Running {
    pub(super) action: Action,
    /// Waits hold no place at the gates: they only ask now and then.
    pub(super) ticket: Option<Ticket>,
    /// The generation; lookups have none.
    pub(super) token: Option<Token>,
}

/// What a spawned task came back with.
pub(super) enum Back {
    Ended(Box<Ended>),
    Looked(Result<Map, Failure>),
    /// A throttled step may try again.
    Rested,
    /// A wait ended.
    Waited(Box<Waited>),
}

/// A call that starts when the flush that holds its intent is durable.
pub(super) struct Ready {
    pub(super) step: NodeId,
    pub(super) call: Call,
    pub(super) started: Event,
}

/// A flush under way, and what follows it.
struct Flush {
    written: JoinHandle<Result<u64, StoreError>>,
    ready: Vec<Ready>,
    news: Vec<Event>,
    settled: Vec<Token>,
}

/// A run of a plan.
pub(super) struct Run<'a> {
    pub(super) journal: &'a mut Journal,
    pub(super) plan: &'a Plan,
    pub(super) tools: &'a Tools,
    pub(super) options: &'a ApplyOptions,
    /// When it began.
    pub(super) start: Instant,
    pub(super) frontier: Frontier,
    pub(super) gates: Gates,
    pub(super) lookups: HashMap<NodeId, Map>,
    pub(super) running: HashMap<NodeId, Running>,
    pub(super) tasks: JoinSet<Back>,
    pub(super) task_steps: HashMap<Id, NodeId>,
    /// Calls whose intents are staged.
    pub(super) ready: Vec<Ready>,
    /// Events that are told when what is staged is durable.
    pub(super) news: Vec<Event>,
    /// Generations of calls whose outcomes are staged.
    pub(super) settled: Vec<Token>,
    pub(super) throttled: HashMap<NodeId, u32>,
    pub(super) counts: Counts,
    pub(super) failures: Vec<FailedStep>,
    /// Steps whose replacement nothing forbids.
    pub(super) free: HashSet<NodeId>,
    pub(super) keys: KeyIndex,
    pub(super) stop: Option<RunResult>,
    /// Whether the run stops, and brings to an end what it began first.
    pub(super) finishing: bool,
    pub(super) store_error: Option<StoreError>,
    flush: Option<Flush>,
}

/// Carries a plan out.
///
/// # Errors
/// If the journal can no longer be written. What had been called is resolved by the next run.
pub async fn apply(
    journal: &mut Journal,
    plan: &Plan,
    tools: &Tools,
    options: &ApplyOptions,
) -> Result<Report, JournalError> {
    let start = Instant::now();
    let priority = plan.dag.remaining(|id| plan.step(id).expected.max(1));
    let total = priority.iter().copied().max().unwrap_or(0);
    let dormant = |id: NodeId| plan.step(id).part_of.is_some();
    let mut frontier = Frontier::new(Arc::clone(&plan.dag), priority, dormant);
    for (owner, step) in plan.steps.iter().enumerate() {
        if let Some(delete) = step.delete_step.filter(|_| step.verdict == Verdict::Certain) {
            frontier.expect(delete, NodeId(u32::try_from(owner).unwrap_or(u32::MAX)));
        }
    }
    let mut run = Run {
        start,
        frontier,
        gates: Gates::default(),
        lookups: plan.lookups.clone(),
        running: HashMap::new(),
        tasks: JoinSet::new(),
        task_steps: HashMap::new(),
        ready: Vec::new(),
        news: Vec::new(),
        settled: Vec::new(),
        throttled: HashMap::new(),
        counts: Counts::default(),
        failures: Vec::new(),
        free: HashSet::new(),
        keys: KeyIndex::default(),
        stop: None,
        finishing: false,
        store_error: None,
        flush: None,
        journal,
        plan,
        tools,
        options,
    };
    let id = tools.ids.token();
    run.journal.stage(Entry::RunStarted {
        run: id,
        time: tools.clock.now(),
        who: tools.who.clone(),
        command: tools.command.clone(),
        message: options.message.clone(),
        reads: plan.stacks_read(),
    })?;
    let moved = plan.steps.iter().filter(|step| step.moved_from.is_some());
    let moves: Vec<_> = moved.filter_map(|step| Some((step.prior?, step.address.clone()))).collect();
    if !moves.is_empty() {
        run.journal.stage(Entry::Reassigned { moves })?;
    }
    options.events.emit(Event::RunStarted { steps: plan.steps.len(), expected_ms: total });
    let result = tracing::field::Empty;
    let span = tracing::info_span!("run", stack = %plan.stack, command = %tools.command, run = %id, result);
    async {
        let abandoned = run.drive().await?;
        let report = run.finish(id, abandoned).await?;
        tracing::Span::current().record("result", tracing::field::debug(report.result));
        Ok(report)
    }
    .instrument(span)
    .await
}

impl Run<'_> {
    /// Runs until nothing is left to do; tells whether the run was abandoned.
    async fn drive(&mut self) -> Result<bool, JournalError> {
        let every = self.journal.lease().renew_every.unwrap_or(Duration::from_secs(3600));
        let mut renew = interval(every);
        renew.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renew.tick().await;
        loop {
            self.start_ready()?;
            self.start_flush();
            if self.flush.is_none() && self.tasks.is_empty() {
                // Steps that wait for each other beyond the plan's edges: the provider has the last word.
                if self.goes_on() && self.frontier.expect_nothing() {
                    continue;
                }
                return Ok(false);
            }
            tokio::select! {
                biased;
                () = self.options.abandon.cancelled() => return Ok(true),
                () = self.options.cancel.cancelled(), if self.goes_on() => self.cancel(),
                result = wait(&mut self.flush), if self.flush.is_some() => self.flushed(result),
                Some(back) = self.tasks.join_next_with_id() => {
                    self.back(back)?;
                    while let Some(back) = self.tasks.try_join_next_with_id() {
                        self.back(back)?;
                    }
                }
                _ = renew.tick() => {
                    if let Err(error) = self.journal.lease_guard().renew().await {
                        self.lose_store(error);
                    }
                }
            }
        }
    }

    /// Starts all that may start.
    fn start_ready(&mut self) -> Result<(), JournalError> {
        loop {
            while self.goes_on() && self.running.len() < self.options.parallel.max(1) {
                let Some(step) = self.frontier.pop() else { break };
                self.begin(step)?;
            }
            let admitted = if self.goes_on() { self.gates.admit() } else { Vec::new() };
            if admitted.is_empty() {
                return Ok(());
            }
            admitted.into_iter().for_each(|step| self.frontier.put_back(step));
        }
    }

    /// Starts a flush if there is something to flush and none is under way.
    fn start_flush(&mut self) {
        if self.flush.is_some() || self.store_error.is_some() {
            return;
        }
        if let Some(written) = self.journal.start_flush() {
            let (ready, news) = (std::mem::take(&mut self.ready), std::mem::take(&mut self.news));
            self.flush = Some(Flush { written, ready, news, settled: std::mem::take(&mut self.settled) });
        } else {
            // Nothing to write: what was to be told rests on nothing that is not durable.
            std::mem::take(&mut self.news).into_iter().for_each(|event| self.options.events.emit(event));
        }
    }

    /// A flush ended: calls start, news are told.
    fn flushed(&mut self, result: Result<Result<u64, StoreError>, JoinError>) {
        let Some(Flush { ready, news, settled, .. }) = self.flush.take() else { return };
        let result =
            result.unwrap_or_else(|error| Err(StoreError::Unsupported(format!("the store failed: {error}"))));
        self.journal.flushed(&result);
        match result {
            Err(error) => {
                for Ready { step, .. } in ready {
                    self.release(step, false);
                    self.frontier.put_back(step);
                }
                self.settled.extend(settled);
                self.lose_store(error);
            }
            Ok(_) => {
                self.tell_settled(&settled);
                news.into_iter().for_each(|event| self.options.events.emit(event));
                for Ready { step, call, started } in ready {
                    self.options.events.emit(started);
                    let span = call.span();
                    let work = async move { Back::Ended(Box::new(perform(call).await)) };
                    let handle = self.tasks.spawn(work.instrument(span));
                    self.task_steps.insert(handle.id(), step);
                }
            }
        }
    }

    /// Tells the providers of which calls the outcome is durable. One of unknown effect is open still.
    fn tell_settled(&self, settled: &[Token]) {
        let state = self.journal.state();
        let closed: HashSet<Token> =
            settled.iter().copied().filter(|token| state.pending_of(*token).is_none()).collect();
        if !closed.is_empty() {
            self.tools.registry.settled(&self.plan.stack, &|token| closed.contains(&token));
        }
    }

    /// Nothing new starts once the store is lost; what runs is waited for, and its outcomes are kept for a last try.
    fn lose_store(&mut self, error: StoreError) {
        self.store_error.get_or_insert(error);
        for Ready { step, .. } in std::mem::take(&mut self.ready) {
            self.release(step, false);
            self.frontier.put_back(step);
        }
        self.stop(RunResult::Failed, "the state can no longer be written");
    }

    fn cancel(&mut self) {
        self.options.events.emit(Event::Cancelling { running: self.running.len() });
        self.stop(RunResult::Cancelled, "the run was cancelled");
    }

    /// Takes the slot of a step back; others may try at its gates then.
    pub(super) fn release(&mut self, step: NodeId, throttled: bool) -> Option<Running> {
        let running = self.running.remove(&step)?;
        let slowed = running.ticket.as_ref().and_then(|ticket| self.gates.leave(ticket, throttled));
        if let Some(parallel) = slowed {
            let provider = self.plan.step(step).address.provider().to_owned();
            self.options.events.emit(Event::Throttled { provider, parallel });
        }
        Some(running)
    }

    fn back(&mut self, back: Result<(Id, Back), JoinError>) -> Result<(), JournalError> {
        let (id, back) = match back {
            Ok((id, back)) => (id, back),
            Err(error) => {
                // The provider panicked: what it did is not known.
                let failure = crate::calling::panicked();
                (error.id(), Back::Ended(Box::new(Ended::new(Err(failure), Duration::ZERO, None))))
            }
        };
        let Some(step) = self.task_steps.remove(&id) else { return Ok(()) };
        let looks_up = self.running.get(&step).is_some_and(|running| running.token.is_none());
        match back {
            Back::Ended(ended) if looks_up => {
                let silent = || Failure::new(Class::Terminal, "the lookup ended without an answer");
                self.looked(step, Err(ended.failure.unwrap_or_else(silent)));
                Ok(())
            }
            Back::Ended(ended) if self.running.get(&step).is_some_and(|r| r.action == Action::Wait) => {
                let silent = || Failure::new(Class::Terminal, "the wait ended without an answer");
                self.waited(step, Waited::Failed(ended.failure.unwrap_or_else(silent)))
            }
            Back::Ended(ended) => self.ended(step, *ended),
            Back::Waited(waited) => self.waited(step, *waited),
            Back::Looked(answer) => {
                self.looked(step, answer);
                Ok(())
            }
            Back::Rested => {
                self.frontier.put_back(step);
                if self.stop.is_some() {
                    self.skip_rest("the run stopped");
                }
                Ok(())
            }
        }
    }

    /// Lets a throttled step rest and try again.
    pub(super) fn rest(&mut self, step: NodeId, pause: Duration) {
        let handle = self.tasks.spawn(async move {
            sleep(pause).await;
            Back::Rested
        });
        self.task_steps.insert(handle.id(), step);
    }

    async fn finish(mut self, run: Token, abandoned: bool) -> Result<Report, JournalError> {
        self.count_gone();
        if abandoned {
            self.tasks.abort_all();
            self.counts.skipped += u32::try_from(self.frontier.open()).unwrap_or(u32::MAX);
            return Ok(self.report(RunResult::Cancelled, true));
        }
        let failed = !self.failures.is_empty() || self.counts.failed > 0;
        let result = self.stop.unwrap_or(if failed { RunResult::Failed } else { RunResult::Succeeded });
        self.export()?;
        let (time, counts) = (self.tools.clock.now(), self.counts);
        self.journal.stage(Entry::RunEnded { run, time, result, counts })?;
        let committed = self.journal.commit().await;
        std::mem::take(&mut self.news).into_iter().for_each(|event| self.options.events.emit(event));
        if let Some(error) = self.store_error.take() {
            return Err(error.into());
        }
        committed?;
        self.tell_settled(&self.settled);
        Ok(self.report(result, false))
    }

    fn report(self, result: RunResult, abandoned: bool) -> Report {
        let (revision, duration) = (self.journal.state().revision(), self.start.elapsed());
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.options.events.emit(Event::RunEnded { result, changes: self.counts, revision, duration_ms });
        let exports = self.journal.state().exports().clone();
        let (counts, failures) = (self.counts, self.failures);
        Report { result, counts, revision, duration, failures, exports, abandoned }
    }
}

/// Waits for the flush under way; for ever if there is none.
async fn wait(flush: &mut Option<Flush>) -> Result<Result<u64, StoreError>, JoinError> {
    match flush {
        Some(flush) => (&mut flush.written).await,
        None => std::future::pending().await,
    }
}
