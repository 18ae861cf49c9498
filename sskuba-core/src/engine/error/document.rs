//! Why a document is not imported as the state of a stack.

use super::list;
use crate::address::{Address, StackId};
use crate::advice::Advice;
use crate::state::{FORMAT, FormatError, KeyringError};

/// How many resources are named where many are meant.
const NAMED: usize = 3;

/// What is wrong with a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A newer release wrote it.
    #[error(
        "sskuba {writer} wrote it in format {format}; this release reads {FORMAT}: use that release or a newer one"
    )]
    Newer {
        /// The release.
        writer: String,
        /// Its format.
        format: u64,
    },
    /// It says no format.
    #[error("it has no `format`")]
    NoFormat,
    /// It has no records.
    #[error("it has no list of `records`")]
    NoRecords,
    /// Its places cannot be read.
    #[error("its `places` cannot be read")]
    Places(#[source] serde_json::Error),
    /// One of its parts is in a place that it does not have.
    #[error("{part} is in place {place}, and the document has no such place")]
    NoPlace {
        /// The part.
        part: String,
        /// The number of the place.
        place: u32,
    },
    /// One of its parts cannot be read.
    #[error("{part}")]
    Part {
        /// The part.
        part: String,
        /// Why.
        #[source]
        error: FormatError,
    },
    /// It says two things that cannot both be.
    #[error("it contradicts itself:{}", list(.0))]
    Contradiction(Vec<String>),
    /// It has sealed secrets and not the key.
    #[error("it has sealed secrets, and its `key`, which opens them, is missing")]
    NoKey,
    /// Its key is cut short, or something else.
    #[error("its `key` cannot be read: {0}")]
    Key(String),
    /// Its key cannot be opened.
    #[error(transparent)]
    Keyring(KeyringError),
    /// Calls of the stack that it is for were interrupted.
    #[error("operations of {stack} are interrupted, such as that of {address}")]
    Interrupted {
        /// The stack.
        stack: StackId,
        /// One of those that were interrupted.
        address: Address,
    },
    /// Another stack of the store records the same objects.
    #[error("{} are recorded in {stack}, and two stacks would change and delete the same objects", named(.objects))]
    Shared {
        /// The other stack.
        stack: StackId,
        /// The resources.
        objects: Vec<Address>,
    },
}

fn named(objects: &[Address]) -> String {
    let names: Vec<&str> = objects.iter().take(NAMED).map(Address::as_str).collect();
    match objects.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

impl DocumentError {
    pub(super) fn hint(&self) -> Vec<Advice> {
        match self {
            Self::NoFormat | Self::NoRecords | Self::NoKey | Self::Key(_) => vec![Advice::UseExport],
            Self::Keyring(error) => error.hint(),
            Self::Interrupted { .. } => vec![Advice::Recover],
            Self::Shared { .. } => vec![Advice::TakeOver],
            _ => Vec::new(),
        }
    }
}
