//! A duration that no number holds.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing", create = "999999999999999999m")]
struct Thing {
    /// The id.
    id: Computed<String>,
}

fn main() {}
