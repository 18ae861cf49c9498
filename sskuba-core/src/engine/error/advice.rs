//! What can be done about an error, as data: a command line says it as its commands and flags, a service in its own way.

use crate::address::Address;
use crate::state::StoreError;

/// What to do about an error of the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Advice {
    /// Wait until the stack is no longer in use.
    WaitFor,
    /// Break the lease, if its holder is dead.
    Unlock,
    /// Agree that what is not found is forgotten.
    AcceptGone,
    /// Import an object though the next run would replace it.
    EvenIfReplaced,
    /// Use the simulated world.
    Simulate,
    /// Use the real world.
    DoNotSimulate,
    /// Choose another stack.
    OtherStack,
    /// Resolve what was interrupted, which every run does first.
    Recover,
    /// Say what became of an interrupted create.
    Resolve(Address),
    /// Say of an interrupted create that it made nothing.
    NotCreated,
    /// Forget the records of these, if they are gone for good.
    ForgetGone(Vec<Address>),
    /// Forget the record of an address first.
    Forget(Address),
    /// Forget the record of an address, or give it another one.
    MakeRoom(Address),
    /// Forget the record, and import its object under the other kind.
    ImportAnew,
    /// Take the stack down, or forget what it records.
    Empty,
    /// List what is recorded.
    ListState,
    /// List the edits of the state.
    ListEdits,
    /// List the copies that runs left.
    ListBackups,
    /// Undo an edit all the same, and read afterwards what is really there.
    Force,
    /// Undo what a run did by another run.
    RunAgain,
    /// Show the run that was under way at a revision: by the revision that it began at.
    ShowRun(u64),
    /// Show the runs nearest to a revision.
    ShowNearest(Vec<u64>),
    /// Use a document as it was exported, whole.
    UseExport,
    /// See what of a damaged state can be read, or put another in its place.
    Repair,
    /// Put a copy of the stack in its place, or give its secrets up.
    GiveSecretsUp,
    /// Put a backup in the place of what is damaged, or import what was exported.
    PutBack,
    /// List the stacks of the store.
    ListStacks,
    /// Choose another name, or remove the stack that has this one.
    OtherName,
    /// Repair the state with the newer release that wrote a part of it.
    RepairWithNewer,
    /// Remove some tags.
    RemoveTags,
    /// Do what calls no provider.
    WithoutCalls,
}

impl Advice {
    /// Says what can be done about an error of a store.
    pub fn of_store(error: &StoreError) -> Vec<Self> {
        match error {
            StoreError::NoStack(_) => vec![Self::ListStacks],
            StoreError::Taken(_) => vec![Self::OtherName],
            StoreError::Corrupt { .. } => vec![Self::PutBack],
            _ => Vec::new(),
        }
    }
}
