//! Declarative infrastructure as a Rust program.
pub use sskuba_core as core;
