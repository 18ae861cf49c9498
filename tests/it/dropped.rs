//! A future that is dropped, a task that is aborted, a program that panics: the stack is free at once, and the next run
//! finds out what became of each call.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use sskuba::core::engine::Engine;
use sskuba::core::state::{RunResult, StateStore};
use sskuba::core::stores::{EphemeralKeyring, Memory, Sled};
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Machine, Network, Subnet};
use sskuba::sim::{Options, SimProvider, World};

fn program(stack: &mut Stack) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
    for number in 0..3 {
        let bucket = stack.add(format!("data-{number}"), Bucket::new(format!("data-{number}")))?;
        stack.add(format!("worker-{number}"), Machine::new(subnet.id()).bucket(bucket.id()))?;
    }
    Ok(())
}

const OBJECTS: usize = 8;

/// A world and a store, for engines that come and go.
struct Place {
    world: World,
    store: Arc<dyn StateStore>,
    keyring: Arc<EphemeralKeyring>,
    speed: f64,
}

impl Place {
    fn new(store: Arc<dyn StateStore>) -> Self {
        Self { world: World::memory(), store, keyring: Arc::default(), speed: 2_000.0 }
    }

    fn engine(&self) -> Engine {
        let sim = SimProvider::new("sim", kinds::schemas(), self.world.clone());
        Engine::builder()
            .store(Arc::clone(&self.store))
            .keyring(self.keyring.clone())
            .provider(Arc::new(sim.options(Options::default().speed(self.speed))))
            .build()
    }

    /// Brings the stack up after something was dropped, with the engine of that, and takes it down.
    async fn goes_on(&self, engine: &Engine, stack: &sskuba::core::address::StackId, what: &str) {
        let report = engine.up(stack, program).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(report.result, RunResult::Succeeded, "{what}: {:?}", report.failures);
        assert_eq!(self.world.objects().unwrap().len(), OBJECTS, "{what}");
        let report = engine.down(stack).await.unwrap();
        assert_eq!((report.result, self.world.objects().unwrap().len()), (RunResult::Succeeded, 0), "{what}");
    }
}

/// Drops an `up` after each number of polls that it can take.
#[tokio::test(start_paused = true)]
async fn after_any_number_of_polls() {
    let stack = "local/test/dev".parse().unwrap();
    for polls in 0.. {
        let place = Place { speed: 1.0, ..Place::new(Arc::new(Memory::default())) };
        let engine = place.engine();
        let mut left = polls;
        let mut up = Box::pin(engine.up(&stack, program));
        let cut = poll_fn(|cx| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            up.as_mut().poll(cx).map(Some)
        });
        let ended = cut.await;
        drop(up);
        place.goes_on(&engine, &stack, &format!("{polls} polls")).await;
        if let Some(report) = ended {
            report.unwrap();
            assert!(polls > OBJECTS, "{polls} polls");
            break;
        }
    }
}

/// The same with files, whose writes go on in threads, at times that are spread over a run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_any_time_while_files_are_written() {
    let stack = "local/test/dev".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(Arc::new(Sled::open(folder.path())));
    let start = Instant::now();
    place.engine().up(&stack, program).await.unwrap();
    let whole = start.elapsed();
    place.engine().down(&stack).await.unwrap();
    for part in 0..24 {
        let engine = place.engine();
        let at = whole * part / 24;
        let cut = tokio::time::timeout(at, engine.up(&stack, program)).await;
        drop(cut);
        place.goes_on(&engine, &stack, &format!("after {at:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_its_task_is_aborted() {
    let stack: sskuba::core::address::StackId = "local/test/dev".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for store in [Arc::new(Memory::default()) as Arc<dyn StateStore>, Arc::new(Sled::open(folder.path()))] {
        let place = Place::new(store);
        let engine = place.engine();
        let (one, its) = (engine.clone(), stack.clone());
        let task = tokio::spawn(async move { one.up(&its, program).await });
        while place.world.objects().unwrap().len() < 2 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        task.abort();
        let _ = task.await;
        place.goes_on(&engine, &stack, "aborted").await;
    }
}

#[tokio::test]
async fn when_the_program_or_a_listener_panics() {
    let stack = "local/test/dev".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    for store in [Arc::new(Memory::default()) as Arc<dyn StateStore>, Arc::new(Sled::open(folder.path()))] {
        let place = Place::new(store);
        let engine = place.engine();
        let panics = |_: &mut Stack| -> sskuba::Result { panic!("a mistake of the program") };
        let (one, its): (Engine, sskuba::core::address::StackId) =
            (engine.clone(), "local/test/dev".parse().unwrap());
        let ended = tokio::spawn(async move { one.up(&its, panics).await.map(|_| ()) }).await;
        assert!(ended.is_err() || ended.is_ok_and(|ended| ended.is_err()));
        let plan = engine.preview(&stack, program).await.unwrap();
        let one = engine.clone();
        let listens = async move { one.apply(plan).events(|_| panic!("a mistake of a listener")).await };
        assert!(tokio::spawn(listens).await.is_err());
        place.goes_on(&engine, &stack, "a panic").await;
    }
}
