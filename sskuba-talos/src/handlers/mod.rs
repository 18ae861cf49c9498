//! The handlers of the kinds: those that need no machine, and those that do.

#[cfg(not(feature = "client"))]
mod absent;
#[cfg(feature = "client")]
mod api;
mod here;

#[cfg(not(feature = "client"))]
pub(crate) use absent::{Machines, machine_kind};
#[cfg(feature = "client")]
pub(crate) use api::{Api as Machines, machine_kind};
pub(crate) use here::Here;
