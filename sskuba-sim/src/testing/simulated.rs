//! The stand-in of a provider in a test: its own checks, the simulated world's answers, and ids that the addresses decide.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sskuba_core::address::{Address, Token};
use sskuba_core::provider::{
    Change, Cx, Failure, FieldError, Instance, Object, Place, Prior, Provider, Readiness,
};
use sskuba_core::schema::Schema;
use sskuba_core::value::{Map, Value};

use super::mocks::{Mock, answer};
use crate::seed::Seed;
use crate::{SimProvider, World};

/// The tokens of a test's objects. The engine draws tokens in the order in which steps begin, which may differ from run to
/// run; here the n-th object of an address has the same token always, and so the same id.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<(HashMap<Token, Token>, HashMap<Address, u32>)>);

impl Tokens {
    fn of(&self, cx: &Cx) -> Token {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, made) = &mut *tables;
        *known.entry(cx.token).or_insert_with(|| {
            let nth = made.entry(cx.address.clone()).or_default();
            *nth += 1;
            let mut seed = Seed::of(&[cx.address.as_str().as_bytes(), &nth.to_le_bytes()]);
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&seed.next().to_le_bytes());
            bytes[8..].copy_from_slice(&seed.next().to_le_bytes());
            Token::new(bytes)
        })
    }
}

/// The stand-in of one provider.
#[derive(Debug)]
pub(super) struct Simulated {
    real: Arc<dyn Provider>,
    sim: SimProvider,
    mocks: Arc<Vec<Mock>>,
    tokens: Arc<Tokens>,
}

impl Simulated {
    pub(super) fn new(
        real: Arc<dyn Provider>,
        world: &World,
        mocks: &Arc<Vec<Mock>>,
        tokens: &Arc<Tokens>,
    ) -> Self {
        let schemas: HashMap<String, Arc<Schema>> =
            real.schemas().into_iter().map(|schema| (schema.kind.to_string(), schema)).collect();
        let answering = Arc::clone(mocks);
        let sim = SimProvider::new(real.name(), real.schemas(), world.clone()).answers(move |cx, inputs| {
            let schema = schemas.get(cx.address.kind_str());
            schema.map_or_else(|| Ok(Default::default()), |schema| answer(&answering, schema, cx, inputs))
        });
        Self { real, sim, mocks: Arc::clone(mocks), tokens: Arc::clone(tokens) }
    }
}

#[async_trait]
impl Provider for Simulated {
    fn name(&self) -> &str {
        self.real.name()
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        self.sim.schemas()
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        self.real.check(schema, inputs)
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        let inner = self.sim.configure(settings).await?;
        let schemas = self.real.schemas();
        let (mocks, tokens) = (Arc::clone(&self.mocks), Arc::clone(&self.tokens));
        Ok(Arc::new(SimulatedInstance { inner, schemas, mocks, tokens }))
    }
}

#[derive(Debug)]
struct SimulatedInstance {
    inner: Arc<dyn Instance>,
    schemas: Vec<Arc<Schema>>,
    mocks: Arc<Vec<Mock>>,
    tokens: Arc<Tokens>,
}

impl SimulatedInstance {
    fn cx(&self, cx: &Cx) -> Cx {
        Cx { token: self.tokens.of(cx), ..cx.clone() }
    }

    /// Puts the secrets that a mock gives in their place: the world itself keeps none.
    fn with_secrets(&self, cx: &Cx, inputs: &Map, mut object: Object) -> Result<Object, Failure> {
        let schema = self.schemas.iter().find(|schema| schema.kind.as_str() == cx.address.kind_str());
        let Some(schema) = schema.filter(|schema| schema.outputs().any(|field| field.secret)) else {
            return Ok(object);
        };
        for (name, value) in answer(&self.mocks, schema, cx, inputs)? {
            if schema.field(&name).is_some_and(|field| field.secret) {
                object.outputs.insert(name, Value::from_json(value).into_secret());
            }
        }
        Ok(object)
    }
}

#[async_trait]
impl Instance for SimulatedInstance {
    async fn place(&self) -> Result<Place, Failure> {
        self.inner.place().await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let cx = self.cx(cx);
        self.with_secrets(&cx, inputs, self.inner.create(&cx, inputs).await?)
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        let cx = self.cx(cx);
        Ok(match self.inner.ready(&cx, prior).await? {
            Readiness::Ready(object) => Readiness::Ready(self.with_secrets(&cx, &prior.inputs, object)?),
            other => other,
        })
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        let cx = self.cx(cx);
        let read = self.inner.read(&cx, prior).await?;
        read.map(|object| self.with_secrets(&cx, &prior.inputs, object)).transpose()
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        let cx = self.cx(cx);
        self.with_secrets(&cx, &change.inputs, self.inner.update(&cx, change).await?)
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.inner.delete(&self.cx(cx), prior).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        self.inner.find(&self.cx(cx)).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.inner.lookup(cx, inputs).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.inner.list(cx).await
    }
}
