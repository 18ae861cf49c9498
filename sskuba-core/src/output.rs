//! Typed edges: handles of declared resources, their outputs, and inputs made of either.

mod literal;

pub use literal::Literal;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroize;

use crate::expr::{Expr, NodeRef};
use crate::resource::{InstanceOf, Resource};
use crate::schema::{FieldType, Shape};
use crate::secret::Secret;
use crate::value::Value;

mod configure;
mod text;

pub use self::configure::{AnyInput, AsNode, Configure, Trigger};
pub use self::text::{AsText, TextPart};

/// How the text of an output begins: what a program gets that writes `{output:?}` into a text, where the value was meant.
pub(crate) const OUTPUT_TEXT: &str = "Output⟨";

/// A value that becomes known when its resource has been applied.
pub struct Output<T>(Expr, PhantomData<fn() -> T>);

impl<T> Clone for Output<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OUTPUT_TEXT}{:?}⟩", self.0)
    }
}

impl<T> Output<T> {
    /// Wraps an expression; for generated code.
    pub fn from_expr(expr: Expr) -> Self {
        Self(expr, PhantomData)
    }

    /// Returns the expression.
    pub fn into_expr(self) -> Expr {
        self.0
    }

    /// Marks the value as secret.
    #[must_use]
    pub fn secret(self) -> Self {
        Self::from_expr(self.0.secret())
    }
}

/// Reads the only argument of a call.
fn typed<T: DeserializeOwned>(args: Vec<Value>) -> Result<T, String> {
    args.into_iter().next().unwrap_or_default().take().map_err(|error| error.to_string())
}

fn untyped<U: Serialize>(value: &U) -> Result<Value, String> {
    Value::of(value).map_err(|error| error.to_string())
}

impl<T: DeserializeOwned + 'static> Output<T> {
    /// Applies `f` to the value once it is known. A secret stays one.
    #[must_use]
    pub fn map<U: Serialize>(&self, f: impl Fn(T) -> U + Send + Sync + 'static) -> Output<U> {
        Output::from_expr(Expr::call(vec![self.0.clone()], move |args| untyped(&f(typed(args)?))))
    }

    /// Applies `f`, which may fail, to the value once it is known; a failure stops the resources that use it.
    #[must_use]
    pub fn and_then<U: Serialize, E: fmt::Display>(
        &self,
        f: impl Fn(T) -> Result<U, E> + Send + Sync + 'static,
    ) -> Output<U> {
        Output::from_expr(Expr::call(vec![self.0.clone()], move |args| {
            let value = f(typed(args)?);
            untyped(&value.map_err(|error| error.to_string())?)
        }))
    }

    /// Joins two values into a pair.
    #[must_use]
    pub fn zip<U>(&self, other: &Output<U>) -> Output<(T, U)> {
        Output::from_expr(Expr::list(vec![self.0.clone(), other.0.clone()]))
    }
}

impl<T> Output<T> {
    /// Joins many values into a list.
    #[must_use]
    pub fn all(items: impl IntoIterator<Item = Self>) -> Output<Vec<T>> {
        Output::from_expr(Expr::list(items.into_iter().map(|item| item.0).collect()))
    }
}

/// The value of a field as a program gives it: a value, an [`Output`] or a [`Secret`].
pub struct Input<T>(Expr, PhantomData<fn() -> T>);

impl<T> Clone for Input<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<T> fmt::Debug for Input<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Input").field(&self.0).finish()
    }
}

impl<T> Input<T> {
    /// Wraps an expression; for generated code.
    pub fn from_expr(expr: Expr) -> Self {
        Self(expr, PhantomData)
    }

    /// Makes an input that was not given; the schema's default takes its place.
    pub fn unset() -> Self {
        Self::from_expr(Expr::Value(Value::Null))
    }

    /// Returns the expression.
    pub fn into_expr(self) -> Expr {
        self.0
    }
}

impl<T> Input<BTreeMap<String, T>> {
    /// Puts one entry; for the setters that add to a map.
    pub fn insert(&mut self, key: impl Into<String>, value: Input<T>) {
        match &mut self.0 {
            Expr::Value(Value::Null) => self.0 = Expr::map(BTreeMap::new()),
            Expr::Value(Value::Map(map)) => {
                let entries = std::mem::take(map).into_iter().map(|(k, v)| (k, Expr::Value(v)));
                self.0 = Expr::map(entries.collect());
            }
            _ => {}
        }
        let key = key.into();
        if let Err(value) = self.0.insert(&key, value.0) {
            let base = self.0.clone();
            self.0 = Expr::call(vec![base, value], move |args| {
                let [Value::Map(map), value] = args.as_slice() else {
                    return Err("the value is not a map".to_owned());
                };
                let mut map = map.clone();
                map.insert(key.clone(), value.clone());
                Ok(Value::Map(map))
            });
        }
    }
}

impl<T> Input<Vec<T>> {
    /// Appends one item; for the setters that add to a list.
    pub fn push(&mut self, value: Input<T>) {
        match &mut self.0 {
            Expr::Value(Value::Null) => self.0 = Expr::list(Vec::new()),
            Expr::Value(Value::List(items)) => {
                self.0 = Expr::list(std::mem::take(items).into_iter().map(Expr::Value).collect());
            }
            _ => {}
        }
        if let Err(value) = self.0.push(value.0) {
            self.0 = Expr::call(vec![self.0.clone(), value], |args| {
                let [Value::List(items), value] = args.as_slice() else {
                    return Err("the value is not a list".to_owned());
                };
                Ok(Value::List(items.iter().chain([value]).cloned().collect()))
            });
        }
    }
}

fn constant<T: Serialize>(value: &T) -> Expr {
    Value::of(value).map_or_else(|error| Expr::Invalid(error.to_string()), Expr::Value)
}

impl<T: Serialize> From<T> for Input<T> {
    fn from(value: T) -> Self {
        Self::from_expr(constant(&value))
    }
}

impl<T> From<Output<T>> for Input<T> {
    fn from(output: Output<T>) -> Self {
        Self::from_expr(output.0)
    }
}

impl<T> From<&Output<T>> for Input<T> {
    fn from(output: &Output<T>) -> Self {
        Self::from_expr(output.0.clone())
    }
}

impl<T: Serialize + Zeroize> From<Secret<T>> for Input<T> {
    fn from(secret: Secret<T>) -> Self {
        Self::from_expr(constant(&secret))
    }
}

impl<T: Zeroize> From<Output<Secret<T>>> for Input<T> {
    fn from(output: Output<Secret<T>>) -> Self {
        Self::from_expr(output.0)
    }
}

impl<T: Zeroize> From<Output<T>> for Input<Secret<T>> {
    fn from(output: Output<T>) -> Self {
        Self::from_expr(output.secret().0)
    }
}

impl From<&str> for Input<Secret<String>> {
    fn from(text: &str) -> Self {
        Self::from_expr(Expr::Value(Value::from(text).into_secret()))
    }
}

impl From<&str> for Input<String> {
    fn from(text: &str) -> Self {
        Self::from_expr(Expr::Value(text.into()))
    }
}

impl From<&String> for Input<String> {
    fn from(text: &String) -> Self {
        Self::from_expr(Expr::Value(text.as_str().into()))
    }
}

impl<T> From<Vec<Output<T>>> for Input<Vec<T>> {
    fn from(items: Vec<Output<T>>) -> Self {
        Self::from_expr(Output::all(items).into_expr())
    }
}

impl<T, const N: usize> From<[Output<T>; N]> for Input<Vec<T>> {
    fn from(items: [Output<T>; N]) -> Self {
        Self::from_expr(Output::all(items).into_expr())
    }
}

impl<const N: usize> From<[&str; N]> for Input<Vec<String>> {
    fn from(items: [&str; N]) -> Self {
        Self::from_expr(Expr::Value(Value::List(items.into_iter().map(Value::from).collect())))
    }
}

impl From<Vec<&str>> for Input<Vec<String>> {
    fn from(items: Vec<&str>) -> Self {
        Self::from_expr(Expr::Value(Value::List(items.into_iter().map(Value::from).collect())))
    }
}

impl<T> From<Vec<Self>> for Input<Vec<T>> {
    fn from(items: Vec<Self>) -> Self {
        Self::from_expr(Expr::list(items.into_iter().map(|item| item.0).collect()))
    }
}

/// The place of a computed field in a resource's declaration; has no value of its own.
pub struct Computed<T>(PhantomData<fn() -> T>);

impl<T> Default for Computed<T> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Computed<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> fmt::Debug for Computed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Computed")
    }
}

impl<T: Shape> Shape for Computed<T> {
    fn shape() -> FieldType {
        T::shape()
    }
    fn is_secret() -> bool {
        T::is_secret()
    }
}

/// A declared resource. Its fields are read through the accessors that the derive makes (`vpc.id()`), its
/// options are set on it.
pub struct Handle<R: Resource> {
    node: NodeRef,
    outputs: R::Outputs,
}

impl<R: Resource> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), outputs: self.outputs.clone() }
    }
}

impl<R: Resource> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.node).finish()
    }
}

impl<R: Resource> Deref for Handle<R> {
    type Target = R::Outputs;
    fn deref(&self) -> &R::Outputs {
        &self.outputs
    }
}

impl<R: Resource> Handle<R> {
    /// Makes the handle of a node; for the stack.
    pub fn new(node: NodeRef) -> Self {
        Self { outputs: R::outputs(&node), node }
    }

    /// Returns the untyped reference.
    pub fn node(&self) -> &NodeRef {
        &self.node
    }

    /// Uses an instance of its provider that the program declares.
    pub fn provider<I: InstanceOf<R::Provider>>(self, provider: &Handle<I>) -> Self {
        self.configure(|o| o.set_provider(provider.node.clone()))
    }
}
