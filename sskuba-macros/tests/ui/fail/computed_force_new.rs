//! A computed field that forces a replacement.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// The id.
    #[resource(computed, force_new)]
    id: Computed<String>,
}

fn main() {}
