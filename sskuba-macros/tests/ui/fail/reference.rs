//! A reference to what is no kind.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A network.
    #[resource(reference = "Network")]
    network: Input<String>,
    /// The id.
    id: Computed<String>,
}

fn main() {}
