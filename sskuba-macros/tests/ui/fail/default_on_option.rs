//! An optional field with a default.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    #[resource(default = String::new())]
    text: Option<Input<String>>,
    /// The id.
    id: Computed<String>,
}

fn main() {}
