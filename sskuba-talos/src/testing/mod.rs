//! Machines of Talos that exist only in this process: they speak the machine API over TLS on loopback addresses,
//! as far as the client uses it, and fail on demand. They know just enough of configs to know whose they are.
//!
//! What a machine of Talos's own code answers is checked with the same transcript (`tests/api`).

mod cluster;
mod fleet;
mod images;
mod machine_service;
mod node;
mod resource_service;
mod serve;
mod streams;
mod trouble;

pub use fleet::{FakeMachine, Fleet};
