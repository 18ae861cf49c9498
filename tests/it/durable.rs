//! What is durable when: no call before its intent, no dependant before the result that it uses, no growth of a
//! step's bytes with the stack.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sskuba::Engine;
use sskuba::core::address::StackId;
use sskuba::core::state::{Lease, StateStore, StoreError};
use sskuba::core::stores::Memory;
use sskuba::local::data::Data;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Machine, Network, Subnet, schemas};
use sskuba::sim::{Op, Options, Phase, SimProvider, World};
use sskuba_testkit::around::{Around, Outer};

/// A store that tells what has become durable; every write takes a while.
#[derive(Debug, Default)]
struct Slow {
    inner: Memory,
    durable: Mutex<String>,
    appended: Mutex<Vec<usize>>,
    fail_after: Mutex<Option<usize>>,
}

#[async_trait]
impl Around for Slow {
    fn inner(&self) -> &dyn StateStore {
        &self.inner
    }
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if let Some(left) = self.fail_after.lock().unwrap().as_mut() {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => {
                    let error = std::io::ErrorKind::StorageFull.into();
                    return Err(StoreError::Io {
                        action: "append to",
                        place: "the test's store".into(),
                        error,
                    });
                }
            }
        }
        let text: String = entries.iter().map(|entry| String::from_utf8_lossy(entry).into_owned()).collect();
        self.appended.lock().unwrap().extend(entries.iter().map(Vec::len));
        let revision = self.inner.append(lease, base, entries).await?;
        self.durable.lock().unwrap().push_str(&text);
        Ok(revision)
    }
}

fn stack() -> StackId {
    "local/durable/dev".parse().unwrap()
}

fn program(stack: &mut Stack) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16"))?;
    for i in 0..3 {
        let subnet = stack.add(format!("sub-{i}"), Subnet::new(network.id(), "10.0.1.0/24"))?;
        stack.add(format!("web-{i}"), Machine::new(subnet.id()))?;
    }
    Ok(())
}

/// Makes an engine whose provider looks at the store before each call.
fn watched(store: &Arc<Outer<Slow>>, faults: &Arc<Mutex<Vec<String>>>) -> (Engine, World) {
    let world = World::memory();
    let (store, watched, faults) = (Arc::clone(store), Arc::clone(store), Arc::clone(faults));
    let ids = world.clone();
    let provider = SimProvider::new("sim", schemas(), world.clone())
        .options(Options::default().speed(100.0))
        .fault_plan(move |cx, op, phase| {
            if phase == Phase::Before && matches!(op, Op::Create | Op::Update | Op::Delete) {
                let durable = watched.durable.lock().unwrap();
                if !durable.contains(&cx.token.to_string()) {
                    faults.lock().unwrap().push(format!("{op:?} of {} before its intent", cx.address));
                }
                // What a resource uses has been made, so it has to be recorded by now.
                let used = match cx.address.name().split_once('-') {
                    Some(("web", number)) => format!("sub-{number}"),
                    Some(("sub", _)) => "net".to_owned(),
                    _ => return None,
                };
                let objects = ids.objects().unwrap();
                let made = objects.iter().find(|object| object.address.name() == used && op == Op::Create);
                if made.is_some_and(|made| !durable.contains(&format!("\"id\":\"{}\"", made.id))) {
                    faults.lock().unwrap().push(format!("{} before the result of {used}", cx.address));
                }
            }
            None
        });
    let engine =
        Engine::builder().store(store).provider(Arc::new(provider)).provider(sskuba::local::provider());
    (engine.build(), world)
}

#[tokio::test(start_paused = true)]
async fn no_call_before_its_intent_and_no_dependant_before_its_results() {
    let (store, faults) = (Arc::new(Outer::<Slow>::default()), Arc::default());
    let (engine, world) = watched(&store, &faults);
    engine.up(&stack(), program).await.unwrap();
    assert_eq!(world.objects().unwrap().len(), 7);
    engine.down(&stack()).await.unwrap();
    assert_eq!(world.objects().unwrap().len(), 0);
    assert_eq!(*faults.lock().unwrap(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_at_any_write_loses_nothing() {
    let mut failed = 0;
    for writes in 0..12 {
        let (store, faults) = (Arc::new(Outer::<Slow>::default()), Arc::default());
        let (engine, world) = watched(&store, &faults);
        *store.fail_after.lock().unwrap() = Some(writes);
        if let Err(error) = engine.up(&stack(), program).await {
            failed += 1;
            let text = error.to_string();
            assert!(
                text.contains("failed to append to the test's store") && text.contains("free some space"),
                "{text}"
            );
        }
        *store.fail_after.lock().unwrap() = None;
        engine.up(&stack(), program).await.unwrap();
        let state = engine.read(&stack()).await.unwrap().state;
        let objects = world.objects().unwrap();
        assert_eq!((objects.len(), state.len()), (7, 7), "after {writes} writes");
        assert!(
            objects.iter().all(|o| state.record(o.token).is_some_and(|r| r.id == o.id)),
            "after {writes} writes"
        );
        assert_eq!(*faults.lock().unwrap(), [""; 0]);
    }
    assert!(failed > 4, "{failed}");
}

/// Declares recorded values, each of which uses the one before the last.
fn values(count: usize) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| {
        let mut before: Option<Handle<Data>> = None;
        for i in 0..count {
            let value = match &before {
                Some(data) => data.id().map(|id| serde_json::json!({"uses": id})),
                None => Output::all(Vec::<Output<String>>::new()).map(|_| serde_json::json!({"uses": null})),
            };
            let handle = stack.add(format!("value-{i:06}"), Data::new(value))?;
            before = (i % 2 == 0).then_some(handle).or(before);
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_bytes_of_a_step_do_not_depend_on_the_size_of_the_stack() {
    let mut means = Vec::new();
    for size in [100, 10_000] {
        let store = Arc::new(Outer::<Slow>::default());
        let (engine, _) = watched(&store, &Arc::default());
        engine.up(&stack(), values(size)).await.unwrap();
        store.appended.lock().unwrap().clear();
        engine.up(&stack(), values(size + 50)).await.unwrap();
        let appended = store.appended.lock().unwrap();
        means.push(appended.iter().sum::<usize>() as f64 / 50.0);
    }
    let ratio = means[1] / means[0];
    assert!((0.98..1.02).contains(&ratio), "{means:?} bytes a step");
}
