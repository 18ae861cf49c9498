//! An input that is volatile.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    #[resource(volatile)]
    text: Input<String>,
    /// The id.
    id: Computed<String>,
}

fn main() {}
