//! What is written for each kind.

use std::ops::Deref;

use async_trait::async_trait;
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior, TypedReadiness};
use sskuba_core::value::{Value, map_of};

use super::{Api, Aws, Call, Objects, one_by_one};
use crate::kind::Kind;
use crate::tags::{self, Tags};

/// The input with the tags of an object.
const TAGS: &str = "tags";

/// What a handler says of an object.
pub(crate) type Report<R> = TypedObject<R>;

/// Which objects are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// All that the account has.
    All,
    /// Those of these ids; that one is not there fails the question.
    Ids(Vec<String>),
    /// Those of these ids that are there.
    Among(Vec<String>),
    /// Those that carry this token.
    Token(String),
    /// Those that fit filters of the service.
    With(Vec<(&'static str, String)>),
}

impl Which {
    /// Returns the ids, where the objects of ids are asked for.
    pub(crate) fn ids(&self) -> Option<Vec<String>> {
        match self {
            Self::Ids(ids) => Some(ids.clone()),
            _ => None,
        }
    }
}

/// An object as the service describes it, with its id and all its tags. It is used as the description itself.
#[derive(Debug, Clone)]
pub(crate) struct Found<T> {
    pub(crate) id: String,
    pub(crate) tags: Tags,
    pub(crate) item: T,
}

impl<T> Found<T> {
    /// Returns the tags as they are reported.
    pub(crate) fn own_tags(&self) -> Tags {
        tags::reported(self.tags.clone())
    }
}

impl<T> Deref for Found<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.item
    }
}

/// A kind that has a client: how its objects are described, made, deleted and reported. Reading them alone and in
/// batches, finding, listing and importing them, their tags, and what counts as done follow from that, and are changed
/// here where a kind differs.
#[async_trait]
pub(crate) trait Operations: Kind {
    /// The client of its service.
    type Api: Objects;
    /// An object as the service describes it.
    type Item: Clone + Send + Sync + 'static;
    /// What an object is called in messages.
    const NAME: &'static str;
    /// The most objects that are asked for at once.
    const MOST: usize = <Self::Api as Objects>::MOST;
    /// Whether AWS goes on for a while to say that something uses an object after that is gone; a delete waits then.
    const LINGERS: bool = false;

    /// The inputs of which AWS knows nothing: they stay as the program says them; an import tells how they stand.
    const UNREPORTED: &'static [&'static str] = &[];

    /// Describes objects.
    async fn describe(aws: &Aws<Self::Api>, which: Which) -> Result<Vec<Found<Self::Item>>, Failure>;

    /// Makes an object. What fails after the object was made says so with [`Call::partial`].
    async fn create(call: &Call<'_, Self::Api>, args: Self::Args) -> Result<Report<Self>, Failure>;

    /// Deletes an object. One that is not found is deleted.
    async fn delete(call: &Call<'_, Self::Api>, prior: &TypedPrior<Self>) -> Result<(), Failure>;

    /// Reports an object with its inputs.
    async fn report(call: &Call<'_, Self::Api>, found: &Found<Self::Item>) -> Result<Report<Self>, Failure>;

    /// Reports an object to a program that says so of it; none where nothing is recorded, as in an import. A kind looks
    /// here at what AWS tells of one object at a time alone, as far as the program says anything of it.
    async fn report_for(
        call: &Call<'_, Self::Api>,
        found: &Found<Self::Item>,
        said: Option<&Self::Args>,
    ) -> Result<Report<Self>, Failure> {
        let silent = if said.is_some() { Self::UNREPORTED } else { &[] };
        Ok(Self::report(call, found).await?.unreported(silent.iter().copied()))
    }

    /// Tells whether an object that is described is still one: AWS shows some for a while after they are gone.
    fn is_alive(_: &Found<Self::Item>) -> bool {
        true
    }

    /// Describes the objects of these ids, each with the key that it was asked for by.
    async fn by_keys(
        aws: &Aws<Self::Api>,
        ids: Vec<String>,
    ) -> Result<Vec<(String, Found<Self::Item>)>, Failure> {
        let found = match Self::describe(aws, Which::Ids(ids.clone())).await {
            Err(failure) if failure.class == Class::NotFound && Self::Api::FILTERS => {
                Self::describe(aws, Which::Among(ids)).await?
            }
            Err(failure) if failure.class == Class::NotFound => {
                one_by_one(ids, |id| Self::describe(aws, Which::Ids(vec![id]))).await?
            }
            found => found?,
        };
        Ok(found.into_iter().map(|found| (found.id.clone(), found)).collect())
    }

    /// Returns the object that is recorded so.
    async fn get(
        call: &Call<'_, Self::Api>,
        prior: &TypedPrior<Self>,
    ) -> Result<Option<Found<Self::Item>>, Failure> {
        call.aws.get::<Self>(&prior.id).await
    }

    /// Finds the object that carries the token.
    async fn find(call: &Call<'_, Self::Api>) -> Result<Option<Found<Self::Item>>, Failure> {
        call.own::<Self>().await
    }
}

/// A kind that changes in place: what a kind needs unless each of its inputs is `force_new`.
#[async_trait]
pub(crate) trait UpdateOperation: Operations {
    /// Brings an object to the new inputs, its tags last ([`Call::retagged`]), and reports it. A kind of which only the tags
    /// change need not say how; of any other this is refused, since what is not changed would be recorded as if it had been.
    async fn update(call: &Call<'_, Self::Api>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let schema = Self::schema();
        match schema.inputs().find(|field| !field.force_new && field.name != TAGS) {
            None => call.retagged(change).await,
            Some(field) => {
                let message = format!("{} does not say how `{}` is changed", schema.kind, field.name);
                Err(Failure::new(Class::Terminal, message).hint("this is a defect of sskuba"))
            }
        }
    }
}

impl<A: Objects> Call<'_, A> {
    /// Brings an object's tags to the new inputs and reports the object: the end of an update, and of a kind of which only
    /// the tags change the whole of it.
    pub(crate) async fn retagged<R: Operations<Api = A>>(
        &self,
        change: TypedChange<R>,
    ) -> Result<Report<R>, Failure> {
        let found = self.tagged(&change).await?;
        R::report_for(self, &found, Some(&change.args)).await
    }

    /// Brings an object's tags to the new inputs and describes the object.
    pub(crate) async fn tagged<R: Operations<Api = A>>(
        &self,
        change: &TypedChange<R>,
    ) -> Result<Found<R::Item>, Failure> {
        let before = change.prior.args.as_ref().map(own_tags::<R>);
        self.retag(&change.prior.id, before.as_ref(), &own_tags::<R>(&change.args)).await?;
        R::get(self, &change.prior).await?.ok_or_else(|| self.lacking(R::NAME))
    }
}

/// A kind whose objects can be used some time after they were made.
#[async_trait]
pub(crate) trait ReadinessOperation: Operations {
    /// Tells whether an object can be used, as the program says it.
    async fn ready(
        call: &Call<'_, Self::Api>,
        found: &Found<Self::Item>,
        said: Option<&Self::Args>,
    ) -> Result<TypedReadiness<Self>, Failure>;
}

/// A kind of lookup that has a client.
#[async_trait]
pub(crate) trait LookupOperation: Kind {
    /// The client of its service.
    type Api: Api;

    /// Looks it up.
    async fn look(aws: &Aws<Self::Api>, args: Self::Args) -> Result<Self::State, Failure>;
}

/// Returns the tags that inputs say.
fn own_tags<R: Kind>(args: &R::Args) -> Tags {
    let inputs = map_of(args).unwrap_or_default();
    let Some(Value::Map(tags)) = inputs.get(TAGS).map(Value::reveal) else { return Tags::new() };
    let text = |value: &Value| value.reveal().as_str().unwrap_or_default().to_owned();
    tags.iter().map(|(key, value)| (key.clone(), text(value))).collect()
}
