//! Why a command ended early, and with which exit code.

use std::fmt;

use sskuba_core::address::NameError;
use sskuba_core::state::{RunResult, StoreError};

use crate::advice;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// It was done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// It was asked for in a way that cannot be.
    Usage = 2,
    /// Something would change, under `--expect-no-changes`.
    Pending = 3,
    /// Somebody else uses the stack.
    Busy = 4,
    /// It was cancelled.
    Cancelled = 130,
}

impl Code {
    /// Returns the word that a summary has for it.
    pub(crate) fn result(self) -> RunResult {
        match self {
            Self::Done | Self::Pending => RunResult::Succeeded,
            Self::Cancelled => RunResult::Cancelled,
            Self::Failed | Self::Usage | Self::Busy => RunResult::Failed,
        }
    }
}

/// An early end: what to tell the user, and the exit code. The message is whole: what failed, why, what to do.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) code: Code,
    /// Empty if all was said already.
    pub(crate) message: String,
}

impl Stop {
    /// Something failed.
    pub(crate) fn failed(message: impl fmt::Display) -> Self {
        Self { code: Code::Failed, message: message.to_string() }
    }

    /// The request cannot be.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { code: Code::Usage, message: message.to_string() }
    }

    /// The user said no, or pressed Ctrl-C.
    pub(crate) fn cancelled(message: impl fmt::Display) -> Self {
        Self { code: Code::Cancelled, message: message.to_string() }
    }

    /// Adds what failed besides; the first stays what the exit code is about.
    pub(crate) fn and(self, other: &Self) -> Self {
        let message = match self.message.as_str() {
            "" => other.message.clone(),
            first => format!("{first}\nand then the stack could not be closed: {}", other.message),
        };
        Self { message, ..self }
    }

    /// Returns a mapper that says what was tried with a file.
    pub(crate) fn file<E: fmt::Display>(action: &str, path: &std::path::Path) -> impl FnOnce(E) -> Self {
        let text = format!("failed to {action} {}", path.display());
        move |error| Self::failed(format!("{text}: {error}"))
    }
}

impl From<NameError> for Stop {
    fn from(error: NameError) -> Self {
        Self::usage(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Busy { .. } => Code::Busy,
            StoreError::Unsupported(_) => Code::Usage,
            _ => Code::Failed,
        };
        Self { code, message: advice::of_store(&error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_stays_the_first() {
        let closing = Stop::failed("the disk is full");
        let both = Stop::cancelled("nothing was changed").and(&closing);
        assert_eq!(both.code, Code::Cancelled);
        assert_eq!(
            both.message,
            "nothing was changed\nand then the stack could not be closed: the disk is full"
        );
        // All was said already of the first.
        assert_eq!(Stop::failed("").and(&closing).message, "the disk is full");
    }
}
