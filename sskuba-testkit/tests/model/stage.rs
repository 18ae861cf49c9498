//! The engine, its store and its cloud, with somebody who watches each call and may disturb it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sskuba_core::address::StackId;
use sskuba_core::applying::ApplyOptions;
use sskuba_core::clock::{Clock, SeededIds, Timestamp};
use sskuba_core::engine::Engine;
use sskuba_core::provider::Cx;
use sskuba_core::state::{Fold, Image, Lease, Leftovers, Origin, Remains, StateStore, StoreError};
use sskuba_core::stores::{EphemeralKeyring, Memory};
use sskuba_core::value::Value;
use sskuba_sim::{Fault, Op, Options, Phase, SimProvider, World};
use sskuba_testkit::around::{Around, Outer};
use sskuba_testkit::model::{Effect, Fields, Truth, Verb};

use crate::kinds::schemas;
use crate::script::{Trouble, Wrong};

/// The smallest value of the changeable field: a secret of a digit or two would be found in every id.
pub(crate) const SOFT: u32 = 40_000;

/// For how long a gate exists and cannot be used.
const UNREADY: Duration = Duration::from_secs(4);

/// What was seen of a run.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    Asked(Verb, String, String),
    Happened(Effect),
    /// The service says that the object of a generation can be used.
    Usable(String),
    /// It gives it up.
    GivenUp(String),
}

/// What is to go wrong with the operation under way, and what was seen of it.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    pub(crate) trouble: Vec<Trouble>,
    calls: u8,
    writes: u8,
    /// How often something went wrong on purpose.
    pub(crate) hits: u32,
    pub(crate) seen: Vec<Seen>,
    /// The numbers of the calls under way, and the objects that their generation had before.
    under_way: HashMap<(String, Op), (u8, Vec<String>, Cx)>,
    /// The objects of generations that were imported.
    pub(crate) imported: HashMap<String, String>,
    /// The stored record that cannot be read.
    pub(crate) damaged: Option<Vec<u8>>,
    /// What the last run left beside the database.
    pub(crate) copy: Option<Image>,
    /// How to stop the run.
    pub(crate) options: ApplyOptions,
}

impl Watch {
    fn next_call(&mut self) -> u8 {
        let at = self.calls;
        self.calls = self.calls.saturating_add(1);
        for trouble in self.trouble.clone() {
            match trouble {
                Trouble::Cancel(n) if n == at => self.options.cancel.cancel(),
                Trouble::Die(n) if n == at => self.options.abandon.cancel(),
                _ => continue,
            }
            self.hits += 1;
        }
        at
    }

    fn wrong(&self, at: u8) -> Option<Wrong> {
        self.trouble.iter().find_map(|trouble| match trouble {
            Trouble::Call(n, wrong) if *n == at => Some(*wrong),
            _ => None,
        })
    }
}

type Shared = Arc<Mutex<Watch>>;

/// Time as tokio tells it.
#[derive(Debug)]
struct Paused(tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp(1_700_000_000_000).after(self.0.elapsed())
    }
}

/// A store whose disk may be full.
#[derive(Debug)]
struct Disk(Memory, Shared);

#[async_trait]
impl Around for Disk {
    fn inner(&self) -> &dyn StateStore {
        &self.0
    }
    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError> {
        let mut image = self.0.load(stack).await?;
        let damaged = self.1.lock().unwrap().damaged.clone();
        let records = image.iter_mut().flat_map(|image| &mut image.records);
        for (_, value) in records.filter(|(key, _)| Some(key) == damaged.as_ref()) {
            let middle = value.len() / 2;
            value[middle] ^= 0x10;
        }
        Ok(image)
    }
    async fn remains(&self, stack: &StackId) -> Result<Leftovers, StoreError> {
        let database = self.load(stack).await?.map(Remains::of_database);
        let copy = self.1.lock().unwrap().copy.clone().map(Remains::of_database);
        let copy = copy.map(|part| Remains { origin: Origin::Copy, ..part });
        let acknowledged = database.as_ref().map_or(0, |part| part.image.revision);
        Ok(Leftovers { broken: None, acknowledged, parts: database.into_iter().chain(copy).collect() })
    }
    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        self.0.fold(lease, fold).await?;
        self.1.lock().unwrap().damaged = None;
        Ok(())
    }
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        tokio::time::sleep(Duration::from_millis(5)).await;
        {
            let mut watch = self.1.lock().unwrap();
            let at = watch.writes;
            watch.writes = watch.writes.saturating_add(1);
            if watch.trouble.contains(&Trouble::DiskFull(at)) {
                watch.hits += 1;
                let error = std::io::ErrorKind::StorageFull.into();
                return Err(StoreError::Io { action: "write to", place: "the model's disk".into(), error });
            }
        }
        self.0.append(lease, base, entries).await
    }
}

/// Everything that a sequence plays on.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    /// The same as a program has it whose surroundings lead to another region.
    pub(crate) astray: Engine,
    pub(crate) world: World,
    pub(crate) stack: StackId,
    pub(crate) watch: Shared,
    /// Who seals the data key.
    pub(crate) keyring: Arc<EphemeralKeyring>,
}

fn verb(op: Op) -> Option<Verb> {
    match op {
        Op::Create => Some(Verb::Create),
        Op::Update => Some(Verb::Update),
        Op::Delete => Some(Verb::Delete),
        _ => None,
    }
}

impl Stage {
    pub(crate) fn new(seed: u64) -> Self {
        let (world, watch) = (World::memory(), Shared::default());
        let clock: Arc<dyn Clock> = Arc::new(Paused(tokio::time::Instant::now()));
        let options = Options::default().speed(1.0).visibility_speed(1.0).clock(Arc::clone(&clock));
        let (looks, watches, time) = (world.clone(), Arc::clone(&watch), Arc::clone(&clock));
        let provider = SimProvider::new("model", schemas(), world.clone())
            .fault_plan(move |cx, op, phase| watched((&looks, &*time), &watches, cx, op, phase));
        let store: Arc<dyn StateStore> = Arc::new(Outer(Disk(Memory::default(), Arc::clone(&watch))));
        let (keyring, ids) = (Arc::new(EphemeralKeyring::default()), Arc::new(SeededIds::new(seed)));
        let in_region = |region: &str| {
            let options = options.clone().region(region);
            Engine::builder()
                .provider(Arc::new(provider.clone().options(options)))
                .store(Arc::clone(&store))
                .keyring(keyring.clone())
                .clock(Arc::clone(&clock))
                .ids(ids.clone())
                .owner("ann", "desk", 1)
                .build()
        };
        let (engine, astray) = (in_region("sim-1"), in_region("nowhere"));
        Self { engine, astray, world, stack: "local/model/dev".parse().unwrap(), watch, keyring }
    }

    /// Prepares for an operation; returns how its run is to go.
    pub(crate) fn prepare(&self, trouble: &[Trouble], continue_on_error: bool) -> ApplyOptions {
        let options = ApplyOptions { continue_on_error, ..ApplyOptions::default() };
        let mut watch = self.watch.lock().unwrap();
        let imported = std::mem::take(&mut watch.imported);
        *watch = Watch { trouble: trouble.to_vec(), options: options.clone(), imported, ..Watch::default() };
        drop(watch);
        options
    }
}

impl Stage {
    /// Notes the effects of calls that ended with their program: nobody waited for their answer.
    pub(crate) fn note_effects_of_the_dead(&self, truth: &Truth) {
        let mut watch = self.watch.lock().unwrap();
        for ((token, op), (_, before, cx)) in std::mem::take(&mut watch.under_way) {
            let Some(verb) = verb(op) else { continue };
            let imported = watch.imported.get(&token).cloned();
            let Some(seen) = effect(&self.world, verb, &cx, (false, before, imported)) else { continue };
            let object = self.world.get(&cx.address.kind(), &seen.id).unwrap();
            let thing = truth.things.get(&seen.id);
            let completed = thing.is_some_and(|thing| thing.partial) && object.is_some_and(|o| !o.partial);
            let happened = match verb {
                Verb::Create => !seen.again || completed,
                Verb::Update => {
                    completed || thing.is_some_and(|thing| Some(&thing.fields) != seen.fields.as_ref())
                }
                Verb::Delete => {
                    let id = truth.note(&token).map(|note| note.id.clone()).unwrap_or_default();
                    self.world.get(&cx.address.kind(), &id).unwrap().is_none()
                }
            };
            if happened {
                watch.seen.push(Seen::Happened(seen));
            }
        }
    }
}

/// Watches one half of a call.
fn watched(
    (world, clock): (&World, &dyn Clock),
    watch: &Shared,
    cx: &Cx,
    op: Op,
    phase: Phase,
) -> Option<Fault> {
    let mut watch = watch.lock().unwrap();
    let (address, token) = (cx.address.to_string(), cx.token.to_string());
    if phase == Phase::Before {
        let at = watch.next_call();
        let there = world.with_token(&cx.address.kind(), cx.token).unwrap_or_default();
        let there = there.iter().map(|object| object.id.clone()).collect();
        watch.under_way.insert((token.clone(), op), (at, there, cx.clone()));
        if let Some(verb) = verb(op) {
            watch.seen.push(Seen::Asked(verb, address, token.clone()));
        }
        let fault = match watch.wrong(at)? {
            Wrong::Throttled => Fault::Throttled,
            Wrong::Transient => Fault::Transient,
            Wrong::Denied => Fault::Denied,
            Wrong::Conflict => Fault::Conflict,
            Wrong::LostBefore => Fault::Lost,
            Wrong::StallBefore => Fault::Stall,
            Wrong::LostAfter | Wrong::Partial | Wrong::GivenUp | Wrong::StallAfter => return None,
        };
        watch.under_way.remove(&(token, op));
        watch.hits += 1;
        return Some(fault);
    }
    let (at, before) = match watch.under_way.remove(&(token, op)) {
        Some((at, before, _)) => (at, before),
        None => (u8::MAX, Vec::new()),
    };
    let mut fault = match watch.wrong(at) {
        Some(Wrong::LostAfter) => Some(Fault::Lost),
        Some(Wrong::StallAfter) => Some(Fault::Stall),
        Some(Wrong::Partial) if op == Op::Create => Some(Fault::Partial),
        Some(Wrong::GivenUp) if op == Op::Ready => Some(Fault::GivenUp),
        _ => None,
    };
    if fault.is_some() {
        watch.hits += 1;
    }
    if op == Op::Ready {
        let token = cx.token.to_string();
        let objects = world.with_token(&cx.address.kind(), cx.token).unwrap_or_default();
        let is_usable = objects.iter().any(|object| clock.now().since(object.created) >= UNREADY);
        match fault {
            None if is_usable => watch.seen.push(Seen::Usable(token)),
            Some(Fault::GivenUp) => watch.seen.push(Seen::GivenUp(token)),
            _ => {}
        }
    }
    let Some(verb) = verb(op) else { return fault.take() };
    let partial = fault == Some(Fault::Partial);
    let imported = watch.imported.get(&cx.token.to_string()).cloned();
    if let Some(effect) = effect(world, verb, cx, (partial, before, imported)) {
        watch.seen.push(Seen::Happened(effect));
    }
    fault
}

fn effect(
    world: &World,
    verb: Verb,
    cx: &Cx,
    (partial, before, imported): (bool, Vec<String>, Option<String>),
) -> Option<Effect> {
    let (address, token) = (cx.address.to_string(), cx.token.to_string());
    if verb == Verb::Delete {
        let (id, fields) = (String::new(), None);
        return Some(Effect { verb, address, token, id, fields, partial: false, again: false, site: None });
    }
    let kind = cx.address.kind();
    let objects = match imported {
        Some(id) => world.get(&kind, &id).ok()?.into_iter().collect(),
        None => world.with_token(&kind, cx.token).ok()?,
    };
    // If a token made several, that is a mistake which the judge is to see.
    let new = objects.iter().find(|object| !before.contains(&object.id));
    let again = verb == Verb::Create && new.is_none();
    let object = new.or(objects.first())?;
    let fields = Some(fields(world, &object.inputs));
    let site = object.outputs.get("site").and_then(serde_json::Value::as_str).map(str::to_owned);
    Some(Effect { verb, address, token, id: object.id.clone(), fields, partial, again, site })
}

/// Reads an object's inputs; of a secret one the world has only a mark, and values are small.
pub(crate) fn fields(world: &World, inputs: &sskuba_sim::Fields) -> Fields {
    let number = |name: &str| match inputs.get(name) {
        Some(serde_json::Value::String(mark)) => {
            let is_marked = |value: &u32| world.mark(name, &Value::from(i64::from(*value))) == *mark;
            (SOFT..SOFT + 10).find(is_marked).unwrap_or(u32::MAX).into()
        }
        value => value.and_then(serde_json::Value::as_u64).unwrap_or(0),
    };
    let text = |name: &str| inputs.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let number = |name: &str| u32::try_from(number(name)).unwrap();
    Fields { soft: number("soft"), hard: number("hard"), near: text("near"), far: text("far") }
}
