//! What came of a run, and what a run is told.

use std::fmt;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::address::Address;
use crate::event::Events;
use crate::plan::Action;
use crate::provider::Failure;
use crate::state::{Counts, RunResult};
use crate::value::Map;

/// How a run is to go.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// The most provider calls at once, over all providers.
    pub parallel: usize,
    /// Go on with what does not depend on a failure.
    pub continue_on_error: bool,
    /// Why, in the user's words; recorded in the history.
    pub message: Option<String>,
    /// Takes events as they happen.
    pub events: Events,
    /// The first cancel: nothing new starts, what runs ends.
    pub cancel: CancellationToken,
    /// The second: leave now; what runs is resolved by the next run.
    pub abandon: CancellationToken,
}

impl Default for ApplyOptions {
    fn default() -> Self {
        Self {
            parallel: 256,
            continue_on_error: false,
            message: None,
            events: Events::default(),
            cancel: CancellationToken::new(),
            abandon: CancellationToken::new(),
        }
    }
}

/// A step that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedStep {
    /// The resource.
    pub address: Address,
    /// What was tried.
    pub action: Action,
    /// What came of it.
    pub failure: Failure,
    /// `file:line:column` of the declaration.
    pub source_line: Option<String>,
}

impl fmt::Display for FailedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "failed to {} {}: {}", self.action, self.address, self.failure)
    }
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// How it ended.
    pub result: RunResult,
    /// What changed.
    pub counts: Counts,
    /// The stack's revision.
    pub revision: u64,
    /// How long it took.
    pub duration: Duration,
    /// The steps that failed.
    pub failures: Vec<FailedStep>,
    /// The exported outputs.
    pub exports: Map,
    /// True if the run was abandoned with calls still open.
    pub abandoned: bool,
}
