//! What all adapters share: the wrapped provider, and one place through which every call goes.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use crate::address::{Kind, StackId, Token};
use crate::provider::{
    Change, Cx, Failure, Foresight, Instance, Limits, Object, Place, Prior, Provider, Readiness,
};
use crate::schema::{FieldError, Schema};
use crate::value::Map;

/// A call that can be made, and made again.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// What an adapter does round a call.
pub trait Around: Clone + Send + Sync + fmt::Debug + 'static {
    /// Makes the call, in its time and as often as the adapter wants.
    fn around<'a, T: Send>(
        &'a self,
        call: &'a (dyn Fn() -> Call<'a, T> + Send + Sync),
    ) -> impl Future<Output = Result<T, Failure>> + Send;

    /// Returns the limits that the engine is told.
    fn limits(&self, inner: Limits) -> Limits {
        inner
    }
}

/// A provider, or an instance of one, with an adapter round every call.
#[derive(Debug, Clone)]
pub struct Wrapped<A, P: ?Sized = dyn Provider> {
    inner: Arc<P>,
    adapter: A,
}

impl<A: Around, P: ?Sized> Wrapped<A, P> {
    /// Puts an adapter round a provider or an instance.
    pub fn new(inner: Arc<P>, adapter: A) -> Self {
        Self { inner, adapter }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<A: Around> Provider for Wrapped<A> {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        self.inner.schemas()
    }
    fn schema(&self, kind: &Kind) -> Option<Arc<Schema>> {
        self.inner.schema(kind)
    }
    async fn learn(&self, kinds: &[Kind]) -> Result<(), Failure> {
        self.adapter.around(&|| self.inner.learn(kinds)).await
    }
    fn limits(&self) -> Limits {
        self.adapter.limits(self.inner.limits())
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        self.inner.check(schema, inputs)
    }
    fn foresee(&self, schema: &Schema, prior: Option<&Map>, inputs: &Map) -> Foresight {
        self.inner.foresee(schema, prior, inputs)
    }
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.inner.settled(stack, is_settled);
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        let inner = self.inner.configure(settings).await?;
        Ok(Arc::new(Wrapped { inner, adapter: self.adapter.clone() }))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl<A: Around> Instance for Wrapped<A, dyn Instance> {
    async fn place(&self) -> Result<Place, Failure> {
        self.adapter.around(&|| self.inner.place()).await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        self.adapter.around(&|| self.inner.create(cx, inputs)).await
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        self.adapter.around(&|| self.inner.ready(cx, prior)).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.adapter.around(&|| self.inner.read(cx, prior)).await
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        self.adapter.around(&|| self.inner.update(cx, change)).await
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        self.adapter.around(&|| self.inner.preview(cx, change)).await
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.adapter.around(&|| self.inner.delete(cx, prior)).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        self.adapter.around(&|| self.inner.find(cx)).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.adapter.around(&|| self.inner.lookup(cx, inputs)).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.adapter.around(&|| self.inner.list(cx)).await
    }
}
