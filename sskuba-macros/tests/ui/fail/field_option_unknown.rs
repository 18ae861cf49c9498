//! Options that fields do not have, on two fields at once.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    #[resource(forcenew)]
    text: Input<String>,
    /// A number.
    #[resource(defualt = 1)]
    number: Input<u32>,
    /// The id.
    id: Computed<String>,
}

fn main() {}
