//! What is no provider instance, given as one.

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
    let a = stack.add("a", Thing::new("x"))?;
    stack.add("b", Thing::new("x"))?.provider(&a);
    stack.scope("c")?.provider(&a).add("d", Thing::new("x"))?;
    Ok(())
}

fn main() {}
