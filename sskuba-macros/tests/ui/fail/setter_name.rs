//! A setter whose name is no name.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// Labels.
    #[resource(default, entry = "a tag")]
    tags: Input<std::collections::BTreeMap<String, String>>,
    /// The id.
    id: Computed<String>,
}

fn main() {}
