//! Typed handlers: what a provider's author writes for each kind.

use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;

use super::bounds::without;
use super::contract::{Change, Cx, Object, Prior, Readiness};
use super::error::{Class, Failure};
use crate::resource::Resource;
use crate::schema::FieldError;
use crate::value::{Map, Value, fields_of, get_map, map_of};

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
            let unset = schema.inputs().filter(|field| !faults.iter().any(|(name, _)| name == field.name));
            for field in unset {
                inputs.entry(field.name.to_owned()).or_insert(Value::Null);
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

/// Whether an object can be used, typed; see [`Readiness`].
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

/// Handles one kind of a provider. The contract is that of [`Instance`](super::Instance).
///
/// # Contract
/// As [`Instance`](super::Instance), for one kind.
///
/// # Guarantees
/// `args` are complete and known.
///
/// # Assumptions
/// As [`Instance`](super::Instance).
///
/// # Errors
/// [`Failure`], whose texts hold no secret.
#[async_trait]
pub trait Handler<R: Resource>: Send + Sync + 'static {
    /// Makes the object. Of a kind with early fields it returns when the object exists: of its state the early fields
    /// count then, and the others are known from [`ready`](Self::ready). Any other waits until the object can be used.
    async fn create(&self, cx: &Cx, args: R::Args) -> Result<TypedObject<R>, Failure>;

    /// Tells whether an object of a kind with early fields can be used; see [`Instance::ready`](super::Instance::ready).
    async fn ready(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure> {
        match self.read(cx, prior).await? {
            Some(object) => Ok(TypedReadiness::Ready(object)),
            None => Err(Failure::new(Class::NotFound, "the object is not there")),
        }
    }

    /// Reads the object; none if it is gone.
    async fn read(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<Option<TypedObject<R>>, Failure>;

    /// Changes the object. Kinds whose every field forces a replacement need none.
    async fn update(&self, cx: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure> {
        let _ = change;
        Err(Failure::new(Class::Terminal, format!("{} cannot be changed", cx.address.kind_str())))
    }

    /// Deletes the object, and waits until it is gone; succeeds where it already is.
    async fn delete(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<(), Failure>;

    /// Finds the object that carries the token. Kinds with a token or neither need none.
    async fn find(&self, cx: &Cx) -> Result<Option<TypedObject<R>>, Failure> {
        let _ = cx;
        Ok(None)
    }

    /// Lists the objects of the kind.
    async fn list(&self, cx: &Cx) -> Result<Vec<TypedObject<R>>, Failure> {
        let _ = cx;
        Ok(Vec::new())
    }

    /// Says what is wrong with inputs beyond what the schema says. Makes no call.
    fn check(&self, args: &R::Args) -> Vec<FieldError> {
        let _ = args;
        Vec::new()
    }

    /// Says what is wrong with the inputs that are known, while others are not yet: so that a preview says it, and
    /// not the apply half way. [`check`](Self::check) follows when all are known. Makes no call.
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        let _ = inputs;
        Vec::new()
    }
}

/// Answers one kind of lookup.
#[async_trait]
pub trait LookupHandler<R: Resource>: Send + Sync + 'static {
    /// Looks it up.
    async fn lookup(&self, cx: &Cx, args: R::Args) -> Result<R::State, Failure>;
}

/// A handler without its type.
#[async_trait]
pub(super) trait Erased: Send + Sync {
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure>;
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure>;
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure>;
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure>;
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure>;
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure>;
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure>;
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure>;
    fn check(&self, inputs: &Map) -> Vec<FieldError>;
}

pub(super) struct Resourceful<R, H>(pub(super) H, pub(super) PhantomData<fn() -> R>);
pub(super) struct Lookup<R, H>(pub(super) H, pub(super) PhantomData<fn() -> R>);

pub(super) fn args_of<R: Resource>(inputs: &Map) -> Result<R::Args, Failure> {
    get_map(inputs).map_err(|error| {
        Failure::new(
            Class::Terminal,
            format!("the inputs of {} do not fit its type: {error}", R::schema().kind),
        )
    })
}

fn prior_of<R: Resource>(prior: &Prior) -> TypedPrior<R> {
    TypedPrior {
        id: prior.id.clone(),
        args: get_map(&prior.inputs).ok(),
        state: get_map(&prior.outputs).ok(),
    }
}

/// Marks what the caller gave as secret: a handler's types know only the fields that are always secret. That a field is
/// not set is worth a word only where the caller has set it.
fn keep_secrets(mut object: Object, given: &Map) -> Object {
    object.inputs.retain(|name, value| *value != Value::Null || given.contains_key(name));
    for (name, value) in &mut object.inputs {
        if given.get(name).is_some_and(Value::has_secret) && !value.has_secret() {
            *value = std::mem::take(value).into_secret();
        }
    }
    object
}

#[async_trait]
impl<R: Resource, H: Handler<R>> Erased for Resourceful<R, H> {
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let object = self.0.create(cx, args_of::<R>(inputs)?).await?.erase()?;
        Ok(keep_secrets(object, inputs))
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        Ok(match self.0.ready(cx, prior_of(prior)).await? {
            TypedReadiness::Ready(object) => Readiness::Ready(keep_secrets(object.erase()?, &prior.inputs)),
            TypedReadiness::Pending(again) => Readiness::Pending(again),
            TypedReadiness::Failed(why) => Readiness::Failed(why),
        })
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        let object = self.0.read(cx, prior_of(prior)).await?.map(TypedObject::erase).transpose()?;
        Ok(object.map(|object| keep_secrets(object, &prior.inputs)))
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        let args = args_of::<R>(&change.inputs)?;
        let object =
            self.0.update(cx, TypedChange { prior: prior_of(&change.prior), args }).await?.erase()?;
        Ok(keep_secrets(object, &change.inputs))
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.0.delete(cx, prior_of(prior)).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        let found = self.0.find(cx).await?.map(TypedObject::erase).transpose()?;
        Ok(found.map(|object| keep_secrets(object, &Map::new())))
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        let erased = self.0.list(cx).await?.into_iter().map(TypedObject::erase);
        erased.map(|object| Ok(keep_secrets(object?, &Map::new()))).collect()
    }
    async fn lookup(&self, cx: &Cx, _: &Map) -> Result<Map, Failure> {
        Err(Failure::new(Class::Terminal, format!("{} is not a lookup", cx.address.kind_str())))
    }
    fn check(&self, inputs: &Map) -> Vec<FieldError> {
        match get_map(inputs) {
            Ok(args) => self.0.check(&args),
            Err(_) => self.0.check_known(inputs),
        }
    }
}

#[async_trait]
impl<R: Resource, H: LookupHandler<R>> Erased for Lookup<R, H> {
    async fn create(&self, cx: &Cx, _: &Map) -> Result<Object, Failure> {
        Err(only_lookup(cx))
    }
    async fn ready(&self, cx: &Cx, _: &Prior) -> Result<Readiness, Failure> {
        Err(only_lookup(cx))
    }
    async fn read(&self, cx: &Cx, _: &Prior) -> Result<Option<Object>, Failure> {
        Err(only_lookup(cx))
    }
    async fn update(&self, cx: &Cx, _: &Change) -> Result<Object, Failure> {
        Err(only_lookup(cx))
    }
    async fn delete(&self, cx: &Cx, _: &Prior) -> Result<(), Failure> {
        Err(only_lookup(cx))
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        Err(only_lookup(cx))
    }
    async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
        Ok(Vec::new())
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        let state = self.0.lookup(cx, args_of::<R>(inputs)?).await?;
        let outputs = map_of(&state).map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
        Ok(R::schema().seal_outputs(outputs))
    }
    fn check(&self, _: &Map) -> Vec<FieldError> {
        Vec::new()
    }
}

fn only_lookup(cx: &Cx) -> Failure {
    Failure::new(Class::Terminal, format!("{} can only be looked up", cx.address.kind_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// A page.
    #[derive(Resource, Debug)]
    #[resource(kind = "demo:typed:Page", idempotency = "tag")]
    struct Page {
        /// Its title.
        title: Input<String>,
        /// A note.
        note: Option<Input<String>>,
        /// What the service chooses.
        #[resource(cloud_default)]
        zone: Option<Input<String>>,
        /// What it never gives back.
        #[resource(write_only)]
        key: Option<Input<String>>,
        /// The id.
        id: Computed<String>,
    }

    #[test]
    fn what_is_none_in_a_report_is_not_set_and_what_is_not_reported_says_nothing() {
        let args = PageArgs { title: "t".into(), note: None, zone: None, key: None };
        let object = || TypedObject::<Page>::new("1", PageState { id: "1".into() });
        let reported = |object: TypedObject<Page>, given: &[&str]| {
            let given = given.iter().map(|name| ((*name).to_owned(), Value::from("x"))).collect();
            keep_secrets(object.erase().unwrap(), &given).inputs
        };
        assert_eq!(reported(object(), &["title", "note"]), Map::new(), "nothing is reported");
        let title = || ("title".to_owned(), Value::from("t"));
        let null = |name: &str| (name.to_owned(), Value::Null);
        let whole = || object().args(args.clone());
        assert_eq!(reported(whole(), &["title"]), [title()].into(), "the program says nothing of it");
        assert_eq!(reported(whole(), &["note", "zone", "key"]), [title(), null("note"), null("zone")].into());
        let partly = whole().unreported(["note"]);
        assert_eq!(reported(partly, &["note"]), [title()].into());
    }
}
