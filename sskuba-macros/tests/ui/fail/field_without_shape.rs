//! A field of a type that has no shape.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A place.
    place: Input<std::time::Duration>,
    /// The id.
    id: Computed<String>,
}

fn main() {}
