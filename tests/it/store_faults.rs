//! A store that fails one write, and a program that does not end because of it: it goes on in the same session.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sskuba::Engine;
use sskuba::core::address::StackId;
use sskuba::core::applying::{ApplyOptions, Events};
use sskuba::core::engine::Session;
use sskuba::core::planning::PlanOptions;
use sskuba::core::state::{Fold, Lease, StateStore, StoreError};
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, Subnet, schemas};
use sskuba::sim::{SimProvider, World, WorldObject};
use sskuba_testkit::around::{Around, Outer};

/// Whether the write that fails took effect.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Truth {
    NotWritten,
    Written,
}

/// A store of which some writes in a row fail.
#[derive(Debug, Default)]
struct Flaky {
    inner: Memory,
    writes: AtomicUsize,
    fails: Mutex<Option<(std::ops::Range<usize>, Truth)>>,
}

impl Flaky {
    /// Lets these writes from now on fail, counted from 0.
    fn fail(&self, which: std::ops::Range<usize>, truth: Truth) {
        self.writes.store(0, Ordering::Relaxed);
        *self.fails.lock().unwrap() = Some((which, truth));
    }

    async fn write<T>(
        &self,
        write: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let at = self.writes.fetch_add(1, Ordering::Relaxed);
        let fails = self.fails.lock().unwrap().clone();
        match fails.filter(|(which, _)| which.contains(&at)) {
            None => return write.await,
            Some((_, Truth::Written)) => drop(write.await?),
            Some((_, Truth::NotWritten)) => drop(write),
        }
        let error = std::io::ErrorKind::TimedOut.into();
        Err(StoreError::Io { action: "write to", place: "the test's store".into(), error })
    }
}

#[async_trait]
impl Around for Flaky {
    fn inner(&self) -> &dyn StateStore {
        &self.inner
    }
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        self.write(self.inner.append(lease, base, entries)).await
    }
    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        self.write(self.inner.fold(lease, fold)).await
    }
    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.write(self.inner.put_meta(lease, key, value)).await
    }
}

fn stack() -> StackId {
    "local/flaky/dev".parse().unwrap()
}

fn bench() -> (Engine, Arc<Outer<Flaky>>, World) {
    let (store, world) = (Arc::new(Outer::<Flaky>::default()), World::memory());
    let sim = SimProvider::new("sim", schemas(), world.clone());
    let keyring = Arc::new(EphemeralKeyring::default());
    let state = Arc::clone(&store) as Arc<dyn StateStore>;
    (Engine::builder().store(state).keyring(keyring).provider(Arc::new(sim)).build(), store, world)
}

fn site(image: &'static str) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| {
        let network = stack.add("net", Network::new("10.0.0.0/16"))?;
        let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
        stack.add("web", Machine::new(subnet.id()).image(image))?;
        stack.add("logs", Bucket::new("logs-of-flaky"))?;
        stack.export_value("image", image);
        Ok(())
    }
}

async fn open(engine: &Engine) -> Session {
    engine.open(&stack(), "up", Duration::ZERO).await.unwrap()
}

async fn up(session: &mut Session, image: &'static str) -> Result<(), sskuba::core::engine::EngineError> {
    session.recover(&Events::default()).await?;
    let plan = session.plan(&site(image), &PlanOptions::default()).await?;
    session.apply(&plan, &ApplyOptions::default()).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_after_any_failed_write_and_loses_nothing() {
    let (mut failed, mut went_on) = (0, 0);
    for (truth, row) in
        [Truth::NotWritten, Truth::Written].into_iter().flat_map(|truth| [(truth, 1), (truth, 2)])
    {
        for at in 0.. {
            let what = format!("{row} from {at}, {truth:?}");
            let (engine, store, world) = bench();
            let mut session = open(&engine).await;
            up(&mut session, "linux-1").await.unwrap();
            store.fail(at..at + row, truth);
            let first = up(&mut session, "linux-2").await;
            if first.is_err() {
                failed += 1;
                // It goes on, or says for good that it cannot; then a new one does.
                for _ in 0..3 {
                    if up(&mut session, "linux-2").await.is_ok() {
                        went_on += 1;
                        break;
                    }
                }
            }
            session.close().await.unwrap();
            *store.fails.lock().unwrap() = None;
            let mut session = open(&engine).await;
            up(&mut session, "linux-2").await.unwrap_or_else(|error| panic!("{what}: {error}"));
            let plan = session.plan(&site("linux-2"), &PlanOptions::default()).await.unwrap();
            assert!(plan.is_empty(), "{what}: {:?}", plan.counts());
            let objects = world.objects().unwrap();
            let known = |o: &WorldObject| session.state().record(o.token).is_some_and(|r| r.id == o.id);
            let known = objects.iter().filter(|object| known(object)).count();
            assert_eq!((known, objects.len(), session.state().len()), (4, 4, 4), "{what}");
            assert_eq!(session.state().exports()["image"].as_str(), Some("linux-2"), "{what}");
            if first.is_ok() {
                break;
            }
        }
    }
    println!("{failed} failed writes, after {went_on} the session went on");
    assert!(failed > 12 && went_on > 4, "{failed} failed, {went_on} went on");
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_fold_was_to_write_is_written_by_the_next() {
    for truth in [Truth::NotWritten, Truth::Written] {
        let (engine, store, _) = bench();
        let mut session = open(&engine).await;
        up(&mut session, "linux-1").await.unwrap();
        let whole = engine.export_state(&stack()).await.unwrap();
        // An import folds.
        session.import_state(whole.clone()).await.unwrap();
        let runs = engine.history(&stack(), 10).await.unwrap().len();
        let mut fewer = whole;
        let records = fewer["records"].as_array_mut().unwrap();
        records.retain(|record| !record["address"].as_str().unwrap().contains("Bucket"));
        assert_eq!(records.len(), 3);
        up(&mut session, "linux-2").await.unwrap();
        let now = session.state().records().map(|record| record.token).collect::<Vec<_>>();
        store.fail(1..2, truth);
        session.import_state(fewer.clone()).await.unwrap_err();
        session.import_state(fewer.clone()).await.unwrap();
        let left = session.state().records().map(|record| record.token).collect::<Vec<_>>();
        session.close().await.unwrap();
        let again = open(&engine).await;
        let mut found = again.state().records().map(|record| record.token).collect::<Vec<_>>();
        let mut expected = left;
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{truth:?}: of {now:?}");
        let since = engine.history(&stack(), 10).await.unwrap().len() - runs;
        assert_eq!(since, 2, "{truth:?}: the `up` and the import");
    }
}
