//! What a machine says happens on it.

use super::Stage;

/// Something that happened on a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id; ids sort by time.
    pub id: String,
    /// The call that caused it, where one did.
    pub actor: String,
    /// What happened.
    pub kind: EventKind,
}

/// Whether something begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It begins.
    Start,
    /// It ends.
    Stop,
    /// It had nothing to do.
    Nothing,
}

/// What a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServiceAction {
    /// It is known.
    Initialized,
    /// It is being prepared.
    Preparing,
    /// It waits for something.
    Waiting,
    /// It starts.
    Starting,
    /// It runs.
    Running,
    /// It stops.
    Stopping,
    /// It ended well.
    Finished,
    /// It ended badly.
    Failed,
    /// It is not needed.
    Skipped,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A sequence (`boot`, `reset`, `upgrade`…) began or ended.
    Sequence {
        /// Its name.
        name: String,
        /// Whether it begins or ends.
        progress: Progress,
        /// Why it failed, if it did.
        error: Option<String>,
    },
    /// A phase of a sequence.
    Phase {
        /// Its name.
        name: String,
        /// Whether it begins or ends.
        progress: Progress,
    },
    /// A task of a phase.
    Task {
        /// Its name.
        name: String,
        /// Whether it begins or ends.
        progress: Progress,
    },
    /// A service changed.
    Service {
        /// Its name.
        name: String,
        /// What it does now.
        action: ServiceAction,
        /// In its words.
        message: String,
    },
    /// A config could not be read, or is not valid.
    Config {
        /// Why.
        error: String,
    },
    /// The machine is at another stage.
    Stage {
        /// Where it is.
        stage: Stage,
        /// Whether it is ready.
        ready: bool,
        /// What it still waits for: `name: reason`.
        unmet: Vec<String>,
    },
    /// An event of a kind that is not known here.
    Other {
        /// Its type.
        name: String,
    },
}
