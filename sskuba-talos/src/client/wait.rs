//! Waiting for a machine to get where it is going, across its restarts.

use tokio::time::{Instant, sleep};

use super::call::asks;
use super::machine::Machine;
use super::mode::tell_mode;
use super::settings::Bound;
use crate::api::{ApiError, ErrorKind, MachineStatus, Mode, Stage, TlsFault};

impl Machine {
    /// Waits until the machine runs and is ready.
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_ready(&self, bound: Bound) -> Result<MachineStatus, ApiError> {
        self.wait_for(bound, |status| status.stage == Stage::Running && status.ready).await
    }

    /// Waits until the machine is at a stage, ready or not.
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_stage(&self, stage: Stage, bound: Bound) -> Result<MachineStatus, ApiError> {
        self.wait_for(bound, |status| status.stage == stage).await
    }

    /// Waits until the status of the machine is as wanted. That it cannot be reached, or is still in maintenance
    /// mode, is no reason to stop before the bound.
    ///
    /// # Errors
    /// [`ErrorKind::NotYet`] with how it was last when the time is over; at once what waiting cannot change, e.g.
    /// a machine of another cluster.
    pub async fn wait_for(
        &self,
        bound: Bound,
        wanted: impl Fn(&MachineStatus) -> bool,
    ) -> Result<MachineStatus, ApiError> {
        let end = Instant::now() + bound.within;
        loop {
            let last = match self.status().await {
                Ok(status) if wanted(&status) => return Ok(status),
                Ok(status) => described(&status),
                Err(error) if self.may_pass(&error).await => error.kind.to_string(),
                Err(error) => return Err(error),
            };
            if Instant::now() + bound.every >= end {
                let kind = ErrorKind::NotYet { within: bound.within, last };
                return Err(self.fail(asks("wait"), kind));
            }
            sleep(bound.every).await;
        }
    }

    /// Tells whether an error may go away by itself.
    pub(super) async fn may_pass(&self, error: &ApiError) -> bool {
        match &error.kind {
            ErrorKind::Tls(TlsFault::UnknownCa) => !self.is_another_clusters().await,
            // Before its controllers are up a machine has no status.
            ErrorKind::NotFound { .. } => true,
            _ => error.is_transient(),
        }
    }
}

impl Machine {
    /// Tells whether a machine that we did not trust has a config of another cluster. In maintenance mode it will
    /// get a certificate that we trust. Between our call and the question it may have got one: so it is asked anew.
    async fn is_another_clusters(&self) -> bool {
        let mode = tell_mode(&self.target, None, &self.settings).await;
        let untrusted = ErrorKind::Tls(TlsFault::UnknownCa);
        mode == Ok(Mode::Configured) && self.version().await.is_err_and(|error| error.kind == untrusted)
    }
}

fn described(status: &MachineStatus) -> String {
    let ready = if status.ready { "ready" } else { "not ready" };
    let unmet =
        if status.unmet.is_empty() { String::new() } else { format!(": {}", status.unmet.join(", ")) };
    format!("{}, {ready}{unmet}", status.stage)
}
