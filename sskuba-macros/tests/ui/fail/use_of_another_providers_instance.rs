//! An instance of another provider.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    text: Input<String>,
    /// The id.
    id: Computed<String>,
}

/// An instance of another provider.
#[derive(Resource)]
#[resource(kind = "other:provider:Instance")]
struct Other {
    /// The region.
    #[resource(place)]
    region: Input<String>,
    /// The id.
    id: Computed<String>,
}

fn program(stack: &mut Stack) -> Result {
    let other = stack.add("other", Other::new("here"))?;
    stack.add("b", Thing::new("x"))?.provider(&other);
    Ok(())
}

fn main() {}
