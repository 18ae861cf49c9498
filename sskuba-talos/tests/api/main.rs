//! The machine API: one transcript for the machines of this crate and for those of Talos's own code, and what each
//! error looks like.
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod connection;
mod errors;
mod factory;
mod failures;
mod material;
mod peer;
mod peers;
mod transcript;
mod upgrades;
mod waits;
