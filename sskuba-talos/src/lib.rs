//! Talos Linux for `sskuba`: the secrets of a cluster, machine configs, the machine API, and clusters of machines
//! as typed resources. Everything is there as plain functions too.

pub mod api;
#[cfg(feature = "client")]
pub mod client;
pub mod config;
pub mod contract;
pub mod credentials;
mod locator;
pub mod patch;
mod pki;
pub mod problem;
mod schema;
pub mod schematic;
pub mod secrets;
#[cfg(feature = "testing")]
pub mod testing;
pub mod validate;
pub mod yaml;
