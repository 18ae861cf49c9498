//! What handlers take and answer: calls and objects, typed.

use std::time::Duration;

use serde::Deserialize as _;

use super::bounds::without;
use super::contract::Object;
use super::error::{Class, Failure};
use crate::resource::Resource;
use crate::value::{Value, fields_of};

/// An object as a handler reports it.
#[derive(Debug, Clone)]
pub struct TypedObject<R: Resource> {
    /// The provider's id.
    pub id: String,
    /// The inputs as the service reports them, all of them: a field that is `None` is not set there. None where nothing
    /// is reported, e.g. after a create.
    pub args: Option<R::Args>,
    /// The computed fields.
    pub state: R::State,
    /// The inputs of which this report says nothing.
    pub unreported: Vec<&'static str>,
}

impl<R: Resource> TypedObject<R> {
    /// Makes an object of which only the computed fields were reported.
    pub fn new(id: impl Into<String>, state: R::State) -> Self {
        Self { id: id.into(), args: None, state, unreported: Vec::new() }
    }

    /// Reads an object of a service whose JSON calls the fields as the kind does, with all its inputs. What else the JSON
    /// has is passed over.
    ///
    /// ```
    /// # use sskuba_core::prelude::*;
    /// # use sskuba_core::provider::TypedObject;
    /// /// A page of a wiki.
    /// #[derive(Resource)]
    /// #[resource(kind = "wiki:page:Page")]
    /// struct Page {
    ///     /// Its title.
    ///     title: Input<String>,
    ///     /// Its number.
    ///     #[resource(computed, id)]
    ///     number: Computed<u32>,
    /// }
    /// let answer = serde_json::json!({"number": 7, "title": "Home", "views": 1000});
    /// let page = TypedObject::<Page>::of_json(&answer).unwrap();
    /// assert_eq!((page.id.as_str(), page.args.unwrap().title.as_str()), ("7", "Home"));
    /// ```
    ///
    /// # Errors
    /// If the JSON lacks a field, or one has another type.
    pub fn of_json(answer: &serde_json::Value) -> Result<Self, Failure> {
        let schema = R::schema();
        let odd = |why: String| {
            Failure::new(Class::Terminal, format!("the answer does not fit {}: {why}", schema.kind))
        };
        let state = R::State::deserialize(answer).map_err(|error| odd(error.to_string()))?;
        let args = R::Args::deserialize(answer).map_err(|error| odd(error.to_string()))?;
        let id = match &answer[&*schema.id_field] {
            serde_json::Value::String(id) => id.clone(),
            serde_json::Value::Number(id) => id.to_string(),
            _ => return Err(odd(format!("its id, `{}`, is neither a text nor a number", schema.id_field))),
        };
        Ok(Self::new(id, state).args(args))
    }

    /// Adds the inputs that the service reported.
    #[must_use]
    pub fn args(mut self, args: R::Args) -> Self {
        self.args = Some(args);
        self
    }

    /// Says of which inputs this report could not tell whether they are set. What a service never gives back is marked
    /// `#[resource(write_only)]` instead.
    #[must_use]
    pub fn unreported(mut self, fields: impl IntoIterator<Item = &'static str>) -> Self {
        self.unreported.extend(fields);
        self
    }

    /// Turns it into values, e.g. for [`Failure::partial`].
    ///
    /// # Errors
    /// If a field holds what values cannot hold, such as a number that is none; the failure has the object without it.
    pub fn erase(self) -> Result<Object, Failure> {
        let schema = R::schema();
        let odd = |error: crate::value::ValueError| {
            Failure::new(Class::Terminal, format!("the handler of {} reported {error}", schema.kind))
        };
        let args = self.args.as_ref().map(fields_of).transpose().map_err(odd)?;
        let is_reported = args.is_some();
        let (mut inputs, mut faults) = args.unwrap_or_default();
        if is_reported {
            // What is `None` is not set; it is left out where a type becomes a map.
            let unset = schema.inputs().filter(|field| !faults.iter().any(|(name, _)| **name == field.name));
            for field in unset {
                inputs.entry(field.name.to_string()).or_insert(Value::Null);
            }
        }
        let silent = |name: &str| {
            self.unreported.contains(&name) || schema.field(name).is_some_and(|field| field.write_only)
        };
        inputs.retain(|name, _| !silent(name));
        let (outputs, more) = fields_of(&self.state).map_err(odd)?;
        faults.extend(more);
        let object = Object { id: self.id, inputs, outputs }.sealed(Some(&schema));
        match without(faults) {
            None => Ok(object),
            Some(why) => Err(Failure::partial(Class::Terminal, why, object)),
        }
    }
}

/// What is recorded of an object, typed.
#[derive(Debug, Clone)]
pub struct TypedPrior<R: Resource> {
    /// The provider's id.
    pub id: String,
    /// The inputs of the last successful call; none where they no longer fit the type.
    pub args: Option<R::Args>,
    /// The computed fields as last reported; none where they were not all reported yet.
    pub state: Option<R::State>,
}

/// Whether an object can be used, typed; see [`Readiness`](super::Readiness).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TypedReadiness<R: Resource> {
    /// It can.
    Ready(TypedObject<R>),
    /// Not yet. Some know when to ask again.
    Pending(Option<Duration>),
    /// It never will, and why.
    Failed(String),
}

/// An update, typed.
#[derive(Debug, Clone)]
pub struct TypedChange<R: Resource> {
    /// What is recorded.
    pub prior: TypedPrior<R>,
    /// The inputs that should be.
    pub args: R::Args,
}
