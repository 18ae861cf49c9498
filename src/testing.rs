//! What providers and programs are tested with; behind the feature `testing`.

pub use sskuba_core::testing::provider_conformance::{Case, Findings, NotTried, assert_conforms, findings};
