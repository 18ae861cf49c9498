//! One run of a stack as a value: `engine.up(…)`, `engine.down(…)` and `engine.apply(…)`, with options, to be awaited.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::build::Engine;
use super::error::EngineError;
use super::session::Session;
use crate::address::StackId;
use crate::applying::{ApplyOptions, Report};
use crate::event::{Event, Events};
use crate::plan::Plan;
use crate::planning::PlanOptions;
use crate::stack::{IntoProgram, Program};

/// A run that is about to begin; await it. `W` is what it carries out: a plan that was made ([`Planned`]), or the plan
/// that it makes itself of a program or of nothing ([`PlanAndApply`]).
///
/// A run may be dropped at any time, or its task aborted: calls that were under way are then cut off, the stack is free at
/// once, and the next run finds out what became of them. [`cancel`](Self::cancel) ends it without that: what runs is
/// waited for, and nothing is left open.
pub struct RunCall<'a, W>(Step<'a, W>);

/// How far a run is.
enum Step<'a, W> {
    Prepared(Prepared<'a, W>),
    Running(Running<'a>),
    Ended,
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<Report, EngineError>> + Send + 'a>>;

/// A run before it begins.
struct Prepared<'a, W> {
    engine: &'a Engine,
    what: W,
    options: ApplyOptions,
    wait: Duration,
    command: &'static str,
}

/// A plan to carry out.
#[derive(Debug)]
pub struct Planned(Plan);

/// What a plan is to be made of.
pub struct PlanAndApply<'a> {
    stack: &'a StackId,
    /// What is declared; nothing to take the stack down.
    program: Option<Box<dyn Program + 'a>>,
    options: PlanOptions,
    recovers: bool,
}

impl<W> fmt::Debug for RunCall<'_, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunCall").finish_non_exhaustive()
    }
}

impl fmt::Debug for PlanAndApply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlanAndApply").field("stack", self.stack).finish_non_exhaustive()
    }
}

impl Engine {
    /// Applies a plan: takes the lease, makes sure that nothing changed since, and carries it out.
    pub fn apply(&self, plan: Plan) -> RunCall<'_, Planned> {
        self.run_call("up", Planned(plan))
    }

    /// Brings a stack to what a program declares: opens, recovers, plans, applies.
    ///
    /// ```
    /// # use sskuba_core::prelude::*;
    /// # async fn up(engine: sskuba_core::engine::Engine) -> Result<(), sskuba_core::engine::EngineError> {
    /// let stack = "local/shop/dev".parse()?;
    /// let cancel = sskuba_core::engine::CancellationToken::new();
    /// let run = engine.up(&stack, |_: &mut Stack| Ok(())).wait(std::time::Duration::from_secs(60));
    /// let report = run.cancel(cancel).events(|event| tracing::info!(?event)).await?;
    /// println!("{} created", report.counts.create);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When it is awaited: as [`Engine::preview`] and [`Engine::apply`].
    pub fn up<'a, How>(
        &'a self,
        stack: &'a StackId,
        program: impl IntoProgram<How, Program: 'a>,
    ) -> RunCall<'a, PlanAndApply<'a>> {
        self.run_call("up", PlanAndApply::new(stack, Some(Box::new(program.into_program()))))
    }

    /// Takes a stack down.
    ///
    /// # Errors
    /// When it is awaited: if something is protected, or the state cannot be read or written.
    pub fn down<'a>(&'a self, stack: &'a StackId) -> RunCall<'a, PlanAndApply<'a>> {
        self.run_call("down", PlanAndApply::new(stack, None))
    }

    fn run_call<W>(&self, command: &'static str, what: W) -> RunCall<'_, W> {
        let (options, wait) = (ApplyOptions::default(), Duration::ZERO);
        RunCall(Step::Prepared(Prepared { engine: self, what, options, wait, command }))
    }
}

impl<'a, W> RunCall<'a, W> {
    /// Changes what a run will be; what has begun stays as it is.
    fn with(mut self, change: impl FnOnce(&mut Prepared<'a, W>)) -> Self {
        if let Step::Prepared(prepared) = &mut self.0 {
            change(prepared);
        }
        self
    }

    /// Takes events as they happen.
    pub fn events(self, sink: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.with(|run| run.options.events = Events::new(sink))
    }

    /// Stops starting new steps when the token is cancelled, waits for those that run, and ends.
    pub fn cancel(self, token: CancellationToken) -> Self {
        self.with(|run| run.options.cancel = token)
    }

    /// Bounds the provider calls at once.
    pub fn parallel(self, most: usize) -> Self {
        self.with(|run| run.options.parallel = most)
    }

    /// Goes on with what does not depend on a failure.
    pub fn continue_on_error(self) -> Self {
        self.with(|run| run.options.continue_on_error = true)
    }

    /// Says why, for the history.
    pub fn message(self, message: impl Into<String>) -> Self {
        self.with(|run| run.options.message = Some(message.into()))
    }

    /// Waits for a stack that is in use.
    pub fn wait(self, bound: Duration) -> Self {
        self.with(|run| run.wait = bound)
    }
}

impl RunCall<'_, PlanAndApply<'_>> {
    /// Sets what the plan is made with: configuration, targets, excludes, replacements by hand.
    pub fn plan_options(self, options: PlanOptions) -> Self {
        self.with(|run| run.what.options = options)
    }

    /// Refuses a stack on which an earlier run left calls open, where otherwise the first thing is to find out what
    /// became of them.
    pub fn without_recovery(self) -> Self {
        self.with(|run| run.what.recovers = false)
    }
}

impl<'a> PlanAndApply<'a> {
    fn new(stack: &'a StackId, program: Option<Box<dyn Program + 'a>>) -> Self {
        Self { stack, program, options: PlanOptions::default(), recovers: true }
    }

    async fn plan(&self, session: &mut Session, events: &Events) -> Result<Plan, EngineError> {
        if self.recovers {
            session.recover(events).await?;
        }
        match &self.program {
            Some(program) => session.plan(program.as_ref(), &self.options).await,
            None => session.plan_down(&self.options).await,
        }
    }
}

impl Prepared<'_, Planned> {
    async fn run(self) -> Result<Report, EngineError> {
        let plan = self.what.0;
        let mut session = self.engine.open(&plan.stack, self.command, self.wait).await?;
        let result = session.apply(&plan, &self.options).await;
        session.end(result).await
    }
}

impl Prepared<'_, PlanAndApply<'_>> {
    async fn run(self) -> Result<Report, EngineError> {
        let mut session = self.engine.open(self.what.stack, self.command, self.wait).await?;
        let result = async {
            let plan = self.what.plan(&mut session, &self.options.events).await?;
            session.apply(&plan, &self.options).await
        }
        .await;
        session.end(result).await
    }
}

/// Begins a run at its first poll, and goes on with it.
fn advance<'a, W>(
    step: &mut Step<'a, W>,
    cx: &mut Context<'_>,
    begin: impl FnOnce(Prepared<'a, W>) -> Running<'a>,
) -> Poll<Result<Report, EngineError>> {
    *step = match std::mem::replace(step, Step::Ended) {
        Step::Prepared(prepared) => Step::Running(begin(prepared)),
        other => other,
    };
    // One that has ended never wakes anybody again.
    let Step::Running(running) = step else { return Poll::Pending };
    let result = ready!(running.as_mut().poll(cx));
    *step = Step::Ended;
    Poll::Ready(result)
}

impl Future for RunCall<'_, Planned> {
    type Output = Result<Report, EngineError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        advance(&mut self.0, cx, |prepared| Box::pin(prepared.run()))
    }
}

impl<'a> Future for RunCall<'a, PlanAndApply<'a>> {
    type Output = Result<Report, EngineError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        advance(&mut self.0, cx, |prepared| Box::pin(prepared.run()))
    }
}
