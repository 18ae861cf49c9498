//! Talos Linux for `sskuba`: the secrets of a cluster, machine configs, the machine API, and clusters of machines
//! as typed resources. Everything is there as plain functions too.

pub mod api;
#[cfg(feature = "client")]
pub mod client;
pub mod config;
pub mod contract;
pub mod credentials;
mod handlers;
mod locator;
pub mod patch;
mod pki;
pub mod problem;
mod provider;
pub mod resources;
mod schema;
pub mod schematic;
pub mod secrets;
#[cfg(feature = "testing")]
pub mod testing;
pub mod validate;
pub mod yaml;

#[cfg(feature = "client")]
pub use provider::provider_with;
pub use provider::{provider, schemas};
