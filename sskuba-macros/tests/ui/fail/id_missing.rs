//! No field holds the provider's id.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    text: Input<String>,
}

fn main() {}
