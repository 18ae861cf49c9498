//! Resources of kinds that are no Rust types: their provider learns them at run time.

use std::collections::BTreeMap;

use crate::address::Kind;
use crate::expr::{Expr, NodeRef, Options};
use crate::output::{AnyInput, AsNode, Configure, Input, Output};
use crate::schema::Text;
use crate::value::{FieldPath, Segment, Value};

/// A resource of a kind that its provider learns at run time, such as one that a cluster defines.
///
/// Its fields are checked when the plan is made, by the schema that the provider gives.
///
/// ```
/// use sskuba_core::prelude::*;
/// use sskuba_core::stack::Dynamic;
///
/// # fn program(stack: &mut Stack) -> Result {
/// let widget = Dynamic::new("demo:crd:Widget").set("name", "left").set("spec.size", 3).set("spec.team", "data");
/// let widget = stack.add_dynamic("left", widget)?.ignore_changes(["spec.team"]);
/// stack.export("phase", widget.field::<String>("status.phase"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Dynamic {
    pub(super) kind: String,
    pub(super) inputs: BTreeMap<Text, Expr>,
    pub(super) mistakes: Vec<String>,
}

impl Dynamic {
    /// Starts a resource of a kind, written `provider:module:Type`.
    pub fn new(kind: impl Into<String>) -> Self {
        Self { kind: kind.into(), inputs: BTreeMap::new(), mistakes: Vec::new() }
    }

    /// Sets a field, or a part of one: `spec.size`. The maps that lead there are made.
    #[must_use]
    pub fn set(mut self, path: &str, value: impl AnyInput) -> Self {
        match FieldPath::parse(path) {
            Ok(path) => {
                let old = self.inputs.remove(path.field()).unwrap_or(Expr::Value(Value::Null));
                match put(old, path.rest(), value.into_expr()) {
                    Ok(expr) => drop(self.inputs.insert(Text::Owned(path.field().to_owned()), expr)),
                    Err(why) => self.mistakes.push(format!("`{path}`: {why}")),
                }
            }
            Err(error) => self.mistakes.push(error.to_string()),
        }
        self
    }

    pub(super) fn parsed_kind(&self) -> Result<Kind, crate::address::NameError> {
        Kind::parse(&self.kind)
    }
}

/// Puts a value at a path into an expression.
fn put(into: Expr, path: &[Segment], value: Expr) -> Result<Expr, &'static str> {
    let Some((first, rest)) = path.split_first() else { return Ok(value) };
    let Segment::Key(key) = first else { return Err("only entries of maps are set by their path") };
    let mut into = into;
    let inner = into.take_entry(key).ok_or("what was set there before is no map")?;
    let mut map = Input::<BTreeMap<String, serde_json::Value>>::from_expr(into);
    map.insert(key.clone(), Input::from_expr(put(inner, rest, value)?));
    Ok(map.into_expr())
}

/// A declared resource of a kind that is learned at run time.
#[derive(Debug, Clone)]
pub struct DynamicHandle(pub(super) NodeRef);

impl DynamicHandle {
    /// Returns a field, or a part of one, as it will be: `status.phase`. Nothing, where there is no such part.
    pub fn field<T>(&self, path: &str) -> Output<T> {
        Output::from_expr(match FieldPath::parse(path) {
            Ok(path) => Expr::Field(self.0.clone(), Text::Owned(path.field().to_owned())).part(path.rest()),
            Err(error) => Expr::Invalid(error.to_string()),
        })
    }
}

impl AsNode for DynamicHandle {
    fn node(&self) -> &NodeRef {
        &self.0
    }
}

impl Configure for DynamicHandle {
    fn configure(self, change: impl FnOnce(&mut Options)) -> Self {
        self.0.configure(change);
        self
    }
}
