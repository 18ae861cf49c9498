//! An input that says when something is renewed, and a moment that is secret or early.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// The id.
    id: Computed<String>,
    /// When it is renewed.
    #[resource(renew_at)]
    renew_at: Input<u64>,
    /// When it ends.
    #[resource(expires, secret)]
    expires: Computed<u64>,
    /// When it is renewed, too.
    #[resource(renew_at, early)]
    rotates: Computed<u64>,
}

fn main() {}
