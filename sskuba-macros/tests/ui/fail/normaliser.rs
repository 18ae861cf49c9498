//! A normaliser that there is not.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A range.
    #[resource(normaliser = "cdir")]
    cidr: Input<String>,
    /// The id.
    id: Computed<String>,
}

fn main() {}
