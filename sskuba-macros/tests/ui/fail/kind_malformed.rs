//! A kind of two parts.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:Thing")]
struct Thing {
    /// The id.
    id: Computed<String>,
}

fn main() {}
