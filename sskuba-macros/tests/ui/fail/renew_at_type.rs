//! A moment of a type that cannot say when.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// The id.
    id: Computed<String>,
    /// When it is renewed.
    #[resource(renew_at)]
    renew_at: Computed<bool>,
}

fn main() {}
