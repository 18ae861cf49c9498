//! Talos Linux for `sskuba`: the secrets of a cluster, machine configs, the machine API, and clusters of machines
//! as typed resources. Everything is there as plain functions too.

pub mod contract;
pub mod credentials;
mod pki;
pub mod secrets;
pub mod yaml;
