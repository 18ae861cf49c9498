//! A resource without a kind.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(version = 2)]
struct Thing {
    /// The id.
    id: Computed<String>,
}

fn main() {}
