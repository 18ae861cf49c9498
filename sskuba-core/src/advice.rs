//! What can be done about an error or a finding, as data: a command line says it as its commands and flags, a service in
//! its own way, or in the neutral words of [`Advice`]'s `Display`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::Address;

/// What to do about an error of the engine, a problem of a plan or a failed call.
///
/// ```
/// use sskuba_core::engine::Advice;
/// let advice = Advice::ListStacks;
/// assert_eq!(advice.to_string(), "list the stacks of the store");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Insist that an interrupted create made nothing.
    Insist,
    /// Have the next run record what an interrupted create made, or say that it is that.
    TakeFound {
        /// The resource.
        address: Address,
        /// The id of the object.
        id: String,
    },
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
    /// Give the other stack the new name, or have it forget its objects first.
    TakeOver,
    /// See what of a damaged state can be read, or put another in its place.
    Repair,
    /// Put a copy of the stack in its place, or give its secrets up.
    GiveSecretsUp,
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
    /// Set these keys of the stack's configuration.
    Configure(Vec<String>),
    /// Give the passphrase that the stack's secrets are sealed with.
    GivePassphrase,
    /// Give an identity that opens the stack's secrets, or have one added to the recipients.
    GiveIdentity,
    /// Give the engine a keyring that outlives the process.
    LastingKeyring,
    /// Make a new plan.
    PlanAnew,
    /// Make a new plan and save it.
    SavePlan,
    /// Remove the protection in the program, and apply that first.
    UnprotectFirst,
    /// Remove the protection from the record of an address.
    Unprotect(Address),
    /// Leave a resource out of the plan.
    LeaveOut,
    /// Leave out a resource and the one that needs it, or neither.
    LeaveOutBoth,
    /// Have the plan be about that resource, too.
    TargetToo,
    /// Have the plan be about what needs its targets, too.
    TargetDependents,
    /// Declare a resource again.
    DeclareAgain,
    /// Remove the other resource from the program, too.
    RemoveToo,
    /// Delete the object of an address by hand, and forget its record.
    DeleteByHand(Address),
    /// Forget the record of an address, which no provider of the program can act on.
    ForgetUnknown(Address),
    /// Import an object that is there already.
    Import {
        /// The resource that it becomes.
        address: Address,
        /// The object's id.
        id: String,
    },
    /// Say of an interrupted create what it made, by an id that is known, or that it made nothing.
    ResolveAs {
        /// The address.
        address: Address,
        /// The id.
        id: String,
    },
    /// Read what is really there, and apply again.
    RefreshFirst,
    /// Apply the program, and then do again what failed.
    ApplyFirst,
    /// Have a resource replaced.
    Replace,
    /// Allow fewer calls at once.
    FewerCalls,
}

/// Neutral words, for programs that have none of their own.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WaitFor => "wait until the stack is free",
            Self::Unlock => "break the lease if its holder is dead",
            Self::AcceptGone => "agree to forget them if they are gone for good",
            Self::EvenIfReplaced => "import it though the next run replaces it",
            Self::Simulate => "use the simulated world",
            Self::DoNotSimulate => "use the real world",
            Self::OtherStack => "choose another stack",
            Self::Recover => "start a run, which resolves what was interrupted",
            Self::NotCreated => "say that nothing was created if there is none",
            Self::Insist => "insist that nothing was created if you know that better",
            Self::ImportAnew => "forget the record and import the object under the other kind",
            Self::Empty => "take the stack down first, or forget what it records",
            Self::ListState => "list what is recorded",
            Self::ListEdits => "list the edits of the state",
            Self::ListBackups => "list the copies that runs left",
            Self::Force => "undo it all the same and read what is really there",
            Self::RunAgain => "undo what a run did by another run",
            Self::UseExport => "use the exported document, whole",
            Self::TakeOver => "give that stack the new name, or have it forget them first",
            Self::Repair => "see what of the state can still be read, or put a copy in its place",
            Self::GiveSecretsUp => "put a copy of the stack in its place, or give its secrets up",
            Self::ListStacks => "list the stacks of the store",
            Self::OtherName => "choose another name, or remove that stack first",
            Self::RepairWithNewer => "repair the state with the release that wrote it",
            Self::RemoveTags => "remove some tags",
            Self::WithoutCalls => "do what calls no provider",
            Self::GivePassphrase => "give the passphrase",
            Self::GiveIdentity => "give an identity that opens them, or ask a recipient to add yours",
            Self::LastingKeyring => "give the engine a keyring that outlives the process",
            Self::PlanAnew => "make a new plan",
            Self::SavePlan => "make a new plan and save it",
            Self::UnprotectFirst => "remove `.protect()` from its declaration and apply that first",
            Self::LeaveOut => "leave it out",
            Self::LeaveOutBoth => "leave both out, or neither",
            Self::TargetToo => "target that too",
            Self::TargetDependents => "target dependents as well",
            Self::DeclareAgain => "declare it again",
            Self::RemoveToo => "remove that too",
            Self::RefreshFirst => "read what is really there, and apply again",
            Self::ApplyFirst => "apply the program first, then do this again",
            Self::Replace => "have it replaced",
            Self::FewerCalls => "allow fewer calls at once",
            about => return about.fmt_about(f),
        })
    }
}

impl Advice {
    /// Writes the advice that names something.
    fn fmt_about(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resolve(address) => write!(f, "say what became of {address}"),
            Self::ResolveAs { address, id } => {
                write!(f, "say that {address} is {id}, or that it was not created")
            }
            Self::TakeFound { address, id } => {
                write!(f, "have the next run record it, or say that {address} is {id}")
            }
            Self::ForgetGone(addresses) => {
                let names: Vec<&str> = addresses.iter().map(Address::as_str).collect();
                write!(f, "forget {} if it is gone for good", names.join(", "))
            }
            Self::Forget(address) => write!(f, "forget the record of {address} first"),
            Self::ForgetUnknown(address) => write!(f, "forget the record of {address}"),
            Self::MakeRoom(address) => write!(f, "move or forget the record of {address} first"),
            Self::ShowRun(at) => write!(f, "show the run of revision {at}"),
            Self::ShowNearest(revisions) => {
                let shown: Vec<String> = revisions.iter().map(ToString::to_string).collect();
                write!(f, "show the nearest runs, of revision {}", shown.join(" and "))
            }
            Self::Configure(keys) => write!(f, "set {}", keys.join(", ")),
            Self::Unprotect(address) => write!(f, "take the protection from the record of {address}"),
            Self::DeleteByHand(address) => write!(f, "delete it by hand and forget the record of {address}"),
            Self::Import { address, id } => write!(f, "import {id} as {address}"),
            _ => Ok(()),
        }
    }
}
