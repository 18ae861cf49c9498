//! Expressions: inputs as a program writes them, before the values that they use are known.

mod evaluate;
mod options;
#[cfg(test)]
mod tests;
mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use self::options::{Draft, Options, Transform};
pub use self::tree::Joined;

use crate::address::Address;
use crate::schema::Text;
use crate::value::Value;

/// A declared resource, as its handle and the outputs taken from it know it. Cheap to clone.
#[derive(Clone)]
pub struct NodeRef(Arc<NodeCell>);

struct NodeCell {
    stack: StackMark,
    index: u32,
    address: Address,
    options: Mutex<Options>,
}

/// Tells the stacks of a process apart.
#[derive(Clone, Debug, Default)]
pub struct StackMark(Arc<u8>);

impl PartialEq for StackMark {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl NodeRef {
    /// Makes the reference of the stack's node number `index`.
    pub fn new(stack: StackMark, index: u32, address: Address, options: Options) -> Self {
        Self(Arc::new(NodeCell { stack, index, address, options: Mutex::new(options) }))
    }

    /// Returns the number of the node in its stack.
    pub fn index(&self) -> u32 {
        self.0.index
    }

    /// Returns the address.
    pub fn address(&self) -> &Address {
        &self.0.address
    }

    /// Tells whether the node belongs to the stack of this mark.
    pub fn belongs_to(&self, stack: &StackMark) -> bool {
        self.0.stack == *stack
    }

    /// Changes the options.
    pub fn configure(&self, change: impl FnOnce(&mut Options)) {
        change(&mut self.0.options.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns a copy of the options.
    pub fn options(&self) -> Options {
        self.0.options.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.address, f)
    }
}

/// Options keep other nodes, and those others: a chain of any length is dropped by a loop.
impl Drop for NodeCell {
    fn drop(&mut self) {
        let mut todo = self.take_nodes();
        while let Some(node) = todo.pop() {
            if let Some(mut cell) = Arc::into_inner(node.0) {
                todo.extend(cell.take_nodes());
            }
        }
    }
}

impl NodeCell {
    fn take_nodes(&mut self) -> Vec<NodeRef> {
        self.options.get_mut().unwrap_or_else(PoisonError::into_inner).take_nodes()
    }
}

/// Takes an input that was not given from the resource of `kind` whose field the input `by` is, or the first item of it that
/// is a resource's field; for generated code.
pub fn inherit(
    inputs: &mut BTreeMap<Text, Expr>,
    name: &'static str,
    (by, kind): (&str, &str),
    theirs: &'static str,
) {
    let given = inputs.get(name).is_some_and(|expr| !matches!(expr, Expr::Value(Value::Null)));
    let node = match inputs.get(by) {
        Some(Expr::Field(node, _)) => Some(node.clone()),
        Some(Expr::Joined(joined)) => joined.first_item(),
        _ => None,
    };
    if let Some(node) = node.filter(|node| !given && node.address().kind_str() == kind) {
        inputs.insert(Text::Borrowed(name), Expr::Field(node, Text::Borrowed(theirs)));
    }
}

/// An expression over constants and the fields of other resources.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Expr {
    /// A constant.
    Value(Value),
    /// A field of another resource.
    Field(NodeRef, Text),
    /// Made of other expressions.
    Joined(Joined),
    /// A value that could not be made; says why.
    Invalid(String),
}
