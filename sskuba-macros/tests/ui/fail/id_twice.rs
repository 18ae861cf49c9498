//! Two fields hold the provider's id.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A number.
    #[resource(computed, id)]
    number: Computed<String>,
    /// Another.
    #[resource(computed, id)]
    other: Computed<String>,
}

fn main() {}
