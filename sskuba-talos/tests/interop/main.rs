//! Configs compared with Talos's own: golden files, and its Go module through a driver.
//!
//! `SSKUBA_ORACLES` names a folder with golden data, and `SSKUBA_TALOS_DRIVER` the driver built from
//! `interop/talos/driver`. What needs one that is not there says that it was skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test: what fails is seen, what is skipped is said"
)]

mod bundle;
mod chains;
mod contracts;
mod corpus;
mod damaged;
mod dice;
mod extras;
mod golden;
mod oracle;
mod panics;
mod patches;
mod random;
mod schematics;
