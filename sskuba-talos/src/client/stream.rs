//! Answers that come one after another.

use std::time::Duration;

use tokio::time::timeout;
use tonic::Streaming;

use super::call::Call;
use super::machine::Machine;
use crate::api::{ApiError, ErrorKind};

/// The answers of one call. Dropped, it tells the machine to stop.
pub(super) struct Answers<T> {
    pub(super) machine: Machine,
    pub(super) call: Call,
    stream: Streaming<T>,
}

impl<T> Answers<T> {
    pub(super) const fn new(machine: Machine, call: Call, stream: Streaming<T>) -> Self {
        Self { machine, call, stream }
    }

    /// Waits for the next one as long as it takes; `None` is the end.
    pub(super) async fn next(&mut self) -> Result<Option<T>, ApiError> {
        self.stream.message().await.map_err(|status| {
            let kind = self.machine.meaning(&status);
            self.machine.fail(self.call, kind)
        })
    }

    /// Waits for the next one, but not longer than `silence`.
    pub(super) async fn next_within(&mut self, silence: Duration) -> Result<Option<T>, ApiError> {
        match timeout(silence, self.next()).await {
            Ok(next) => next,
            Err(_) => Err(self.machine.fail(self.call, ErrorKind::Timeout { after: silence })),
        }
    }
}
