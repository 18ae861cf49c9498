//! State: what the engine knows of a stack, how it is recorded, and what a store must do.

mod age;
mod seal;
mod store;

pub use self::age::AgeKeyring;
pub use seal::{DataKey, Keyring, KeyringError, SealError};
pub use store::{Fold, Holder, Image, Lease, Owner, StateStore, StoreError};
