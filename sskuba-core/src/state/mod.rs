//! State: what the engine knows of a stack, how it is recorded, and what a store must do.

mod age;
mod edit;
mod format;
mod ids;
mod journal;
mod places;
mod plain;
mod record;
mod remains;
mod replay;
mod seal;
mod secrecy;
mod store;
#[cfg(test)]
mod tests;

pub use age::{AgeKeyring, Passphrase};
pub use edit::{Edit, EditObstacle};
pub use format::{Codec, FORMAT, FormatError, from_text, to_text};
pub use journal::{Cause, Counts, Entry, Intent, Outcome, RunResult, StackRead, Verb};
pub use record::{Flags, PlaceId, Record, Status};
pub use remains::{Anew, Backup, Leftovers, Origin, Remains};
pub use replay::{State, TransitionError};
pub use seal::{DataKey, Keyring, KeyringError, SealError};
pub use store::{Damage, Fold, Holder, Image, Lease, Owner, Records, StateStore, StoreError};
