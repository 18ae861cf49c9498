//! An option that kinds do not have.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing", forcenew)]
struct Thing {
    /// The id.
    id: Computed<String>,
}

fn main() {}
