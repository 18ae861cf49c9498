//! Configs compared with Talos's own: golden files, and its Go module through a driver.
//!
//! `SSKUBA_ORACLES` names a folder with golden data, and `SSKUBA_TALOS_DRIVER` the driver built from
//! `interop/talos/driver`. What needs one that is not there says that it was skipped.

mod bundle;
mod corpus;
mod damaged;
mod dice;
mod extras;
mod golden;
mod oracle;
mod panics;
mod patches;
mod random;
