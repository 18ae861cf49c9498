//! A field that is neither input nor computed.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    text: String,
    /// The id.
    id: Computed<String>,
}

fn main() {}
