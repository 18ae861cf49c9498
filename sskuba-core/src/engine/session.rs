//! A session: a stack that this program holds the lease of.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::build::Engine;
use super::error::{EditError, EngineError, Undertaking};
use super::open::{REAL, SIMULATED, WORLD, check_world, digester};
use super::planned::make_plan;
use crate::address::{Address, StackId};
use crate::applying::{ApplyOptions, Report, apply};
use crate::calling::Tools;
use crate::digest::Digester;
use crate::event::{Event, Events};
use crate::journal::{Journal, JournalError};
use crate::plan::{Plan, PlanFile};
use crate::planning::PlanOptions;
use crate::recovering::recover_all;
use crate::refresh::{RefreshReport, Refreshed, refresh};
use crate::stack::Program;
use crate::state::{Entry, RunResult, State, from_text};

/// A stack that is open for writing.
#[derive(Debug)]
pub struct Session {
    pub(super) engine: Engine,
    pub(super) stack: StackId,
    pub(super) journal: Journal,
    pub(super) tools: Tools,
    pub(super) keepalive: Option<JoinHandle<()>>,
    /// Whether the recorded objects are simulated ones.
    pub(super) simulated: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(task) = &self.keepalive {
            task.abort();
        }
    }
}

impl Session {
    /// Returns the stack.
    pub fn stack(&self) -> &StackId {
        &self.stack
    }

    /// Returns what is recorded.
    pub fn state(&self) -> &State {
        self.journal.state()
    }

    /// Returns the digester of a saved plan, whose file may have a sealed key of its own.
    ///
    /// # Errors
    /// If that key cannot be opened.
    pub async fn digester(&self, file: &PlanFile) -> Result<Digester, EngineError> {
        let Some(text) = &file.key else { return Ok(digester(self.journal.codec())) };
        let sealed = from_text(text).map_err(EngineError::PlanKey)?;
        let key = self.engine.keyring.open(&sealed).await;
        key.map(|key| key.digester())
            .map_err(|source| EngineError::Keyring { stack: self.stack.clone(), source })
    }

    pub(super) fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn wrap(&self, error: JournalError) -> EngineError {
        EngineError::journal(&self.stack, error)
    }

    /// Resolves what an earlier run left open; returns how much that was. Comes before every plan.
    ///
    /// # Errors
    /// If something cannot be resolved now; what could be is durable.
    pub async fn recover(&mut self, events: &Events) -> Result<usize, EngineError> {
        self.same_world()?;
        let pending = self.state().pending().count();
        events.emit(Event::Opened { stack: self.stack.clone(), revision: self.state().revision(), pending });
        self.engine.learn_recorded(self.state()).await?;
        if pending == 0 {
            return Ok(0);
        }
        self.places_of_pending().await?;
        let unresolved = recover_all(&mut self.journal, &self.stack, &self.tools, events).await;
        let unresolved = unresolved.map_err(|error| EngineError::journal(&self.stack, error))?;
        if unresolved.is_empty() { Ok(pending) } else { Err(EngineError::Unresolved(unresolved)) }
    }

    pub(super) fn same_world(&self) -> Result<(), EngineError> {
        check_world(&self.engine, &self.stack, self.state(), self.simulated)
    }

    pub(super) fn interrupted(&self, address: &Address, what: Undertaking) -> EngineError {
        EngineError::Interrupted { stack: self.stack.clone(), address: address.clone(), what }
    }

    fn nothing_open(&self) -> Result<(), EngineError> {
        self.same_world()?;
        match self.state().pending().next() {
            None => Ok(()),
            Some(intent) => Err(self.interrupted(&intent.address, Undertaking::Run)),
        }
    }

    /// Plans what a program declares.
    ///
    /// # Errors
    /// All that is wrong with the program, together.
    pub async fn plan(&self, program: &dyn Program, options: &PlanOptions) -> Result<Plan, EngineError> {
        self.nothing_open()?;
        let (state, instances) = (self.state(), &self.tools.instances);
        let plan = make_plan(&self.engine, &self.stack, state, Some(program), options, instances);
        let mut plan = plan.await?;
        // Before anybody is asked whether this is to be done.
        self.engine.preview_places(&plan, state, instances).await?;
        self.engine.ask_what_updates_do(&mut plan, state, instances).await?;
        Ok(plan)
    }

    /// Plans to take the stack down.
    ///
    /// # Errors
    /// If something is protected.
    pub async fn plan_down(&self, options: &PlanOptions) -> Result<Plan, EngineError> {
        self.nothing_open()?;
        let (state, instances) = (self.state(), &self.tools.instances);
        let plan = make_plan(&self.engine, &self.stack, state, None, options, instances).await?;
        self.engine.preview_places(&plan, state, instances).await?;
        Ok(plan)
    }

    /// Carries a plan out. A plan that changes nothing writes nothing.
    ///
    /// # Errors
    /// If the plan is of another stack or revision, or the state can no longer be written. A step that fails is
    /// in the report.
    pub async fn apply(&mut self, plan: &Plan, options: &ApplyOptions) -> Result<Report, EngineError> {
        self.nothing_open()?;
        if plan.stack != self.stack {
            let (planned, open) = (plan.stack.clone(), self.stack.clone());
            return Err(EngineError::OtherStack { planned, open });
        }
        let (planned, current) = (plan.base, self.state().revision());
        if planned != current {
            return Err(EngineError::Stale { stack: self.stack.clone(), planned, current });
        }
        if plan.is_empty() {
            return Ok(self.unchanged(plan, options));
        }
        self.places_of_plan(plan).await?;
        self.set_simulated(self.engine.simulated).await?;
        let report = self.stoppable(plan, options).await;
        let report = report.map_err(|error| EngineError::journal(&self.stack, error))?;
        if !report.abandoned {
            self.journal.fold_if_long().await.map_err(|error| EngineError::journal(&self.stack, error))?;
        }
        Ok(report)
    }

    /// Returns what is cancelled when another program asks this one to stop; see [`Engine::ask_to_stop`].
    ///
    /// # Errors
    /// If the lease is lost.
    pub async fn stop_requests(&self) -> Result<CancellationToken, EngineError> {
        self.engine.store.stop_requests(self.journal.lease()).await.map_err(EngineError::store)
    }

    /// Carries a plan out until another program asks this one to stop, which is the first cancel.
    async fn stoppable(&mut self, plan: &Plan, options: &ApplyOptions) -> Result<Report, JournalError> {
        // A lease that is lost is found by the first append.
        let asked = self.stop_requests().await.unwrap_or_default();
        let cancel = options.cancel.child_token();
        let options = ApplyOptions { cancel: cancel.clone(), ..options.clone() };
        let mut run = std::pin::pin!(apply(&mut self.journal, plan, &self.tools, &options));
        tokio::select! {
            report = &mut run => report,
            () = asked.cancelled() => {
                cancel.cancel();
                run.await
            }
        }
    }

    /// Records which world the stack's objects are in, where that changes.
    pub(super) async fn set_simulated(&mut self, simulated: bool) -> Result<(), EngineError> {
        if self.simulated != simulated {
            let world = if simulated { SIMULATED } else { REAL };
            let lease = self.journal.lease();
            self.engine.store.put_meta(lease, WORLD, world.to_vec()).await.map_err(EngineError::store)?;
            self.simulated = simulated;
        }
        Ok(())
    }

    fn unchanged(&self, plan: &Plan, options: &ApplyOptions) -> Report {
        let (counts, revision) = (plan.counts(), plan.base);
        let result = RunResult::Succeeded;
        options.events.emit(Event::RunEnded { result, changes: counts, revision, duration_ms: 0 });
        Report {
            result,
            counts,
            revision,
            duration: Duration::ZERO,
            failures: Vec::new(),
            exports: self.state().exports().clone(),
            abandoned: false,
        }
    }

    /// Reads what is really there, and records it.
    ///
    /// # Errors
    /// If it is doubtful whether what is not found is gone, which [`Session::look`] leaves to the caller to decide; or
    /// if the state can no longer be written.
    pub async fn refresh(&mut self, events: &Events) -> Result<RefreshReport, EngineError> {
        let found = self.look(events).await?;
        if found.report.doubts.is_empty() {
            self.keep(found).await
        } else {
            Err(EngineError::doubtful(&found.report))
        }
    }

    /// Reads what is really there, and records nothing of it.
    ///
    /// # Errors
    /// If calls of an earlier run are open.
    pub async fn look(&mut self, events: &Events) -> Result<Refreshed, EngineError> {
        self.nothing_open()?;
        self.places_of(|_, _, _| true).await?;
        Ok(refresh(self.state(), &self.stack, &self.tools, events).await)
    }

    /// Records what [`Session::look`] found, doubtful or not. That records of gone objects are removed is an edit, which
    /// can be undone.
    ///
    /// # Errors
    /// If something was changed since, or the state can no longer be written.
    pub async fn keep(&mut self, found: Refreshed) -> Result<RefreshReport, EngineError> {
        let Refreshed { report, observed, forgotten } = found;
        if !forgotten.is_empty() {
            let names: Vec<&str> = report.gone.iter().map(Address::as_str).collect();
            self.edit(format!("forgot what is gone: {}", names.join(", ")), forgotten).await?;
        }
        self.write(observed).await?;
        Ok(report)
    }

    /// Writes entries as one durable change.
    pub(super) async fn write(&mut self, entries: Vec<Entry>) -> Result<(), EngineError> {
        for entry in entries {
            self.journal.stage(entry).map_err(|error| EngineError::journal(&self.stack, error))?;
        }
        self.journal.commit().await.map_err(|error| EngineError::journal(&self.stack, error))
    }

    /// Removes the stack and all that is recorded of it.
    ///
    /// # Errors
    /// If something is still recorded, or the store fails.
    pub async fn remove_stack(self) -> Result<(), EngineError> {
        let recorded = self.state().len();
        if !self.state().is_empty() {
            return Err(EditError::NotEmpty { stack: self.stack.clone(), recorded }.into());
        }
        self.journal.lease_guard().remove_stack().await.map_err(EngineError::store)?;
        self.tools.registry.settled(&self.stack, &|_| true);
        Ok(())
    }

    /// Gives the lease back after an operation, and returns what that answered.
    ///
    /// # Errors
    /// The operation's, before the store's.
    pub async fn end<T>(self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        let closed = self.close().await;
        let value = result?;
        closed.map(|()| value)
    }

    /// Gives the lease back. A session that is dropped without this lets go of the stack, too, as soon as its calls have
    /// ended, but its readers find less prepared, and what it writes at its end is left to the next.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn close(mut self) -> Result<(), EngineError> {
        if let Some(task) = self.keepalive.take() {
            task.abort();
        }
        if self.journal.is_durable() {
            // What is left of a run that was killed just before it could say so itself.
            let state = self.journal.state();
            let settled = |token| state.record(token).is_some() && state.pending_of(token).is_none();
            self.tools.registry.settled(&self.stack, &settled);
        }
        self.journal.release().await.map_err(EngineError::store)
    }
}
