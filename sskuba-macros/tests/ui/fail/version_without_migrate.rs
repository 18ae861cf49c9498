//! A second version that does not say what became of the fields of the first.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing", version = 2, idempotency = "token")]
struct Thing {
    /// The id.
    id: Computed<String>,
}

fn main() {}
