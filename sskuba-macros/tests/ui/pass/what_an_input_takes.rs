//! Values, outputs and secrets, wherever an input is wanted.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing {
    /// A text.
    text: Input<String>,
    /// A list.
    #[resource(default, item = "name")]
    names: Input<Vec<String>>,
    /// A map.
    #[resource(default, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// A secret.
    password: Option<Input<Secret<String>>>,
    /// The id.
    id: Computed<String>,
    /// A key.
    key: Computed<Secret<String>>,
}

fn program(stack: &mut Stack) -> Result {
    let a = stack.add("a", Thing::new("text").names(["x", "y"]).password("p").tag("k", "v"))?;
    let owned = String::from("text");
    stack.add("b", Thing::new(&owned).name(a.id()).tag("k", a.id()).password(a.key()))?;
    stack.add("c", Thing::new(a.id().map(|id| id + "!")).names(vec![a.id(), a.text()]))?;
    stack.add("d", Thing::new(a.key()).password(Secret::from("s")).names([a.id()]))?;
    stack.add("e", Thing::new(Secret::from("s")).password(a.id()).names(vec!["x"]))?.protect();
    let both = a.id().zip(&a.text()).map(|(id, text)| format!("{id} {text}"));
    stack.export("both", both);
    Ok(())
}

fn main() {
    let mut stack = Stack::new("local/demo/dev".parse().unwrap(), ConfigValues::default());
    assert!(program(&mut stack).is_ok());
    assert_eq!(stack.into_graph().unwrap().nodes().len(), 5);
}
