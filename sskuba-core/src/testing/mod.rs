//! What authors of providers test theirs with; behind the feature `testing`.

pub mod provider_conformance;
