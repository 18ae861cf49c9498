//! A store and a world that outlive the programs that work on them.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sskuba::Engine;
use sskuba::core::address::StackId;
use sskuba::core::applying::{ApplyOptions, Event, Events};
use sskuba::core::clock::{Clock, SeededIds};
use sskuba::core::engine::{EngineError, Resolution, Session};
use sskuba::core::plan::Action;
use sskuba::core::planning::PlanOptions;
use sskuba::core::state::{Fold, Image, Owner, Record, Records, RunResult, State, StateStore};
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::sim::{Fault, Op, Options, SimProvider, World, WorldObject, kinds};

use super::cases::{Case, Declare, Task};
use super::fate::Fate;
use super::mortal::{Ages, Made, Mortal, MortalStore};

/// What outlives a program.
pub(crate) struct Bench {
    pub(crate) world: World,
    store: Memory,
    keyring: EphemeralKeyring,
    ages: Arc<Ages>,
    made: Made,
    stack: StackId,
    seed: u64,
    lives: u64,
    /// What `state export` wrote before the case began.
    export: serde_json::Value,
    /// What the last run left beside the store.
    copy: Option<Image>,
    /// Whether the service gives up what it made.
    gives_up: bool,
}

/// How a life ended.
pub(crate) struct Life {
    /// The boundaries that it passed.
    pub(crate) passed: Vec<String>,
    /// Whether it died.
    pub(crate) died: bool,
    /// How many changes it made, if it came to its end.
    pub(crate) changes: u32,
}

/// How a program went on that was stopped for long.
pub(crate) struct Sleep {
    /// How many of its calls had been handed to a provider, and took effect only when it woke.
    pub(crate) under_way: usize,
    /// The boundaries that it passed after it woke.
    pub(crate) after: Vec<String>,
    /// How it ended.
    pub(crate) ended: Result<u32, EngineError>,
}

impl Bench {
    /// Makes the bench, and brings it to where the case begins.
    pub(crate) fn new(case: &Case, seed: u64) -> Self {
        let mut bench = Self {
            world: World::memory(),
            store: Memory::default(),
            keyring: EphemeralKeyring::default(),
            ages: Arc::default(),
            made: Made::default(),
            stack: "local/deaths/dev".parse().unwrap(),
            seed,
            lives: 0,
            export: serde_json::Value::Null,
            copy: None,
            gives_up: false,
        };
        for (at, declare) in case.before.iter().enumerate() {
            bench.gives_up = case.given_up && at + 1 == case.before.len();
            bench.live(&Task { declare: Some(*declare), ..Task::default() }, None);
        }
        bench.gives_up = false;
        if let Some(name) = case.damaged {
            bench.damage(name);
        }
        if case.task.import {
            bench.export =
                bench.with(async |engine: Engine, stack: StackId| engine.export_state(&stack).await.unwrap());
        }
        if let Some(meddle) = case.meddle {
            meddle(&bench.world);
        }
        if let Some(name) = case.forget {
            bench.with(async |engine: Engine, stack: StackId| {
                let mut session = engine.open(&stack, "state rm", Duration::ZERO).await.unwrap();
                let found = session.state().records().find(|record| record.address.name() == name);
                let address = found.unwrap().address.clone();
                session.forget(&address).await.unwrap();
                session.close().await.unwrap();
            });
        }
        bench
    }

    /// Damages the record of a resource, as a disk may; what the last run left beside the store is whole.
    fn damage(&mut self, name: &str) {
        let keyring = self.keyring.clone();
        // A new key folds all that is in the journal.
        self.with(async |engine: Engine, stack: StackId| {
            let mut session = engine.open(&stack, "state rotate-key", Duration::ZERO).await.unwrap();
            session.rotate_key(&keyring).await.unwrap();
            session.close().await.unwrap();
        });
        let (store, stack) = (self.store.clone(), self.stack.clone());
        let owner = Owner { user: "eve".into(), host: "desk".into(), pid: 1, command: "damage".into() };
        self.copy = runtimeless(async {
            let lease = store.acquire(&stack, &owner).await.unwrap();
            let image = store.load(&stack).await.unwrap().unwrap();
            let is_its = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&format!("::{name}\""));
            let (key, mut bytes) = image.records.iter().find(|(_, bytes)| is_its(bytes)).unwrap().clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            let records = Records::put(vec![(key, bytes)]);
            store.fold(&lease, Fold { records, ..Fold::default() }).await.unwrap();
            store.release(&lease).await.unwrap();
            Some(image)
        });
    }

    fn engine(&mut self, fate: &Arc<Fate>) -> Engine {
        self.lives += 1;
        // Seeds that are neighbours would share all but the first of their ids.
        let ids = Arc::new(SeededIds::new(self.lives << 40 | self.seed << 20));
        let clock = Arc::clone(&self.ages) as Arc<dyn Clock>;
        let options = Options::default().visibility_speed(1.0).clock(Arc::clone(&clock));
        let gives_up = self.gives_up;
        let sim = SimProvider::new("sim", kinds::schemas(), self.world.clone())
            .options(options)
            .fault_plan(move |_, op, _| (gives_up && op == Op::Ready).then_some(Fault::GivenUp));
        let mortal = |inner: Arc<dyn sskuba::core::provider::Provider>| {
            let (fate, made) = (Arc::clone(fate), Arc::clone(&self.made));
            Arc::new(Mortal { inner, fate, seed: self.seed, made })
        };
        let store = MortalStore {
            inner: self.store.clone(),
            fate: Arc::clone(fate),
            seed: self.seed,
            copy: self.copy.clone(),
        };
        Engine::builder()
            .store(Arc::new(store))
            .keyring(Arc::new(self.keyring.clone()))
            .provider(mortal(Arc::new(sim)))
            .provider(mortal(sskuba::local::provider()))
            .clock(clock)
            .ids(ids)
            .owner("ann", "desk", 1)
            .build()
    }

    /// Runs a program to its end or to its death; nothing of it goes on after that.
    fn life<T>(&mut self, fate: &Arc<Fate>, live: impl AsyncFnOnce(Engine, StackId) -> T) -> Option<T> {
        let (engine, stack, ages) = (self.engine(fate), self.stack.clone(), Arc::clone(&self.ages));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let runtime = runtime.unwrap();
        let ended = runtime.block_on(async {
            ages.begin();
            let ended = tokio::select! {
                biased;
                () = fate.stop() => None,
                ended = live(engine, stack) => Some(ended),
            };
            ages.end();
            ended
        });
        drop(runtime);
        if ended.is_none() {
            // Nobody else has it, and its holder is dead.
            runtimeless(self.store.unlock(&self.stack)).unwrap();
        }
        ended
    }

    /// Returns what a program finds beside its stack.
    fn more(&self) -> (serde_json::Value, EphemeralKeyring, bool) {
        (self.export.clone(), self.keyring.clone(), self.gives_up)
    }

    fn with<T>(&mut self, live: impl AsyncFnOnce(Engine, StackId) -> T) -> T {
        self.life(&Fate::new(None), live).unwrap()
    }

    /// Does a task, and dies at the boundary `at`.
    #[track_caller]
    pub(crate) fn live(&mut self, task: &Task, at: Option<usize>) -> Life {
        let fate = Fate::new(at);
        let told: Arc<Mutex<Vec<Event>>> = Arc::default();
        let (sink, world, more) = (Arc::clone(&told), self.world.clone(), self.more());
        let events = Events::new(move |event| sink.lock().unwrap().push(event));
        let ended = self
            .life(&fate, async |engine, stack| perform(&engine, &stack, task, &events, &world, more).await);
        let passed = fate.passed();
        let died = ended.is_none();
        let changes = match ended {
            Some(Ok(changes)) => changes,
            Some(Err(error)) => panic!("{error}\nafter {passed:#?}"),
            None => 0,
        };
        if died {
            self.all_that_was_told_is_recorded(&told.lock().unwrap(), &passed);
        }
        Life { passed, died, changes }
    }

    /// Does a task with a program that is stopped at the boundary `at`, for longer than its lease lasts. Another one
    /// does the task meanwhile; then the first goes on.
    pub(crate) fn sleep(&mut self, task: &Task, at: usize) -> Sleep {
        let (sleeper, other) = (Fate::new(Some(at)), Fate::new(None));
        let mut under_way = 0;
        let (first, second) = (self.engine(&sleeper), self.engine(&other));
        let (stack, ages, world) = (self.stack.clone(), Arc::clone(&self.ages), self.world.clone());
        let (more, none) = (self.more(), Events::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let (ended, before) = runtime.unwrap().block_on(async {
            ages.begin();
            let meanwhile = async {
                sleeper.stop().await;
                under_way = sleeper.under_way.load(Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(31)).await;
                perform(&second, &stack, task, &none, &world, more.clone()).await.unwrap();
                let before = sleeper.passed().len();
                sleeper.wake();
                before
            };
            let ended = tokio::join!(perform(&first, &stack, task, &none, &world, more.clone()), meanwhile);
            ages.end();
            ended
        });
        Sleep { under_way, after: sleeper.passed().split_off(before), ended }
    }

    /// An event tells of a step that is durable, so the next program finds it recorded.
    fn all_that_was_told_is_recorded(&mut self, told: &[Event], passed: &[String]) {
        let mut last: BTreeMap<String, (Action, String)> = BTreeMap::new();
        for event in told {
            if let Event::Finished { address, action, id, .. } = event {
                last.insert(address.to_string(), (*action, id.clone()));
            }
        }
        if last.is_empty() {
            return;
        }
        let state = self.state();
        for (address, (action, id)) in last {
            let found =
                state.records().find(|record| record.address.to_string() == address && record.id == id);
            let known = found.is_some() || matches!(action, Action::Delete | Action::Forget | Action::Read);
            assert!(known, "{action} of {address} ({id}) was told and is not recorded, after {passed:#?}");
        }
    }

    fn state(&mut self) -> State {
        self.with(async |engine: Engine, stack: StackId| engine.read(&stack).await.unwrap().state)
    }

    /// Says what exists and what is recorded, without what differs from run to run.
    pub(crate) fn picture(&mut self) -> Vec<String> {
        let state = self.state();
        let objects = self.world.objects().unwrap();
        let mut names: Vec<(String, String)> = Vec::new();
        for record in state.records() {
            names.push((record.id.clone(), format!("<{}>", record.address)));
            for (field, value) in &record.outputs {
                names.extend(
                    value.as_str().map(|text| (text.to_owned(), format!("<{} {field}>", record.address))),
                );
            }
        }
        for object in objects.iter().filter(|object| state.record(object.token).is_none()) {
            names.push((object.id.clone(), format!("<{}>", object.address)));
        }
        names.retain(|(text, _)| text.len() > 7);
        names.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        let mut lines: Vec<String> = Vec::new();
        for object in &objects {
            let (address, inputs) = (&object.address, &object.inputs);
            let mut inputs = inputs.clone();
            inputs.retain(|field, _| !object.hidden.contains(field));
            let recorded = state.record(object.token).is_some_and(|record| record.id == object.id);
            lines.push(format!(
                "exists {address} {} partial {} recorded {recorded}",
                serde_json::to_string(&inputs).unwrap(),
                object.partial
            ));
        }
        for record in state.records() {
            lines.push(format!(
                "record {} {:?} {} {:?} needs {:?} by {:?} with {:?}",
                record.address,
                record.status,
                record.id,
                record.applied,
                record.dependencies,
                record.provider,
                record.flags
            ));
        }
        lines.push(format!("exports {:?}", state.exports()));
        lines.extend(state.pending().map(|intent| format!("open {:?} of {}", intent.verb, intent.address)));
        lines.extend(ghosts(&state, &objects));
        for line in &mut lines {
            for (text, name) in &names {
                *line = line.replace(text, name);
            }
        }
        for (address, made) in &*self.made.lock().unwrap() {
            lines.push(format!("made {address} {} times", made.len()));
        }
        lines.sort();
        lines
    }
}

/// Says what is recorded and not there, and what is there twice. What is there and not recorded, as cases want it,
/// is in every picture.
fn ghosts(state: &State, objects: &[Arc<WorldObject>]) -> Vec<String> {
    let there = |kind: &str| kind.starts_with("sim:") && !kind.starts_with("sim:provider:");
    let records = state.records().filter(|record| there(record.address.kind_str()));
    let is = |record: &Record, object: &WorldObject| object.token == record.token && object.id == record.id;
    let ghosts = records.filter(|record| !objects.iter().any(|object| is(record, object)));
    let mut lines: Vec<String> = ghosts.map(|record| format!("not there: {}", record.address)).collect();
    for object in objects {
        let twins = objects.iter().filter(|other| other.token == object.token).count();
        lines.extend((twins > 1).then(|| format!("{twins} objects of {}", object.address)));
    }
    lines
}

/// Awaits what never waits.
fn runtimeless<T>(ready: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ready)
}

/// Does a task as a program does; what needs a person is resolved by one who looks into the world.
async fn perform(
    engine: &Engine,
    stack: &StackId,
    task: &Task,
    events: &Events,
    world: &World,
    (export, keyring, gives_up): (serde_json::Value, EphemeralKeyring, bool),
) -> Result<u32, EngineError> {
    if task.repair {
        engine.repair(stack, Duration::ZERO, false, |_| Ok(())).await?;
    }
    let mut session = engine.open(stack, "up", Duration::ZERO).await?;
    recover(&mut session, events, world).await?;
    if task.import {
        session.import_state(export).await?;
    }
    if task.rotate {
        session.rotate_key(&keyring).await?;
    }
    if task.refresh {
        let found = session.look(events).await?;
        let report = session.keep(found).await?;
        assert!(report.failed.is_empty(), "{:?}", report.failed);
    }
    let options = PlanOptions::default();
    let plan = match task.declare {
        Some(declare) => session.plan(&declare as &dyn sskuba::core::stack::Program, &options).await?,
        None => session.plan_down(&options).await?,
    };
    let apply = ApplyOptions { events: events.clone(), ..ApplyOptions::default() };
    let report = session.apply(&plan, &apply).await?;
    if gives_up {
        assert_eq!((report.result, report.failures.len()), (RunResult::Failed, 1), "{:?}", report.failures);
    } else {
        assert_eq!((report.result, &report.failures), (RunResult::Succeeded, &Vec::new()));
    }
    session.close().await?;
    Ok(if plan.is_empty() { 0 } else { report.counts.changes().max(1) })
}

async fn recover(session: &mut Session, events: &Events, world: &World) -> Result<(), EngineError> {
    let unresolved = match session.recover(events).await {
        Err(EngineError::Unresolved(unresolved)) => unresolved,
        other => return other.map(drop),
    };
    for open in unresolved {
        let intent = session.state().pending().find(|intent| intent.address == open.address).unwrap().clone();
        let found = world.with_token(&intent.address.kind(), intent.token).unwrap();
        assert!(found.len() < 2, "{found:?}");
        let by_hand = open.failure.message.contains("can neither be asked again nor be searched for");
        assert!(by_hand, "{open}: {}", open.failure);
        let resolution = match found.first() {
            Some(object) => Resolution::Created { id: object.id.clone() },
            None => Resolution::NotCreated,
        };
        session.resolve(&open.address, resolution).await?;
    }
    Ok(())
}

/// Declares nothing.
pub(crate) const DOWN: Option<Declare> = None;
