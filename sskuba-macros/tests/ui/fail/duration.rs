//! Durations that are none.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing", create = "soon")]
struct Thing {
    /// The id.
    id: Computed<String>,
}

fn main() {}
