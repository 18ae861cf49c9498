//! An idempotency that there is not.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing", idempotency = "tokens")]
struct Thing {
    /// The id.
    id: Computed<String>,
}

fn main() {}
