//! What the tests of sskuba share. Never published.

pub mod store_conformance;
