//! What a state store must do. It moves bytes: what they mean is the format's business.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::remains::{Anew, Backup, Leftovers, Remains};
use crate::address::StackId;
use crate::advice::Advice;
use crate::clock::Timestamp;

/// Who wants to write a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The user's name.
    pub user: String,
    /// The host's name.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// What it runs, e.g. `up`.
    pub command: String,
}

/// Who holds a stack, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who.
    pub owner: Owner,
    /// Since when.
    pub since: Timestamp,
    /// The lease's fencing number.
    pub fence: u64,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Owner { user, host, pid, command } = &self.owner;
        write!(f, "{user}@{host}, process {pid}, running `{command}` since {}", self.since)
    }
}

/// The right to write a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The stack.
    pub stack: StackId,
    /// A number that grows with every lease of the stack; the store refuses an older one.
    pub fence: u64,
    /// How often it has to be renewed, and it lasts three times as long; none if it lasts as long as the process.
    pub renew_every: Option<Duration>,
}

/// All that is stored of a stack at one durable revision.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Image {
    /// The revision: the number of the last durable entry.
    pub revision: u64,
    /// Small values by key: the sealed data key, the format.
    pub meta: BTreeMap<String, Vec<u8>>,
    /// Folded records by key, in the order of their keys.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// Entries that are not folded yet, with their revisions, ascending.
    pub journal: Vec<(u64, Vec<u8>)>,
    /// What the store noticed that is not as it was written, though it can be read: some of the above may be missing
    /// or old.
    pub damage: Option<Damage>,
}

/// What a store noticed that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// Which part.
    pub key: String,
    /// The file or table.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
}

impl From<Damage> for StoreError {
    fn from(Damage { key, place, why }: Damage) -> Self {
        Self::Corrupt { key, place, why }
    }
}

/// Folds entries into records: done wholly or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fold {
    /// Entries up to this revision leave the journal.
    pub upto: u64,
    /// What becomes of the records.
    pub records: Records,
    /// Entries to add to the history, with their revisions.
    pub history: Vec<(u64, Vec<u8>)>,
    /// Small values to write.
    pub meta: Vec<(String, Vec<u8>)>,
}

/// What a fold makes of the records. Whoever writes all of them cannot forget to remove the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    /// Some are written and some go; what is not named stays.
    Some {
        /// Those to write, by their keys.
        put: Vec<(Vec<u8>, Vec<u8>)>,
        /// The keys of those to remove.
        delete: Vec<Vec<u8>>,
    },
    /// These are all there are from now on: whatever else is stored goes, whether it can be read or not.
    All(Vec<(Vec<u8>, Vec<u8>)>),
}

impl Default for Records {
    fn default() -> Self {
        Self::put(Vec::new())
    }
}

impl Records {
    /// Writes some records, and leaves the others.
    pub fn put(put: Vec<(Vec<u8>, Vec<u8>)>) -> Self {
        Self::Some { put, delete: Vec::new() }
    }

    /// Returns what is written.
    pub fn written(&self) -> &[(Vec<u8>, Vec<u8>)] {
        match self {
            Self::Some { put, .. } | Self::All(put) => put,
        }
    }
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another program holds the stack.
    #[error("stack {stack} is in use by {holder}")]
    Busy {
        /// The stack.
        stack: StackId,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// The lease was taken over.
    #[error(
        "the lease of stack {stack} (number {fence}) was taken over by a newer one ({newest}); nothing more is \
         written by this program, the newer holder resolves what was under way"
    )]
    Fenced {
        /// The stack.
        stack: StackId,
        /// The lease's number.
        fence: u64,
        /// The newest lease's number.
        newest: u64,
    },
    /// The lease was given back or broken.
    #[error(
        "the lease of stack {stack} (number {fence}) was given back or broken; nothing more is written under it, \
         take a new one"
    )]
    NotHeld {
        /// The stack.
        stack: StackId,
        /// The lease's number.
        fence: u64,
    },
    /// Somebody else wrote in between.
    #[error("stack {stack} is at revision {found}, not at {expected}; somebody else wrote in between")]
    Conflict {
        /// The stack.
        stack: StackId,
        /// The revision that the writer knew.
        expected: u64,
        /// The revision that is there.
        found: u64,
    },
    /// There is no such stack.
    #[error("there is no stack {0} in this store")]
    NoStack(StackId),
    /// There is such a stack already.
    #[error("there is a stack {0} in this store already")]
    Taken(StackId),
    /// What is stored cannot be read.
    #[error("the record `{key}` of {place} is damaged: {why}")]
    Corrupt {
        /// The record's key.
        key: String,
        /// The file or table.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// The medium failed: full, read-only, gone.
    #[error("failed to {action} {place}: {error}{}", remedy(.error))]
    Io {
        /// What was tried, e.g. `open`.
        action: &'static str,
        /// The file or table.
        place: String,
        /// The system's answer.
        error: std::io::Error,
    },
    /// The store cannot do this.
    #[error("{0}")]
    Unsupported(String),
}

impl StoreError {
    /// Says what can be done, best first; none where the error's own text is all that there is to say.
    pub fn hint(&self) -> Vec<Advice> {
        match self {
            Self::NoStack(_) => vec![Advice::ListStacks],
            Self::Taken(_) => vec![Advice::OtherName],
            Self::Corrupt { .. } => vec![Advice::Repair],
            _ => Vec::new(),
        }
    }
}

fn remedy(error: &std::io::Error) -> &'static str {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            "; free some space and run again: nothing that was recorded is lost"
        }
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            "; make the folder writable, or choose another"
        }
        _ => "",
    }
}

/// A place where stacks are recorded.
///
/// # Contract
/// - [`append`](Self::append) returns after the entries are durable, all of them or none; its entries get the
///   revisions `base + 1`, `base + 2`, …
/// - Every write refuses a lease that is not the newest ([`StoreError::Fenced`]) or was given back
///   ([`StoreError::NotHeld`]); `append` also a `base` that is not the stack's revision, `fold` an `upto` beyond
///   it ([`StoreError::Conflict`]).
/// - [`load`](Self::load) sees every acknowledged append and nothing that could still be lost, and works while
///   another process writes.
/// - The bytes written by an append depend on its entries alone, not on the size of the stack.
///
/// # Guarantees
/// The engine uses one lease at a time per stack and never two appends at once.
///
/// # Assumptions
/// None about the bytes.
///
/// # Errors
/// [`StoreError`]; after one of `append` the caller treats the entries as not durable.
///
/// # Example
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use sskuba_core::state::{Owner, StateStore};
/// use sskuba_core::stores::Memory;
///
/// let store = Memory::default();
/// let stack = "local/demo/dev".parse()?;
/// let owner = Owner { user: "ann".into(), host: "desk".into(), pid: 1, command: "up".into() };
/// let lease = store.acquire(&stack, &owner).await?;
/// assert_eq!(store.append(&lease, 0, vec![b"first".to_vec()]).await?, 1);
/// store.release(&lease).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[async_trait]
pub trait StateStore: Send + Sync + fmt::Debug {
    /// Says where it is, for messages, e.g. `sled:/home/ann/demo/.sskuba/state`.
    fn place(&self) -> String;

    /// Lists the stacks.
    async fn stacks(&self) -> Result<Vec<StackId>, StoreError>;

    /// Returns what is stored of a stack; none if there is no such stack.
    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError>;

    /// Takes the stack's lease; makes the stack if there is none.
    async fn acquire(&self, stack: &StackId, owner: &Owner) -> Result<Lease, StoreError>;

    /// Renews a lease.
    async fn renew(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Gives a lease back.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;

    /// Gives a lease back, and leaves nothing in the store's files of what is no longer stored: values that became secret
    /// were in the clear before. Copies of earlier runs go with that. Where that was done, the small values `done` are
    /// stored. The default has no such files.
    async fn release_renewed(&self, lease: &Lease, done: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        for (key, value) in done {
            self.put_meta(lease, &key, value).await?;
        }
        self.release(lease).await
    }

    /// Lets go of a lease whose holder was dropped: called where nothing can be awaited, so what has to be done is done
    /// in the background. What was appended stays. The default leaves the lease to end by its time.
    fn abandon(&self, lease: &Lease) {
        let _ = lease;
    }

    /// Says who holds the stack.
    async fn holder(&self, stack: &StackId) -> Result<Option<Holder>, StoreError>;

    /// Asks the program that holds the stack to stop as soon as what it has begun has ended; says who that is, none if
    /// nobody holds it. Whether it does so is the holder's affair: see [`stop_requests`](Self::stop_requests). The
    /// default cannot ask.
    async fn ask_to_stop(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        match self.holder(stack).await? {
            None => Ok(None),
            Some(holder) => Err(StoreError::Unsupported(format!(
                "{} cannot ask {holder} to stop; press Ctrl-C there",
                self.place()
            ))),
        }
    }

    /// Returns what is cancelled when somebody asks the holder of this lease to stop. The default is never.
    async fn stop_requests(&self, _lease: &Lease) -> Result<CancellationToken, StoreError> {
        Ok(CancellationToken::new())
    }

    /// Breaks the lease of a holder that is known to be dead; says whose it was. A live holder of a store whose
    /// lease is a lock of the operating system cannot be broken: [`StoreError::Busy`].
    async fn unlock(&self, stack: &StackId) -> Result<Option<Holder>, StoreError>;

    /// Appends entries to the journal and makes them durable; returns the new revision.
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError>;

    /// Folds entries into records. With [`Records::All`] nothing else is left of the records that there were.
    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError>;

    /// Takes what a fold of everything would write: [`Records::All`] that is recorded, and `history`, the entries that
    /// belong there. A store may give it to readers instead of its records and entries, until the next write; nothing else
    /// changes. The default has no use for it.
    async fn offer(&self, _lease: &Lease, _fold: Fold) -> Result<(), StoreError> {
        Ok(())
    }

    /// Writes one small value, durably.
    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError>;

    /// Returns the newest `limit` entries of the history, newest first.
    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError>;

    /// Returns all that is left of a stack, for a repair. Of a stack that this program does not hold nothing is changed.
    /// The default has its database.
    async fn remains(&self, stack: &StackId) -> Result<Leftovers, StoreError> {
        let parts: Vec<_> = self.load(stack).await?.map(Remains::of_database).into_iter().collect();
        let acknowledged = parts.first().map_or(0, |part| part.image.revision);
        Ok(Leftovers { broken: None, acknowledged, parts })
    }

    /// Lists the copies of earlier runs, the newest first. The default keeps none.
    async fn backups(&self, _stack: &StackId) -> Result<Vec<Backup>, StoreError> {
        Ok(Vec::new())
    }

    /// Reads the copy of an earlier run; none if there is none of that name, or it is damaged.
    async fn backup(&self, _stack: &StackId, _name: &str) -> Result<Option<Remains>, StoreError> {
        Ok(None)
    }

    /// Makes a stack anew whose database cannot be read, and keeps all that is there; says where. Done wholly or not
    /// at all. The default cannot.
    async fn rebuild(&self, stack: &StackId, _anew: Anew) -> Result<String, StoreError> {
        Err(StoreError::Unsupported(format!(
            "failed to make {stack} anew: {} cannot do that; restore a backup of it",
            self.place()
        )))
    }

    /// Moves a stack that cannot be opened out of the way, unless somebody holds it; says where it is now. The
    /// default cannot.
    async fn set_aside(&self, stack: &StackId) -> Result<String, StoreError> {
        Err(StoreError::Unsupported(format!(
            "failed to move {stack} aside: {} cannot do that; restore a backup of it",
            self.place()
        )))
    }

    /// Ends a removal that was cut short; tells whether there was anything left to remove. The default has no halves.
    async fn finish_removal(&self, _stack: &StackId) -> Result<bool, StoreError> {
        Ok(false)
    }

    /// Gives a stack that nobody holds another name, with its history and its copies: done wholly or not at all.
    /// Refuses one that is held ([`StoreError::Busy`]), one that is not there ([`StoreError::NoStack`]), and a name that
    /// another stack has ([`StoreError::Taken`]). The default cannot.
    async fn rename(&self, stack: &StackId, to: &StackId) -> Result<(), StoreError> {
        Err(StoreError::Unsupported(format!(
            "failed to rename {stack} to {to}: {} cannot do that; export its state, and import that under the new name",
            self.place()
        )))
    }

    /// Removes the stack and all that is recorded of it, and ends the lease.
    async fn remove(&self, lease: &Lease) -> Result<(), StoreError>;
}
