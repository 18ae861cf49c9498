//! What the tests of sskuba share. Never published.

pub mod around;
pub mod aws;
mod example;
pub mod fuzzing;
pub mod model;
pub mod store_conformance;

pub use example::example;
