//! A canary in every place where a program can put a secret; none of the texts of runs that fail shows it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sskuba::core::applying::Event;
use sskuba::core::plan::PlanFile;
use sskuba::core::provider::{self, Change, Class, Cx, Failure, Object, Place, Prior, Provider};
use sskuba::core::state::{RunResult, StateStore};
use sskuba::core::value::{Map, Value};
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Grant, Instance, Machine, Network, Subnet};
use sskuba::sim::{Fault, Op, Phase, SimProvider, World};

use super::Shared;
use crate::answered::AnsweredBy;

const CANARY: &str = "canary-5eb1";

/// `Y2FuYXJ5LTVlYjE=`: the canary as base64, as boot data are given.
const BOOT: &str = "Y2FuYXJ5LTVlYjE=";

fn program(stack: &mut Stack) -> sskuba::Result {
    let secret = || Secret::new(CANARY.to_owned());
    let west = stack.add("west", Instance::new().credential(secret()))?;
    let net = stack.add("net", Network::new("10.0.0.0/16").tag("login", secret()))?;
    let sub = stack.add("sub", Subnet::new(net.id(), "10.0.1.0/24"))?.provider(&west);
    let web = stack.add("web", Machine::new(sub.id()).boot(BOOT))?;
    let derived = web.password().map(|password| format!("{CANARY}-{}", password.expose().len()));
    stack.add("derived", Grant::new("ann", derived.secret()))?;
    stack.add("policy", Bucket::new("one").policy(net.tags().map(|tags| format!("{tags:?}"))))?;
    stack.export("login", net.tags());
    Ok(())
}

/// A program whose every mistake has the canary in it.
fn mistaken(stack: &mut Stack) -> sskuba::Result {
    let secret = || Secret::new(CANARY.to_owned());
    stack.add("range", Network::new(secret()))?;
    let net = stack.add("net", Network::new("10.0.0.0/16").tag("login", secret()))?;
    let text = net.tags().and_then(|tags| Err::<String, _>(format!("no good: {tags:?}")));
    stack.add("fails", Bucket::new(text))?;
    let wrong = net.tags().map(|tags| serde_json::json!(tags));
    stack.add("type", Bucket::new(Input::from_expr(wrong.into_expr())))?;
    Ok(())
}

#[tokio::test]
async fn no_text_of_a_run_that_fails_shows_a_secret() {
    let (shared, world) = (Shared::default(), World::memory());
    let fails = |cx: &sskuba::core::provider::Cx, op: Op, phase: Phase| {
        let hit = cx.address.name() == "derived" && op == Op::Create && phase == Phase::Before;
        hit.then_some(Fault::Denied)
    };
    let sim = SimProvider::new("sim", kinds::schemas(), world.clone()).fault_plan(fails);
    let engine = shared.engine([Arc::new(sim) as _]);
    let stack = "local/test/dev".parse().unwrap();
    let mut texts: Vec<String> = Vec::new();

    texts.push(engine.preview(&stack, mistaken).await.unwrap_err().to_string());
    texts.push(format!("{:?}", engine.preview(&stack, mistaken).await.unwrap_err()));
    assert!(texts[0].contains("::range `cidr`") && texts[0].contains("::fails `name`"), "{}", texts[0]);

    let plan = engine.preview(&stack, program).await.unwrap();
    texts.push(format!("{plan:?} {:?}", plan.graph));
    let digester = engine.digester(&stack).await.unwrap();
    let file = PlanFile::new(&plan, digester, serde_json::json!({}));
    texts.push(serde_json::to_string(&file).unwrap());

    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let sink = Arc::clone(&events);
    let report =
        engine.apply(plan).continue_on_error().events(move |event| sink.lock().unwrap().push(event)).await;
    let report = report.unwrap();
    assert_eq!((report.result, report.failures.len()), (RunResult::Failed, 1), "{report:?}");
    texts.push(format!("{report:?}"));
    for event in events.lock().unwrap().iter() {
        texts.push(format!("{event:?} {}", serde_json::to_string(event).unwrap()));
    }
    assert!(texts.len() > 12);

    let snapshot = engine.read(&stack).await.unwrap();
    assert!(snapshot.opened && snapshot.state.len() == 5, "{:?}", snapshot.state.len());
    texts.push(format!("{snapshot:?} {engine:?}"));
    texts.push(engine.export_state(&stack).await.unwrap().to_string());
    let image = shared.store.load(&stack).await.unwrap().unwrap();
    for (_, bytes) in image.journal.iter() {
        texts.push(String::from_utf8_lossy(bytes).into_owned());
    }
    texts.push(format!("{:?}", engine.preview(&stack, program).await.unwrap()));
    for text in &texts {
        for secret in [CANARY, BOOT, BOOT.trim_end_matches('=')] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    // The provider itself was given the secret, so the canary was there to be seen.
    let seen = shared.engine([]).read(&stack).await.unwrap();
    let net = seen.state.records().find(|record| record.address.name() == "net").unwrap();
    assert!(net.applied["tags"].exposed().unwrap().to_string().contains(CANARY));
}

/// Keeps all that is traced, whatever its level.
#[derive(Clone, Default)]
struct Traces(Arc<Mutex<Vec<String>>>);

impl tracing::field::Visit for Traces {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.lock().unwrap().push(format!("{field}={value:?}"));
    }
}

impl tracing::Subscriber for Traces {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        span.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }
    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

/// Writes an error with all its sources, for people and for programmers.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(&format!(" {source} {source:?}"));
        next = source.source();
    }
    text
}

/// A service that repeats what it was told: in its errors, in another field, and where it was not secret.
#[derive(Debug, Clone)]
struct Echo(SimProvider);

/// Returns fields as a service reports them, to which nothing is secret.
fn in_the_clear(fields: Map) -> Map {
    let serde_json::Value::Object(fields) = Value::Map(fields).exposed().unwrap() else {
        panic!("an object")
    };
    fields.into_iter().map(|(name, value)| (name, Value::from_json(value))).collect()
}

#[deny(clippy::missing_trait_methods)]
#[async_trait::async_trait]
impl provider::Instance for Echo {
    async fn place(&self) -> Result<Place, Failure> {
        self.0.place().await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let mut object = self.0.create(cx, inputs).await?;
        if cx.address.name() == "fails" {
            let text = format!("cannot use {}", Value::Map(inputs.clone()).exposed().unwrap());
            return Err(Failure::partial(Class::Denied, text.clone(), object).hint(text));
        }
        object.inputs = in_the_clear(object.inputs);
        object.outputs.insert("owner".into(), format!("{CANARY}@{}", object.id).as_str().into());
        Ok(object)
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<sskuba::core::provider::Readiness, Failure> {
        self.0.ready(cx, prior).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.0.read(cx, prior).await
    }
    async fn update(&self, cx: &Cx, _: &Change) -> Result<Object, Failure> {
        Err(Failure::new(Class::Denied, format!("{CANARY} is no good for {}", cx.address)))
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        self.0.preview(cx, change).await
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.0.delete(cx, prior).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        let Some(mut object) = self.0.find(cx).await? else { return Ok(None) };
        let tags = Value::Map([("login".to_owned(), CANARY.into())].into());
        object.inputs.insert("tags".into(), tags);
        Ok(Some(object))
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.0.lookup(cx, inputs).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.0.list(cx).await
    }
}

// One thread, so that the subscriber of this test sees what the engine's tasks trace too.
#[tokio::test]
async fn no_trace_no_debug_and_no_chain_of_errors_shows_a_secret() {
    let traces = Traces::default();
    // While there is only one, a place that traces and is first reached by another test's thread asks that thread
    // whether anybody listens, and remembers that nobody does. So there are two.
    let _second = tracing::Dispatch::new(traces.clone());
    let _guard = tracing::subscriber::set_default(traces.clone());
    tracing::callsite::rebuild_interest_cache();
    let (shared, world) = (Shared::default(), World::memory());
    let lost = |cx: &Cx, op: Op, phase: Phase| {
        let hit = cx.address.name() == "found" && op == Op::Create && phase == Phase::After;
        hit.then_some(Fault::Lost)
    };
    let simulated = SimProvider::new("sim", kinds::schemas(), world.clone()).fault_plan(lost);
    let instance = Echo(simulated.clone());
    let engine = shared.engine([Arc::new(AnsweredBy { sim: simulated, instance }) as _]);
    let stack = "local/test/dev".parse().unwrap();
    let with = |team: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            let net = Network::new("10.0.0.0/16").tag("login", Secret::from(CANARY)).tag("team", team);
            let net = stack.add("works", net)?;
            let subnet = Subnet::new(net.id(), "10.0.1.0/24").tag("login", Secret::from(CANARY));
            stack.add("found", subnet)?;
            stack.add("fails", Network::new("10.1.0.0/16").tag("login", Secret::from(CANARY)))?;
            Ok(())
        }
    };
    let mut texts = Vec::new();
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    for team in ["a", "b"] {
        let plan = engine.preview(&stack, with(team)).await.unwrap();
        let sink = Arc::clone(&events);
        let apply = engine.apply(plan).continue_on_error();
        let report = apply.events(move |event| sink.lock().unwrap().push(event)).await.unwrap();
        assert_eq!(report.result, RunResult::Failed);
        for failed in &report.failures {
            texts.push(chain(&failed.failure));
        }
        texts.push(format!("{report:?} {}", report.failures[0].failure));
    }
    assert!(texts.iter().any(|text| text.contains("cannot use {")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("(secret) is no good")), "{texts:?}");
    texts.extend(events.lock().unwrap().iter().map(|event| format!("{event:?}")));
    let mut session = engine.open(&stack, "state rm", Default::default()).await.unwrap();
    session.forget(&"sim:net:Network::works".parse().unwrap()).await.unwrap();
    let undoing = session.undoing(None).await.unwrap();
    texts.push(format!("{session:?} {undoing:?} {:?} {:?}", undoing.lines, engine.digester(&stack).await));
    session.undo(&undoing, false).await.unwrap();
    session.close().await.unwrap();
    let stranger = Shared { store: shared.store.clone(), ..Shared::default() }.engine([sim()]);
    let closed = stranger.open(&stack, "up", Default::default()).await.unwrap_err();
    texts.push(chain(&closed));
    let found = engine.examine(&stack).await.unwrap();
    texts.push(format!("{found:?} {}", found.raw));
    let image = shared.store.load(&stack).await.unwrap().unwrap();
    texts.push(format!("{image:?}"));
    texts.extend(image.journal.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()));
    let traced = traces.0.lock().unwrap().clone();
    assert!(traced.iter().any(|line| line.contains("sealed a secret")), "{traced:?}");
    for text in texts.iter().chain(&traced) {
        assert!(!text.contains(CANARY), "{text}");
    }
}

fn sim() -> Arc<dyn Provider> {
    Arc::new(SimProvider::new("sim", kinds::schemas(), World::memory()))
}

/// All bytes of all files below a folder that have a text in them.
fn files_with(folder: &std::path::Path, text: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if std::fs::read(&path).unwrap().windows(text.len()).any(|part| part == text.as_bytes()) {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn nothing_is_left_in_the_files_of_what_became_a_secret() {
    let (folder, world) = (tempfile::tempdir().unwrap(), World::memory());
    let keyring = Arc::new(sskuba::core::stores::EphemeralKeyring::default());
    let engine = || {
        sskuba::core::engine::Engine::builder()
            .store(Arc::new(sskuba::core::stores::Sled::open(folder.path())))
            .keyring(keyring.clone())
            .provider(Arc::new(SimProvider::new("sim", kinds::schemas(), world.clone())))
            .build()
    };
    let stack = "local/test/dev".parse().unwrap();
    let open = |stack: &mut Stack| -> sskuba::Result {
        stack.add("b", Bucket::new("b").policy("[\"canary-4711\"]"))?;
        let other = stack.add("other", Bucket::new("other"))?;
        stack.export("it", other.url().map(|_| "an export of canary-4711".to_owned()));
        Ok(())
    };
    let closed = |stack: &mut Stack| -> sskuba::Result {
        stack.add("b", Bucket::new("b").policy(Secret::new("[\"canary-4711\"]".to_owned())))?;
        let other = stack.add("other", Bucket::new("other"))?;
        stack.export("it", other.url().map(|_| "an export of canary-4711".to_owned()).secret());
        Ok(())
    };
    engine().up(&stack, open).await.unwrap();
    assert!(!files_with(folder.path(), "canary-4711").is_empty());
    let report = engine().up(&stack, closed).await.unwrap();
    assert_eq!((report.result, report.counts.changes()), (RunResult::Succeeded, 0));
    assert_eq!(files_with(folder.path(), "canary-4711"), Vec::<std::path::PathBuf>::new());
    // It is the same stack, and goes on.
    let snapshot = engine().read(&stack).await.unwrap();
    assert_eq!((snapshot.state.len(), engine().history(&stack, 10).await.unwrap().len()), (2, 2));
    // Once is enough: the files are not made anew by every run.
    let inode = || {
        std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(folder.path().join("local/test/dev")).unwrap())
    };
    let before = inode();
    engine().up(&stack, closed).await.unwrap();
    assert_eq!(inode(), before);

    // A run that is killed before its end leaves it to the next, whatever that does; and one that folds, too.
    for folds in [false, true] {
        engine().up(&stack, open).await.unwrap();
        let engine_of_killed = engine();
        let mut killed = engine_of_killed.open(&stack, "up", Duration::from_secs(5)).await.unwrap();
        let plan = killed.plan(&closed, &Default::default()).await.unwrap();
        killed.apply(&plan, &Default::default()).await.unwrap();
        if folds {
            killed.rotate_key(keyring.as_ref()).await.unwrap();
        }
        drop((killed, engine_of_killed));
        assert!(!files_with(folder.path(), "canary-4711").is_empty());
        engine().up(&stack, closed).await.unwrap();
        assert_eq!(files_with(folder.path(), "canary-4711"), Vec::<std::path::PathBuf>::new(), "{folds}");
    }
    assert!(engine().preview(&stack, closed).await.unwrap().is_empty());
    engine().down(&stack).await.unwrap();
    assert!(world.objects().unwrap().is_empty());
}
