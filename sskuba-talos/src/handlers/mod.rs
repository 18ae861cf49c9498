//! The handlers of the kinds: those that need no machine, and those that do.

#[cfg(feature = "client")]
mod api;
mod freshness;
mod local_kinds;
mod sealing;
mod talosconfig;
#[cfg(not(feature = "client"))]
mod without_client;

#[cfg(feature = "client")]
pub(crate) use api::{Api as Machines, machine_kind};
pub(crate) use freshness::without_renewal;
pub(crate) use local_kinds::LocalKinds;
#[cfg(not(feature = "client"))]
pub(crate) use without_client::{Machines, machine_kind};
