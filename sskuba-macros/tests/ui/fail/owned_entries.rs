//! A path in an attribute has to lead into its own field.

use sskuba_core::prelude::*;

/// A page.
#[derive(Resource)]
#[resource(kind = "wiki:page:Page", idempotency = "tag")]
struct Page {
    /// What it is like.
    #[resource(owned_entries = "spec.labels, labels", force_new = "spec..kind")]
    spec: Input<serde_json::Value>,
    /// The number.
    #[resource(computed, id)]
    id: Computed<String>,
}

fn main() {}
