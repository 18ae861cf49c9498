//! Stores: where stacks are recorded. The only modules of this crate that touch files.

mod ephemeral;
mod memory;
mod sled;
mod url;

pub use self::ephemeral::EphemeralKeyring;
pub use self::memory::Memory;
pub use self::sled::Sled;
pub use self::url::{StoreUrl, Stores, parse};
