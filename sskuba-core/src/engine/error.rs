//! What can go wrong, told so that a person knows what, where, why, and what to do.

use crate::address::{Address, NameError, StackId};
use crate::calling::Misplaced;
use crate::graph::GraphError;
use crate::journal::JournalError;
use crate::planning::Diagnostic;
use crate::provider::Failure;
use crate::recovering::Unresolved;
use crate::refresh::RefreshReport;
use crate::stack::ProgramError;
use crate::state::{Holder, KeyringError, StoreError};

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// What is to be imported is not declared.
    #[error("{address} cannot be imported: the program does not declare it; declare it first, then import")]
    Undeclared {
        /// The address.
        address: Address,
    },
    /// Another program writes the stack.
    #[error(
        "stack {stack} is in use by {holder}; wait for it with `--wait 5m`, or if that program is dead run \
         `state unlock`"
    )]
    Busy {
        /// The stack.
        stack: StackId,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// The program failed.
    #[error("failed to declare the stack: {}", .0.to_string())]
    Program(ProgramError),
    /// The declarations contradict each other.
    #[error("the declared resources do not fit together:{}", list(.0))]
    Graph(Vec<GraphError>),
    /// There can be no plan.
    #[error("there is no plan for what is declared:{}", list(.0))]
    Plan(Vec<Diagnostic>),
    /// A lookup failed while the plan was made.
    #[error("failed to look up {address}: {failure}")]
    Lookup {
        /// The lookup.
        address: String,
        /// Why.
        #[source]
        failure: Failure,
    },
    /// The plan is of an earlier revision.
    #[error("the plan was made at revision {planned} and stack {stack} is at {current}; make a new plan")]
    Stale {
        /// The stack.
        stack: StackId,
        /// The plan's revision.
        planned: u64,
        /// The stack's.
        current: u64,
    },
    /// Interrupted calls that could not be resolved.
    #[error("interrupted operations have to be resolved first:{}", list(.0))]
    Unresolved(Vec<Unresolved>),
    /// Objects would be looked for where they are not.
    #[error("nothing was read or changed, because it is not certain to be the right place:{}\n{}", list(.0), elsewhere(.0))]
    Misplaced(Vec<Misplaced>),
    /// The state cannot be read or written.
    #[error("failed to read or write the state of {stack}: {source}")]
    State {
        /// The stack.
        stack: StackId,
        /// Why.
        source: JournalError,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stack's secrets cannot be opened.
    #[error("failed to open the secrets of {stack}: {source}")]
    Keyring {
        /// The stack.
        stack: StackId,
        /// Why.
        source: KeyringError,
    },
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Something that was asked for is not there, or cannot be done.
    #[error("{0}")]
    Refused(String),
}

/// Says what to do where objects are elsewhere.
fn elsewhere(misplaced: &[Misplaced]) -> &'static str {
    let unknown = |wrong: &Misplaced| matches!(wrong, Misplaced::Unknown { .. });
    match misplaced.iter().all(unknown) {
        true => "mend that and run again; what calls no provider, such as `state list`, works without",
        false => {
            "run again with the credentials, region and settings that the objects were made with; to work in another \
             place too, declare a provider instance for it and give it to the resources with `.provider(…)`; of what is \
             gone for good, `state rm` forgets the records"
        }
    }
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("\n  - {}", item.to_string().replace('\n', "\n    "))).collect()
}

impl EngineError {
    /// Refuses to forget objects that may be somewhere else.
    pub fn doubtful(report: &RefreshReport) -> Self {
        let doubts: Vec<String> = report.doubts.iter().map(ToString::to_string).collect();
        Self::Refused(format!(
            "the records of what is not found were kept, because it may not be gone:{}\nlook whether the credentials, the \
             region and the settings are those that the objects were made with; if they are gone for good, agree to forget \
             them with `--accept-gone`",
            list(&doubts)
        ))
    }

    /// Wraps an error of a stack's journal; a busy store stays one.
    pub(super) fn journal(stack: &StackId, source: JournalError) -> Self {
        match source {
            JournalError::Store(error) => Self::store(error),
            source => Self::State { stack: stack.clone(), source },
        }
    }

    /// Wraps an error of a store.
    pub(super) fn store(error: StoreError) -> Self {
        match error {
            StoreError::Busy { stack, holder } => Self::Busy { stack, holder },
            error => Self::Store(error),
        }
    }
}
