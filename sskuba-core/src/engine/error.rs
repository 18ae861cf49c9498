//! What can go wrong, told so that a person knows what, where and why. What to do about it is [`EngineError::hint`].

mod document;
mod edit;
mod import;
#[cfg(test)]
mod tests;

pub use document::DocumentError;
pub use edit::EditError;
pub use import::ImportError;

use std::error::Error;
use std::fmt;

use crate::address::{Address, Kind, NameError, StackId};
use crate::advice::Advice;
use crate::calling::Misplaced;
use crate::graph::GraphError;
use crate::journal::JournalError;
use crate::planning::Diagnostic;
use crate::provider::{Failure, RegistryError};
use crate::recovering::Unresolved;
use crate::refresh::{Doubt, RefreshReport};
use crate::stack::ProgramError;
use crate::state::{FORMAT, FormatError, Holder, KeyringError, StoreError, TransitionError, Verb};

/// Why the engine did not do what it was asked.
///
/// A cause is told by [`Error::source`] or by the error's own text, never by both; [`with_causes`] writes all of it. Advice is
/// [`EngineError::hint`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// What is to be imported is not declared.
    #[error("{address} cannot be imported: the program does not declare it; declare it first, then import")]
    Undeclared {
        /// The address.
        address: Address,
    },
    /// An object is not imported.
    #[error("{address} cannot be imported")]
    Import {
        /// What it was to become.
        address: Address,
        /// Why not.
        source: ImportError,
    },
    /// A document is not imported.
    #[error("the document cannot be imported")]
    Document(#[from] DocumentError),
    /// What is recorded is not edited.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// Another program writes the stack.
    #[error("stack {stack} is in use by {holder}")]
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
    #[error("failed to look up {address}")]
    Lookup {
        /// The lookup.
        address: String,
        /// Why.
        #[source]
        failure: Failure,
    },
    /// A provider could not say what kinds look like that it learns at run time.
    #[error("failed to learn what {} looks like", names(.kinds))]
    Learning {
        /// The kinds.
        kinds: Vec<Kind>,
        /// Why.
        #[source]
        failure: Failure,
    },
    /// No provider of the program has a kind.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The plan is of an earlier revision.
    #[error("the plan was made at revision {planned} and stack {stack} is at {current}")]
    Stale {
        /// The stack.
        stack: StackId,
        /// The plan's revision.
        planned: u64,
        /// The stack's.
        current: u64,
    },
    /// The plan is of another stack.
    #[error("the plan is of stack {planned}, and {open} is open")]
    OtherStack {
        /// The plan's stack.
        planned: StackId,
        /// The one that is open.
        open: StackId,
    },
    /// The key of a saved plan cannot be read.
    #[error("the key of the saved plan cannot be read")]
    PlanKey(#[source] FormatError),
    /// Calls of an earlier run are open, which have to be resolved before anything of this sort.
    #[error("{what} while operations of {stack} are interrupted, such as that of {address}")]
    Interrupted {
        /// The stack.
        stack: StackId,
        /// One of those that were interrupted.
        address: Address,
        /// What cannot be done.
        what: Undertaking,
    },
    /// Interrupted calls that could not be resolved.
    #[error(
        "interrupted operations have to be resolved first:{}\nnothing else was done: run again once that is mended",
        list(&.0.iter().map(|unresolved| with_causes(unresolved)).collect::<Vec<_>>())
    )]
    Unresolved(Vec<Unresolved>),
    /// Objects would be looked for where they are not.
    #[error("nothing was read or changed, because it is not certain to be the right place:{}\n{}", list(.0), elsewhere(.0))]
    Misplaced(Vec<Misplaced>),
    /// Objects that are not found may be somewhere else, so their records were kept.
    #[error(
        "the records of what is not found were kept, because it may not be gone:{}\nlook whether the credentials, the \
         region and the settings are those that the objects were made with",
        list(.0)
    )]
    Doubtful(Vec<Doubt>),
    /// The objects of the stack are in the other world: real, or simulated.
    #[error("the resources of {stack} are {} ones", if *.simulated { "simulated" } else { "real" })]
    OtherWorld {
        /// The stack.
        stack: StackId,
        /// Whether its objects are simulated.
        simulated: bool,
    },
    /// A newer release wrote the stack.
    #[error(
        "the state of {stack} was written by sskuba {writer} in format {format}, and this release reads up to {FORMAT}; \
         use that release or a newer one"
    )]
    Newer {
        /// The stack.
        stack: StackId,
        /// The release.
        writer: String,
        /// Its format.
        format: String,
    },
    /// Nothing was done at a revision.
    #[error("no run or edit of {stack} is at revision {revision}{}", under_way(*.within, .nearest))]
    NoRun {
        /// The stack.
        stack: StackId,
        /// The revision.
        revision: u64,
        /// The revision at which the run began that was under way then.
        within: Option<u64>,
        /// The nearest revisions at which something was done.
        nearest: Vec<u64>,
    },
    /// What was read does not follow what is recorded.
    #[error("what was read does not fit")]
    DoesNotFit(#[source] TransitionError),
    /// The stack has no data key.
    #[error("{stack} has no data key")]
    NoKey {
        /// The stack.
        stack: StackId,
    },
    /// The program ends while the state is read.
    #[error("the runtime is shutting down")]
    ShuttingDown,
    /// The state cannot be read or written.
    #[error("failed to read or write the state of {stack}")]
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
    #[error("failed to open the secrets of {stack}")]
    Keyring {
        /// The stack.
        stack: StackId,
        /// Why.
        source: KeyringError,
    },
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] NameError),
}

/// What cannot be done while calls are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Undertaking {
    /// To plan, apply or refresh.
    Run,
    /// To give the stack another name.
    Rename,
    /// To give the stack another key.
    NewKey,
    /// To restore a copy.
    Restore,
}

impl fmt::Display for Undertaking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run => "nothing is planned or changed",
            Self::Rename => "the stack cannot be renamed",
            Self::NewKey => "the key cannot be changed",
            Self::Restore => "nothing can be restored",
        })
    }
}

/// Writes an error with all of its causes, the outermost first.
///
/// ```
/// # use sskuba_core::engine::{EngineError, with_causes};
/// # use sskuba_core::state::KeyringError;
/// let source = KeyringError::Failed("the agent does not answer".into());
/// let error = EngineError::Keyring { stack: "local/shop/dev".parse()?, source };
/// assert_eq!(with_causes(&error), "failed to open the secrets of local/shop/dev: the agent does not answer");
/// # Ok::<(), sskuba_core::address::NameError>(())
/// ```
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Says what else was wrong where objects are elsewhere.
fn elsewhere(misplaced: &[Misplaced]) -> &'static str {
    match misplaced.iter().all(is_unknown) {
        true => "mend that and run again",
        false => {
            "run again with the credentials, region and settings that the objects were made with; to work in another \
             place too, declare a provider instance for it and give it to the resources with `.provider(…)`"
        }
    }
}

fn is_unknown(misplaced: &Misplaced) -> bool {
    matches!(misplaced, Misplaced::Unknown { .. })
}

fn under_way(within: Option<u64>, nearest: &[u64]) -> String {
    match within {
        Some(at) => format!("; the run that began at {at} was under way then"),
        None if nearest.is_empty() => "; no run is recorded".to_owned(),
        None => String::new(),
    }
}

fn names(kinds: &[Kind]) -> String {
    kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(|item| format!("\n  - {}", item.to_string().replace('\n', "\n    "))).collect()
}

impl EngineError {
    /// Says what can be done, best first; none where the error's own text is all that there is to say.
    pub fn hint(&self) -> Vec<Advice> {
        match self {
            Self::Import { source, .. } => source.hint(),
            Self::Document(error) => error.hint(),
            Self::Edit(error) => error.hint(),
            Self::Program(error) => error.hint(),
            Self::Plan(problems) => of_all(problems.iter().flat_map(|problem| &problem.advice)),
            Self::Lookup { failure, .. } | Self::Learning { failure, .. } => failure.advice.clone(),
            Self::Stale { .. } => vec![Advice::PlanAnew],
            Self::Busy { .. } => vec![Advice::WaitFor, Advice::Unlock],
            Self::Store(error) => error.hint(),
            Self::Interrupted { .. } => vec![Advice::Recover],
            Self::Unresolved(open) => open.iter().flat_map(of_unresolved).collect(),
            Self::Misplaced(all) if all.iter().all(is_unknown) => vec![Advice::WithoutCalls],
            Self::Misplaced(all) => vec![Advice::ForgetGone(misplaced(all))],
            Self::Doubtful(_) => vec![Advice::AcceptGone],
            Self::OtherWorld { simulated: true, .. } => vec![Advice::Simulate, Advice::OtherStack],
            Self::OtherWorld { simulated: false, .. } => vec![Advice::DoNotSimulate, Advice::OtherStack],
            Self::NoRun { within: Some(at), .. } => vec![Advice::ShowRun(*at)],
            Self::NoRun { nearest, .. } if !nearest.is_empty() => vec![Advice::ShowNearest(nearest.clone())],
            Self::Keyring { source, .. } => source.hint(),
            Self::State { source, .. } if source.is_damage() => vec![Advice::Repair],
            _ => Vec::new(),
        }
    }

    /// Refuses to forget objects that may be somewhere else.
    pub fn doubtful(report: &RefreshReport) -> Self {
        Self::Doubtful(report.doubts.clone())
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

    /// Says why an object does not become what is declared at an address.
    pub(super) fn import(address: &Address, source: ImportError) -> Self {
        Self::Import { address: address.clone(), source }
    }
}

/// Says what can be done about an interrupted call where its failure does not.
fn of_unresolved(open: &Unresolved) -> Vec<Advice> {
    let Failure { hint, advice, .. } = &open.failure;
    let own = match open.verb {
        // What names an id says more than what asks for one.
        Verb::Create if advice.iter().any(|advice| matches!(advice, Advice::ResolveAs { .. })) => None,
        Verb::Create => Some(Advice::Resolve(open.address.clone())),
        Verb::Update | Verb::Delete if hint.is_none() && advice.is_empty() => {
            Some(Advice::ForgetGone(vec![open.address.clone()]))
        }
        Verb::Update | Verb::Delete => None,
    };
    advice.iter().cloned().chain(own).collect()
}

/// Collects advice, each piece once.
fn of_all<'a>(all: impl Iterator<Item = &'a Advice>) -> Vec<Advice> {
    let mut found = Vec::new();
    for advice in all {
        if !found.contains(advice) {
            found.push(advice.clone());
        }
    }
    found
}

/// Names the objects that are known to be elsewhere.
fn misplaced(all: &[Misplaced]) -> Vec<Address> {
    let objects = all.iter().filter_map(|one| match one {
        Misplaced::Elsewhere { objects, .. } => Some(objects.clone()),
        _ => None,
    });
    objects.flatten().collect()
}
