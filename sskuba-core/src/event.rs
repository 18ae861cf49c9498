//! What happens while a stack is opened, recovered and applied, as it happens. The terminal and `--json` are
//! two readers of this.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, StackId};
use crate::advice::Advice;
use crate::plan::Action;
use crate::provider::Class;
use crate::state::{Counts, RunResult, Verb};

/// Something that happened. Holds no secret.
///
/// Serialised it is an object whose `event` is the variant's name in snake case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// The stack was opened for writing.
    Opened {
        /// The stack.
        stack: StackId,
        /// Its revision.
        revision: u64,
        /// How many operations an earlier run left open.
        pending: usize,
    },
    /// An operation that an earlier run left open is being looked at.
    Recovering {
        /// The resource.
        address: Address,
        /// What had been asked.
        verb: Verb,
    },
    /// It was resolved.
    Recovered {
        /// The resource.
        address: Address,
        /// What had been asked.
        verb: Verb,
        /// What was found and done about it, in words.
        what: String,
    },
    /// A run began.
    RunStarted {
        /// How many steps it has.
        steps: usize,
        /// How long it should take, in milliseconds.
        expected_ms: u64,
    },
    /// A step began.
    Started {
        /// The resource.
        address: Address,
        /// What is done.
        action: Action,
        /// How long it should take, in milliseconds.
        expected_ms: u64,
    },
    /// A step ended well and is durable.
    Finished {
        /// The resource.
        address: Address,
        /// What was done.
        action: Action,
        /// The provider's id; empty after a delete.
        id: String,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// A step failed.
    Failed {
        /// The resource.
        address: Address,
        /// What was tried.
        action: Action,
        /// What sort of failure.
        class: Class,
        /// What failed, in the provider's words.
        message: String,
        /// The service's name for the call.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// What to do.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
        /// What to do with the program, as data.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        advice: Vec<Advice>,
        /// `file:line:column` of the declaration.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_line: Option<String>,
    },
    /// A step was not started because of another one, or because the run was cancelled.
    Skipped {
        /// The resource.
        address: Address,
        /// What would have been done.
        action: Action,
        /// Why not.
        because: String,
    },
    /// The run was asked to stop: nothing new starts.
    Cancelling {
        /// How many steps are still running.
        running: usize,
    },
    /// A provider asked to slow down; it gets fewer calls at once from here on.
    Throttled {
        /// The provider.
        provider: String,
        /// How many calls at once it gets now.
        parallel: usize,
    },
    /// Something that a person should know.
    Note {
        /// What.
        message: String,
    },
    /// A run ended.
    RunEnded {
        /// How.
        result: RunResult,
        /// What changed.
        changes: Counts,
        /// The stack's revision.
        revision: u64,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
}

/// Takes events as they happen. Called on the dispatcher's task: it must not block.
#[derive(Clone)]
pub struct Events(Arc<dyn Fn(Event) + Send + Sync>);

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl Events {
    /// Makes a sink of a function.
    pub fn new(sink: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Hands an event over.
    pub fn emit(&self, event: Event) {
        (self.0)(event);
    }
}
