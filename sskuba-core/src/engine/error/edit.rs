//! Why the state is not edited.

use super::list;
use crate::address::{Address, StackId};
use crate::advice::Advice;
use crate::provider::Failure;
use crate::state::{EditObstacle, FormatError, TransitionError};

/// Why an edit of what is recorded cannot be. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// It may not follow what is recorded.
    #[error("nothing was changed")]
    Transition(#[source] TransitionError),
    /// The create of the resource was interrupted.
    #[error("nothing is recorded of {address} yet, and a call that makes it was interrupted")]
    NotMadeYet {
        /// The resource.
        address: Address,
    },
    /// Nothing is recorded under the address.
    #[error("{address} is not recorded in {stack}")]
    NotRecorded {
        /// The address.
        address: Address,
        /// The stack.
        stack: StackId,
    },
    /// A record would change its kind.
    #[error("{from} cannot become {to}: a record keeps its kind")]
    OtherKind {
        /// The address.
        from: Address,
        /// The one that it was to get.
        to: Address,
    },
    /// The address has a record.
    #[error("{address} is recorded already, as {id}")]
    Taken {
        /// The address.
        address: Address,
        /// The id of its object.
        id: String,
    },
    /// A call for the address was interrupted.
    #[error("a call for {address} was interrupted")]
    Interrupted {
        /// The address.
        address: Address,
    },
    /// No edit was made.
    #[error("nobody edited the state of {stack}, so there is nothing to undo")]
    NoEdit {
        /// The stack.
        stack: StackId,
    },
    /// What was done at a revision is no edit.
    #[error("revision {revision} of {stack} is not an edit of the state")]
    NotAnEdit {
        /// The stack.
        stack: StackId,
        /// The revision.
        revision: u64,
    },
    /// An edit cannot be undone without losing what happened since.
    #[error("undoing `{command}` of revision {revision} would lose what happened since:{}\nwhat was not undone is as it was", list(.obstacles))]
    Since {
        /// The command that made the edit.
        command: String,
        /// Its revision.
        revision: u64,
        /// What happened since.
        obstacles: Vec<EditObstacle>,
    },
    /// No create of the resource is open.
    #[error("no create of {address} is open")]
    NoOpenCreate {
        /// The resource.
        address: Address,
    },
    /// The provider has no object of the id that a create is said to have made.
    #[error("the provider knows no object {id} of kind {kind}; look for its id")]
    UnknownObject {
        /// The kind.
        kind: String,
        /// The id.
        id: String,
    },
    /// The provider finds what a create made that is said to have made nothing.
    #[error("the interrupted create of {address} made {id}, which is there")]
    Found {
        /// The resource.
        address: Address,
        /// The id of its object.
        id: String,
    },
    /// The provider could not be asked whether a create made something.
    #[error("failed to look for what the interrupted create of {address} made")]
    NotSearched {
        /// The resource.
        address: Address,
        /// Why not.
        #[source]
        failure: Failure,
    },
    /// There is no such copy.
    #[error("{stack} has no backup `{name}` that can be read")]
    NoBackup {
        /// The stack.
        stack: StackId,
        /// The name that was asked for.
        name: String,
    },
    /// The stack still records something.
    #[error("stack {stack} still records {recorded} resources")]
    NotEmpty {
        /// The stack.
        stack: StackId,
        /// How many.
        recorded: usize,
    },
    /// What cannot be read could not be kept elsewhere first, in the words of who was to keep it.
    #[error("{0}")]
    NotKept(String),
    /// A part of the state is a newer release's.
    #[error(
        "a part of the state of {stack} has format {format}, which a newer release wrote and can read; nothing was changed"
    )]
    NewerPart {
        /// The stack.
        stack: StackId,
        /// The part's format.
        format: u8,
    },
    /// What is recorded cannot be written.
    #[error("failed to write what is recorded")]
    Format(#[source] FormatError),
    /// Some tags cannot be: what is wrong with each, for people.
    #[error("{}", .0.join("\n"))]
    Tags(Vec<String>),
    /// The stack would have too many tags.
    #[error("{stack} would have {count} tags, and may have {most}")]
    TooManyTags {
        /// The stack.
        stack: StackId,
        /// How many it would have.
        count: usize,
        /// How many it may have.
        most: usize,
    },
    /// The tags cannot be written.
    #[error("failed to write the tags")]
    TagFormat(#[source] serde_json::Error),
}

impl EditError {
    pub(super) fn hint(&self) -> Vec<Advice> {
        match self {
            Self::NotMadeYet { address } => vec![Advice::Recover, Advice::Resolve(address.clone())],
            Self::NotRecorded { .. } | Self::NoOpenCreate { .. } => vec![Advice::ListState],
            Self::OtherKind { .. } => vec![Advice::ImportAnew],
            Self::Taken { address, .. } => vec![Advice::MakeRoom(address.clone())],
            Self::Interrupted { .. } => vec![Advice::Recover],
            Self::NoEdit { .. } => vec![Advice::RunAgain],
            Self::NotAnEdit { .. } => vec![Advice::ListEdits],
            Self::Since { obstacles, .. } => {
                let interrupted =
                    |obstacle: &EditObstacle| matches!(obstacle, EditObstacle::Interrupted { .. });
                let recover = obstacles.iter().any(interrupted).then_some(Advice::Recover);
                recover.into_iter().chain([Advice::Force]).collect()
            }
            Self::UnknownObject { .. } => vec![Advice::NotCreated],
            Self::Found { address, id } => {
                vec![Advice::TakeFound { address: address.clone(), id: id.clone() }, Advice::Insist]
            }
            Self::NotSearched { .. } => vec![Advice::Insist],
            Self::NoBackup { .. } => vec![Advice::ListBackups],
            Self::NotEmpty { .. } => vec![Advice::Empty],
            Self::NewerPart { .. } => vec![Advice::RepairWithNewer],
            Self::TooManyTags { .. } => vec![Advice::RemoveTags],
            _ => Vec::new(),
        }
    }
}
