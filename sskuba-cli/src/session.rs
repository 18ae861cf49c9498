//! A session while a command works with it: opened, and closed whatever comes of the work.

use std::ops::ControlFlow;
use std::time::Duration;

use sskuba_core::engine::{Engine, Session};

use crate::args::Opening;
use crate::context::Context;
use crate::stop::{Code, Stop};

/// How a command opens the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opens<'c> {
    /// The command, for the history and for whoever finds the stack in use.
    command: &'c str,
    /// For how long a stack that is in use is waited for.
    wait: Duration,
    /// Whether what an earlier run left open is resolved first.
    recovers: bool,
}

impl<'c> Opens<'c> {
    /// For a command that works on a stack of which nothing is open.
    pub(crate) fn recovered(command: &'c str, opening: &Opening) -> Self {
        Self { command, wait: opening.wait.unwrap_or_default(), recovers: true }
    }

    /// For a command that is for when a recovery does not work, or that does not care.
    pub(crate) fn as_it_is(command: &'c str, opening: &Opening) -> Self {
        Self { recovers: false, ..Self::recovered(command, opening) }
    }
}

impl Context<'_, '_> {
    /// Opens the stack, works with it, and closes it whatever comes of that.
    pub(crate) async fn with_session<T>(
        &mut self,
        engine: &Engine,
        opens: Opens<'_>,
        work: impl AsyncFnOnce(&mut Self, &mut Session) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let whole = async |context: &mut Self, mut session: Session| {
            let done = work(context, &mut session).await;
            (Some(session), done)
        };
        self.lending_session(engine, opens, whole).await
    }

    /// As [`Self::with_session`], for work that takes the session along, e.g. to another task. What it does not give back
    /// is not closed: it is gone, or calls are still open.
    pub(crate) async fn lending_session<T>(
        &mut self,
        engine: &Engine,
        opens: Opens<'_>,
        work: impl AsyncFnOnce(&mut Self, Session) -> (Option<Session>, Result<T, Stop>),
    ) -> Result<T, Stop> {
        let mut session = self.opened(engine, opens).await?;
        let ready = match self.ready(&mut session, opens.recovers).await {
            Ok(()) => work(self, session).await,
            Err(stop) => (Some(session), Err(stop)),
        };
        let (session, done) = ready;
        let Some(session) = session else { return done };
        self.revision = session.state().revision();
        match (done, session.close().await) {
            (done, Ok(())) => done,
            (Ok(_), Err(error)) => Err(error.into()),
            (Err(stop), Err(error)) => Err(stop.and(&Stop::from(error))),
        }
    }

    /// Takes the stack's lease.
    async fn opened(&mut self, engine: &Engine, opens: Opens<'_>) -> Result<Session, Stop> {
        let opened = self.interrupts.guard(engine.open(&self.stack, opens.command, opens.wait)).await;
        opened.map_err(|stop| match stop.code {
            Code::Cancelled if !opens.wait.is_zero() => Stop::cancelled(format!(
                "cancelled while waiting for stack {}; nothing was changed",
                self.stack
            )),
            _ => stop,
        })
    }

    /// Listens to those that ask this program to stop, and resolves what an earlier run left open.
    async fn ready(&mut self, session: &mut Session, recovers: bool) -> Result<(), Stop> {
        self.interrupts.also(session.stop_requests().await?);
        self.revision = session.state().revision();
        if recovers { self.recover(session).await } else { Ok(()) }
    }

    async fn recover(&mut self, session: &mut Session) -> Result<(), Stop> {
        let mut display = self.display(None);
        let events = display.events();
        let work = session.recover(&events);
        let drop_it = |_| ControlFlow::Break(());
        match display.follow(self.screen, &mut self.interrupts, work, drop_it).await {
            None => Err(Stop::cancelled(
                "cancelled while an earlier run's operations were being resolved; run again",
            )),
            Some(Ok(0)) => Ok(()),
            Some(Ok(count)) => {
                let what = if count == 1 {
                    "1 interrupted operation was".to_owned()
                } else {
                    format!("{count} interrupted operations were")
                };
                self.screen.chat(format!("{what} resolved\n"));
                Ok(())
            }
            Some(Err(error)) => Err(error.into()),
        }
    }
}
