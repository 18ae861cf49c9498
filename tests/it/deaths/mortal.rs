//! A store and a provider in whose calls a program may die: before what they do, and after it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sskuba::core::address::{Kind, StackId, Token};
use sskuba::core::clock::{Clock, IdSource, SeededIds, Timestamp};
use sskuba::core::provider::{
    Change, Cx, Failure, Foresight, Instance, Limits, Object, Place, Prior, Provider, Readiness,
};
use sskuba::core::schema::{FieldError, Schema};
use sskuba::core::state::{
    Fold, Holder, Image, Lease, Leftovers, Origin, Owner, Remains, StateStore, StoreError,
};
use sskuba::core::stores::Memory;
use sskuba::core::value::Map;
use tokio::time::{Instant, sleep};

use super::fate::Fate;

/// The time of day over several lives, each of which has a paused clock of its own.
#[derive(Debug, Default)]
pub(crate) struct Ages {
    past: Mutex<Duration>,
    born: Mutex<Option<Instant>>,
}

impl Ages {
    pub(crate) fn begin(&self) {
        *self.born.lock().unwrap() = Some(Instant::now());
    }

    pub(crate) fn end(&self) {
        if let Some(born) = self.born.lock().unwrap().take() {
            *self.past.lock().unwrap() += born.elapsed();
        }
    }
}

impl Clock for Ages {
    fn now(&self) -> Timestamp {
        let present = self.born.lock().unwrap().map(|born| born.elapsed()).unwrap_or_default();
        Timestamp(1_700_000_000_000).after(*self.past.lock().unwrap() + present)
    }
}

/// How long something takes, so that a seed decides what comes before what.
fn length(seed: u64, what: &str) -> Duration {
    let topic = what.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut bytes = [0];
    SeededIds::new(topic).fill(&mut bytes);
    Duration::from_millis(1 + u64::from(bytes[0] % 16))
}

/// A store in memory that is written by a program that may die.
#[derive(Debug)]
pub(crate) struct MortalStore {
    pub(crate) inner: Memory,
    pub(crate) fate: Arc<Fate>,
    pub(crate) seed: u64,
    /// What the last run left beside the store.
    pub(crate) copy: Option<Image>,
}

impl MortalStore {
    async fn around<T>(&self, what: &str, done: impl Future<Output = T> + Send) -> T {
        sleep(length(self.seed, what)).await;
        self.fate.boundary(format!("before {what}")).await;
        let result = done.await;
        self.fate.boundary(format!("after {what}")).await;
        result
    }
}

#[async_trait]
impl StateStore for MortalStore {
    fn place(&self) -> String {
        self.inner.place()
    }
    async fn stacks(&self) -> Result<Vec<StackId>, StoreError> {
        self.inner.stacks().await
    }
    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError> {
        self.inner.load(stack).await
    }
    async fn remains(&self, stack: &StackId) -> Result<Leftovers, StoreError> {
        let mut leftovers = self.inner.remains(stack).await?;
        let copy = self.copy.clone().map(Remains::of_database);
        leftovers.parts.extend(copy.map(|part| Remains { origin: Origin::Copy, ..part }));
        Ok(leftovers)
    }
    async fn acquire(&self, stack: &StackId, owner: &Owner) -> Result<Lease, StoreError> {
        self.around("the lease", self.inner.acquire(stack, owner)).await
    }
    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        self.fate.awake().await;
        self.inner.renew(lease).await
    }
    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.around("the release", self.inner.release(lease)).await
    }
    async fn holder(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        self.inner.holder(stack).await
    }
    async fn unlock(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        self.inner.unlock(stack).await
    }
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        let what = format!("append of {} at {base}", entries.len());
        self.around(&what, self.inner.append(lease, base, entries)).await
    }
    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        let what = format!("fold up to {}", fold.upto);
        self.around(&what, self.inner.fold(lease, fold)).await
    }
    async fn offer(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        self.inner.offer(lease, fold).await
    }
    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.around(&format!("meta {key}"), self.inner.put_meta(lease, key, value)).await
    }
    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.inner.history(stack, limit).await
    }
    async fn remove(&self, lease: &Lease) -> Result<(), StoreError> {
        self.around("the removal", self.inner.remove(lease)).await
    }
}

/// What was made at each address, by token and id: an object that is made twice is in it twice.
pub(crate) type Made = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

/// A provider that is called by a program that may die.
#[derive(Debug)]
pub(crate) struct Mortal<P: ?Sized = dyn Provider> {
    pub(crate) inner: Arc<P>,
    pub(crate) fate: Arc<Fate>,
    pub(crate) seed: u64,
    pub(crate) made: Made,
}

impl<P: ?Sized> Mortal<P> {
    /// Makes a call that changes something: it takes effect at one instant, and a while passes on both sides.
    async fn around<T>(&self, verb: &str, cx: &Cx, done: impl Future<Output = T> + Send) -> T {
        let what = format!("{verb} {}", cx.address);
        self.fate.under_way.fetch_add(1, Ordering::Relaxed);
        sleep(length(self.seed, &what)).await;
        self.fate.boundary(format!("before {what}")).await;
        let result = done.await;
        self.fate.under_way.fetch_sub(1, Ordering::Relaxed);
        self.fate.boundary(format!("after {what}")).await;
        sleep(length(self.seed, &what) / 2).await;
        result
    }

    /// Asks something.
    async fn ask<T>(&self, verb: &str, cx: &Cx, asked: impl Future<Output = T> + Send) -> T {
        let what = format!("{verb} {}", cx.address);
        sleep(length(self.seed, &what)).await;
        self.fate.boundary(what).await;
        asked.await
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Provider for Mortal {
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
        self.inner.learn(kinds).await
    }
    fn limits(&self) -> Limits {
        self.inner.limits()
    }
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.inner.settled(stack, is_settled);
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        if settings.is_some() {
            self.fate.boundary("configure".to_owned()).await;
        }
        let inner = self.inner.configure(settings).await?;
        let (fate, made) = (Arc::clone(&self.fate), Arc::clone(&self.made));
        Ok(Arc::new(Mortal { inner, fate, seed: self.seed, made }))
    }
    fn foresee(&self, schema: &Schema, prior: Option<&Map>, inputs: &Map) -> Foresight {
        self.inner.foresee(schema, prior, inputs)
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        self.inner.check(schema, inputs)
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Instance for Mortal<dyn Instance> {
    async fn place(&self) -> Result<Place, Failure> {
        self.inner.place().await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let create = async {
            let object = self.inner.create(cx, inputs).await?;
            let mut made = self.made.lock().unwrap();
            let there = made.entry(cx.address.to_string()).or_default();
            let one = format!("{} {}", cx.token, object.id);
            // A service that honours tokens answers with the same object again.
            if !there.contains(&one) {
                there.push(one);
            }
            Ok(object)
        };
        self.around("create", cx, create).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.ask("read", cx, self.inner.read(cx, prior)).await
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        self.ask("wait for", cx, self.inner.ready(cx, prior)).await
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        self.around("update", cx, self.inner.update(cx, change)).await
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        self.inner.preview(cx, change).await
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.around("delete", cx, self.inner.delete(cx, prior)).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        self.ask("find", cx, self.inner.find(cx)).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.ask("look up", cx, self.inner.lookup(cx, inputs)).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.ask("list", cx, self.inner.list(cx)).await
    }
}
