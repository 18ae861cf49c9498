//! Starting etcd of a cluster exactly once, whatever happened before.

use tokio::time::{Instant, sleep};

use super::call::changes;
use super::machine::Machine;
use super::settings::Bound;
use crate::api::{ApiError, ErrorKind};

/// Who started etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bootstrapped {
    /// This call.
    Now,
    /// An earlier one; etcd has members.
    Before,
}

impl Machine {
    /// Starts etcd, or finds it started: waits until the machine is so far, and takes "done before" as success only
    /// when etcd has members.
    ///
    /// # Errors
    /// [`ErrorKind::NotYet`] when the time is over; at once what waiting cannot change.
    pub async fn bootstrap_once(&self, bound: Bound) -> Result<Bootstrapped, ApiError> {
        let end = Instant::now() + bound.within;
        let mut done_before = false;
        loop {
            let result = if done_before { self.has_members().await } else { self.bootstrap().await };
            let last = match result {
                Ok(()) if done_before => return Ok(Bootstrapped::Before),
                Ok(()) => return Ok(Bootstrapped::Now),
                Err(ApiError { kind: ErrorKind::AlreadyDone { .. }, .. }) if !done_before => {
                    done_before = true;
                    continue;
                }
                // Nobody knows whether it happened; the next try tells.
                Err(error) if error.may_have_happened() || self.may_pass(&error).await => error.kind,
                Err(error) => return Err(error),
            };
            if Instant::now() + bound.every >= end {
                let kind = ErrorKind::NotYet { within: bound.within, last: last.to_string() };
                return Err(self.fail(changes("bootstrap"), kind));
            }
            sleep(bound.every).await;
        }
    }

    async fn has_members(&self) -> Result<(), ApiError> {
        if self.etcd_members().await?.is_empty() {
            let message = "etcd has no members".to_owned();
            return Err(self.fail(changes("bootstrap"), ErrorKind::NotReady { message }));
        }
        Ok(())
    }
}
