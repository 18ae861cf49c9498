//! Expressions: inputs as a program writes them, before the values that they use are known.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use crate::address::Address;
use crate::lifecycle::Lifecycle;
use crate::value::Value;

/// A declared resource, as its handle and the outputs taken from it know it. Cheap to clone.
#[derive(Clone)]
pub struct NodeRef(Arc<NodeCell>);

struct NodeCell {
    stack: StackMark,
    index: u32,
    address: Address,
    options: Mutex<NodeOptions>,
}

/// Tells the stacks of a process apart.
#[derive(Clone, Debug, Default)]
pub struct StackMark(Arc<u8>);

impl PartialEq for StackMark {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// What may be set on a resource after it was added.
#[derive(Clone, Default, Debug)]
pub struct NodeOptions {
    /// Plain options.
    pub lifecycle: Lifecycle,
    /// Resources that come first though no input uses them.
    pub depends_on: Vec<NodeRef>,
    /// The provider instance, if not the default one.
    pub provider: Option<NodeRef>,
    /// The resource whose delete takes this one with it.
    pub deleted_with: Option<NodeRef>,
    /// Mistakes in the options, reported when the graph is built.
    pub mistakes: Vec<String>,
}

impl NodeRef {
    /// Makes the reference of the stack's node number `index`.
    pub fn new(stack: StackMark, index: u32, address: Address, options: NodeOptions) -> Self {
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
    pub fn configure(&self, change: impl FnOnce(&mut NodeOptions)) {
        change(&mut self.0.options.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns a copy of the options.
    pub fn options(&self) -> NodeOptions {
        self.0.options.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.address, f)
    }
}

type Function = dyn Fn(Vec<Value>) -> Result<Value, String> + Send + Sync;

/// A function of values that are not known yet.
pub struct Call {
    args: Vec<Expr>,
    function: Box<Function>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.args).finish()
    }
}

/// An expression over constants and the fields of other resources.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Expr {
    /// A constant.
    Value(Value),
    /// A field of another resource.
    Field(NodeRef, &'static str),
    /// A list.
    List(Vec<Expr>),
    /// A map.
    Map(BTreeMap<String, Expr>),
    /// A function of other expressions.
    Call(Arc<Call>),
    /// The inner expression's value, marked secret.
    Secret(Arc<Expr>),
    /// A value that could not be made; says why.
    Invalid(String),
}

impl Expr {
    /// Makes a call of `function` on the values of `args`, which are all known and opened when it runs.
    pub fn call(
        args: Vec<Expr>,
        function: impl Fn(Vec<Value>) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self::Call(Arc::new(Call { args, function: Box::new(function) }))
    }

    /// Calls `visit` with each resource whose field is used.
    pub fn references(&self, visit: &mut dyn FnMut(&NodeRef)) {
        match self {
            Self::Field(node, _) => visit(node),
            Self::List(items) => items.iter().for_each(|item| item.references(visit)),
            Self::Map(map) => map.values().for_each(|item| item.references(visit)),
            Self::Call(call) => call.args.iter().for_each(|item| item.references(visit)),
            Self::Secret(inner) => inner.references(visit),
            Self::Value(_) | Self::Invalid(_) => {}
        }
    }

    /// Computes the value; `field` gives the fields of other resources, `Unknown` where not known yet.
    ///
    /// # Errors
    /// What a function of the program answered, or that it panicked.
    pub fn evaluate(&self, field: &dyn Fn(&NodeRef, &'static str) -> Value) -> Result<Value, String> {
        Ok(match self {
            Self::Value(value) => value.clone(),
            Self::Field(node, name) => field(node, name),
            Self::List(items) => {
                Value::List(items.iter().map(|item| item.evaluate(field)).collect::<Result<_, _>>()?)
            }
            Self::Map(map) => Value::Map(
                map.iter()
                    .map(|(key, item)| Ok((key.clone(), item.evaluate(field)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Self::Secret(inner) => inner.evaluate(field)?.into_secret(),
            Self::Call(call) => return call.run(field),
            Self::Invalid(why) => return Err(why.clone()),
        })
    }
}

impl Call {
    fn run(&self, field: &dyn Fn(&NodeRef, &'static str) -> Value) -> Result<Value, String> {
        let args: Vec<Value> = self.args.iter().map(|arg| arg.evaluate(field)).collect::<Result<_, _>>()?;
        if args.iter().any(Value::has_unknown) {
            return Ok(Value::Unknown);
        }
        let secret = args.iter().any(Value::has_secret);
        // A panic in the program's own closure must not take the engine's journal down with it.
        let result = catch_unwind(AssertUnwindSafe(|| (self.function)(args)))
            .map_err(|_| "the program's function for this value panicked".to_owned())?;
        match result {
            Ok(value) if secret => Ok(value.into_secret()),
            Err(_) if secret => Err("the program's function for this secret value failed".to_owned()),
            other => other,
        }
    }
}
