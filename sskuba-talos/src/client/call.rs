//! One call: its deadline, its tries, and what its error means.

use std::error::Error;
use std::future::Future;

use tokio::time::{sleep, timeout};
use tonic::{Code, Request, Response, Status};

use super::machine::Machine;
use crate::api::{ApiError, ErrorKind};

/// A call's name, and whether it changes anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) name: &'static str,
    changes: bool,
}

/// Names a call that only asks.
pub(super) const fn asks(name: &'static str) -> Call {
    Call { name, changes: false }
}

/// Names a call that changes something.
pub(super) const fn changes(name: &'static str) -> Call {
    Call { name, changes: true }
}

impl Call {
    /// Tells whether another try may help, and does no harm.
    const fn again(self, kind: &ErrorKind) -> bool {
        match kind {
            // Nothing was sent.
            ErrorKind::Unreachable { .. } => true,
            ErrorKind::Busy { .. } | ErrorKind::Lost { .. } | ErrorKind::Timeout { .. } => !self.changes,
            _ => false,
        }
    }
}

impl Machine {
    /// Wraps a message with what every call carries.
    pub(super) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(node) = self.target.node().and_then(|node| node.parse().ok()) {
            request.metadata_mut().insert("node", node);
        }
        request
    }

    /// Makes a call, again where that may help. `send` is given a fresh request for every try.
    pub(super) async fn ask<M, T, F>(
        &self,
        call: Call,
        message: M,
        send: impl Fn(Request<M>) -> F,
    ) -> Result<T, ApiError>
    where
        M: Clone,
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut tries = 1;
        loop {
            let error = match self.try_once(message.clone(), &send).await {
                Ok(answer) => return Ok(answer),
                Err(kind) => kind,
            };
            if tries >= self.settings.tries || !call.again(&error) {
                return Err(self.fail(call, error));
            }
            sleep(self.settings.pause_after(tries)).await;
            tries += 1;
        }
    }

    async fn try_once<M, T, F>(&self, message: M, send: impl Fn(Request<M>) -> F) -> Result<T, ErrorKind>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let after = self.settings.deadline;
        match timeout(after, send(self.request(message))).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.meaning(&status)),
            Err(_) => Err(ErrorKind::Timeout { after }),
        }
    }

    /// Puts the machine and the call to what is wrong.
    pub(super) fn fail(&self, call: Call, kind: ErrorKind) -> ApiError {
        ApiError { node: self.target.to_string(), call: call.name, kind }
    }

    /// Says what a status means.
    pub(super) fn meaning(&self, status: &Status) -> ErrorKind {
        if let Some(source) = status.source() {
            return self.broken(source);
        }
        self.said(status.code(), status.message().to_owned())
    }

    /// Says what an error of the connection means. Only one of our connector tells for sure that nothing was sent.
    fn broken(&self, source: &(dyn Error + 'static)) -> ErrorKind {
        let mut cause = Some(source);
        let mut why = String::new();
        while let Some(error) = cause {
            if let Some(kind) = error.downcast_ref::<ErrorKind>() {
                return kind.clone();
            }
            why = error.to_string();
            cause = error.source();
        }
        self.faults.get().unwrap_or(ErrorKind::Lost { why })
    }

    /// Says what a machine's own words mean.
    pub(super) fn said(&self, code: Code, message: String) -> ErrorKind {
        match code {
            Code::Unavailable | Code::ResourceExhausted => ErrorKind::Busy { message },
            Code::DeadlineExceeded => ErrorKind::Timeout { after: self.settings.deadline },
            // A machine in maintenance mode lets everybody read and nobody do the rest.
            Code::PermissionDenied | Code::Unauthenticated if self.anonymous() => {
                ErrorKind::MaintenanceMode { message }
            }
            Code::PermissionDenied | Code::Unauthenticated => ErrorKind::Denied { message },
            Code::FailedPrecondition | Code::Aborted => ErrorKind::NotReady { message },
            Code::AlreadyExists => ErrorKind::AlreadyDone { message },
            Code::Unimplemented => ErrorKind::NotOnThisRole { message },
            Code::InvalidArgument | Code::OutOfRange => ErrorKind::Invalid { message },
            Code::NotFound => ErrorKind::NotFound { message },
            Code::Cancelled => ErrorKind::Cancelled { message },
            _ => ErrorKind::Failed { code: format!("{code:?}"), message },
        }
    }
}
