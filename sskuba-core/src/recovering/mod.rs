//! Recovering: finds out what became of calls whose answer nobody has, and brings them to an end.

mod pending;
mod recover;

pub use pending::{Unresolved, recover_all};
pub(crate) use pending::{can_be_found, find_made};
pub(crate) use recover::{read, resolve};
