//! Typed handlers make up a provider.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use super::contract::{Change, Cx, Instance, Limits, Object, Prior, Provider, Readiness};
use super::erased::{Declared, Erased, Lookup, Resourceful, args_of};
use super::error::{Class, Failure};
use super::foresight::Foresight;
use super::handler::{Complete, LookupHandler};
use super::place::Place;
use crate::address::{StackId, Token};
use crate::advice::Advice;
use crate::resource::Resource;
use crate::schema::{FieldError, Schema};
use crate::value::Map;

/// What makes the instance of some settings may be a provider, whose default instance is meant, or the instance itself.
#[async_trait]
pub trait IntoInstance: Send {
    /// Returns the instance.
    async fn into_instance(self) -> Result<Arc<dyn Instance>, Failure>;
}

#[async_trait]
impl IntoInstance for Arc<dyn Instance> {
    async fn into_instance(self) -> Result<Arc<dyn Instance>, Failure> {
        Ok(self)
    }
}

#[async_trait]
impl IntoInstance for Arc<dyn Provider> {
    async fn into_instance(self) -> Result<Arc<dyn Instance>, Failure> {
        self.configure(None).await
    }
}

#[async_trait]
impl IntoInstance for Handlers {
    async fn into_instance(self) -> Result<Arc<dyn Instance>, Failure> {
        Ok(Arc::new(self))
    }
}

type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;
type Configure = dyn Fn(Map) -> Answer<Arc<dyn Instance>> + Send + Sync;
type Locate = dyn Fn() -> Answer<Place> + Send + Sync;

/// A provider made of typed handlers. Its default instance, and what `settings` makes, are such handlers too. Clones
/// share them.
#[derive(Clone)]
pub struct Handlers(Arc<Parts>);

struct Parts {
    name: String,
    limits: Limits,
    kinds: HashMap<String, (Arc<Schema>, Arc<dyn Erased>)>,
    settings: Option<(Arc<Schema>, Arc<Configure>)>,
    locate: Arc<Locate>,
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("name", &self.0.name).finish_non_exhaustive()
    }
}

impl Handlers {
    /// Starts a provider of this name whose objects are wherever the program runs.
    pub fn anywhere(name: impl Into<String>) -> Self {
        Self::located(name, || std::future::ready(Ok(Place::default())))
    }

    /// Starts a provider of this name, and says how to find out where it works; see [`Instance::place`].
    pub fn located<F>(name: impl Into<String>, locate: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Place, Failure>> + Send + 'static,
    {
        let locate = Arc::new(move || -> Answer<Place> { Box::pin(locate()) });
        let (name, limits) = (name.into(), Limits::default());
        Self(Arc::new(Parts { name, limits, kinds: HashMap::new(), settings: None, locate }))
    }

    fn with(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        match Arc::get_mut(&mut self.0) {
            Some(parts) => change(parts),
            None => {
                let Parts { name, limits, kinds, settings, locate } = &*self.0;
                let (name, kinds, settings) = (name.clone(), kinds.clone(), settings.clone());
                let mut parts = Parts { name, limits: *limits, kinds, settings, locate: locate.clone() };
                change(&mut parts);
                self.0 = Arc::new(parts);
            }
        }
        self
    }

    /// Sets how much it may be asked at once.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        self.with(|parts| parts.limits = limits)
    }

    /// Adds the handler of a kind.
    #[must_use]
    pub fn resource<R: Resource>(self, handler: impl Complete<R>) -> Self {
        let erased = Arc::new(Resourceful::<R, _>(handler, PhantomData));
        self.kind(R::schema(), erased)
    }

    /// Adds the handler of a kind of lookup.
    #[must_use]
    pub fn lookup<R: Resource>(self, handler: impl LookupHandler<R>) -> Self {
        let erased = Arc::new(Lookup::<R, _>(handler, PhantomData));
        self.kind(R::schema(), erased)
    }

    fn kind(self, schema: Arc<Schema>, erased: Arc<dyn Erased>) -> Self {
        self.with(|parts| drop(parts.kinds.insert(schema.kind.to_string(), (schema, erased))))
    }

    /// Adds a kind that the program was built without the client of, or a lookup of one: its inputs are checked, and every
    /// call is refused with these words.
    ///
    /// `check` is asked when all inputs are known, `check_known` while some are not.
    #[must_use]
    pub fn declared<R: Resource>(
        self,
        refusal: Failure,
        check: impl Fn(&R::Args) -> Vec<FieldError> + Send + Sync + 'static,
        check_known: impl Fn(&Map) -> Vec<FieldError> + Send + Sync + 'static,
    ) -> Self {
        let check = move |inputs: &Map| match args_of::<R>(inputs) {
            Ok(args) => check(&args),
            Err(_) => check_known(inputs),
        };
        self.kind(R::schema(), Arc::new(Declared { refusal, check }))
    }

    /// Adds what makes an instance with settings; `R` is the kind `NAME:provider:Instance`.
    #[must_use]
    pub fn settings<R: Resource, F>(self, configure: impl Fn(R::Args) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output: MadeInstance> + Send + 'static,
    {
        let configure = move |inputs: Map| -> Answer<Arc<dyn Instance>> {
            match args_of::<R>(&inputs) {
                Ok(args) => {
                    let made = configure(args);
                    Box::pin(async move { made.await.made().await })
                }
                Err(failure) => Box::pin(std::future::ready(Err(failure))),
            }
        };
        self.with(|parts| parts.settings = Some((R::schema(), Arc::new(configure))))
    }

    fn of(&self, cx: &Cx) -> Result<&dyn Erased, Failure> {
        let kind = cx.address.kind_str();
        let found = self.0.kinds.get(kind).map(|(_, handler)| handler.as_ref());
        found.ok_or_else(|| {
            Failure::new(Class::Terminal, format!("provider {} has no kind {kind}", self.0.name))
                .hint("build the program with the version that recorded it")
                .advice(Advice::ForgetUnknown(cx.address.clone()))
        })
    }
}

/// What the making of an instance answers.
#[async_trait]
pub trait MadeInstance: Send {
    /// Returns the instance, or why there is none.
    async fn made(self) -> Result<Arc<dyn Instance>, Failure>;
}

#[async_trait]
impl<I: IntoInstance> MadeInstance for Result<I, Failure> {
    async fn made(self) -> Result<Arc<dyn Instance>, Failure> {
        self?.into_instance().await
    }
}

#[async_trait]
impl Provider for Handlers {
    fn name(&self) -> &str {
        &self.0.name
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        let settings = self.0.settings.iter().map(|(schema, _)| Arc::clone(schema));
        let kinds = self.0.kinds.values().map(|(schema, _)| Arc::clone(schema));
        let mut all: Vec<_> = kinds.chain(settings).collect();
        all.sort_by(|a, b| a.kind.cmp(&b.kind));
        all
    }
    fn limits(&self) -> Limits {
        self.0.limits
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        self.0.kinds.get(schema.kind.as_str()).map(|(_, h)| h.check(inputs)).unwrap_or_default()
    }
    fn foresee(&self, schema: &Schema, prior: Option<&Map>, inputs: &Map) -> Foresight {
        let handler = self.0.kinds.get(schema.kind.as_str());
        handler.map(|(_, handler)| handler.foresee(prior, inputs)).unwrap_or_default()
    }
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.0.kinds.values().for_each(|(_, handler)| handler.settled(stack, is_settled));
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        match (settings, &self.0.settings) {
            (None, _) => Ok(Arc::new(self.clone())),
            (Some(settings), Some((_, configure))) => configure(settings.clone()).await,
            (Some(_), None) => {
                Err(Failure::new(Class::Terminal, format!("provider {} takes no settings", self.0.name)))
            }
        }
    }
}

#[async_trait]
impl Instance for Handlers {
    async fn place(&self) -> Result<Place, Failure> {
        (self.0.locate)().await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        self.of(cx)?.create(cx, inputs).await
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        self.of(cx)?.ready(cx, prior).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.of(cx)?.read(cx, prior).await
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        self.of(cx)?.update(cx, change).await
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        self.of(cx)?.preview(cx, change).await
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.of(cx)?.delete(cx, prior).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        self.of(cx)?.find(cx).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.of(cx)?.lookup(cx, inputs).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.of(cx)?.list(cx).await
    }
}
