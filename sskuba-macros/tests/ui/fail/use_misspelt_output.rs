//! An output that there is not.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    text: Input<String>,
    /// Labels.
    #[resource(default, entry = "tag")]
    tags: Input<std::collections::BTreeMap<String, String>>,
    /// How many.
    #[resource(default = 1_u32)]
    count: Input<u32>,
    /// The id.
    id: Computed<String>,
    /// A key.
    key: Computed<Secret<String>>,
}

fn program(stack: &mut Stack) -> Result {
    let a = stack.add("a", Thing::new("x"))?;
    stack.export("id", a.identifier());
    Ok(())
}

fn main() {}
