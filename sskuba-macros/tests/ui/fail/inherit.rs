//! Fields that cannot be taken from another resource.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A group that names no kind.
    group: Input<String>,
    /// The port.
    #[resource(default, inherit = "group.port")]
    port: Input<u16>,
    /// The id.
    #[resource(computed, id)]
    id: Computed<String>,
}

/// Another.
#[derive(Resource)]
#[resource(kind = "demo:x:Other")]
struct Other {
    /// Its group.
    #[resource(reference = "demo:x:Group")]
    group: Input<String>,
    /// The port, which the program gives anyway.
    #[resource(inherit = "group.port")]
    port: Input<u16>,
    /// The id.
    #[resource(computed, id)]
    id: Computed<String>,
}

fn main() {}
