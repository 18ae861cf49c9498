//! The journal: what a stack's entries are written to under its lease, and how its state is read back, also where some
//! of it is damaged.

mod gather;
mod lease_guard;
mod log;
mod replay;
mod salvage;

pub(crate) use gather::gather;
pub(crate) use lease_guard::LeaseGuard;
pub(crate) use log::whole;
pub use log::{Journal, JournalError};
pub use replay::replay;
pub use salvage::{Finding, Salvage, Unreadable, salvage};
