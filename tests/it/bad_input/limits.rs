//! Values that are nested too deep, too large or no numbers: refused by name on every way in, so that what is recorded
//! can be read.

use std::sync::Arc;

use sskuba::core::address::StackId;
use sskuba::core::applying::Event;
use sskuba::core::provider::{
    Change, Cx, Failure, Handler, Handlers, Instance, Object, Place, Prior, TypedChange, TypedObject,
    TypedPrior, Update,
};
use sskuba::core::schema::FieldError;
use sskuba::core::state::{RunResult, Status};
use sskuba::core::value::{Map, Value};
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Network};
use sskuba::sim::{SimProvider, World};

use super::{Shared, has, message_of};
use crate::answered::AnsweredBy;

fn deep(depth: usize) -> serde_json::Value {
    (0..depth).fold(serde_json::Value::Null, |inner, _| serde_json::Value::Array(vec![inner]))
}

fn stack_id() -> StackId {
    "local/test/dev".parse().unwrap()
}

/// Reports a field that is nested as deep as JSON goes.
#[derive(Debug, Clone)]
struct Deep(SimProvider);

fn with_more(mut object: Object) -> Object {
    object.outputs.insert("more".into(), Value::from_json(deep(126)));
    object
}

#[deny(clippy::missing_trait_methods)]
#[async_trait::async_trait]
impl Instance for Deep {
    async fn place(&self) -> Result<Place, Failure> {
        self.0.place().await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        self.0.create(cx, inputs).await.map(with_more)
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<sskuba::core::provider::Readiness, Failure> {
        self.0.ready(cx, prior).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.0.lookup(cx, inputs).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        Ok(self.0.read(cx, prior).await?.map(with_more))
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        self.0.update(cx, change).await
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        self.0.preview(cx, change).await
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.0.delete(cx, prior).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        Ok(self.0.find(cx).await?.map(with_more))
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.0.list(cx).await
    }
}

fn sim() -> SimProvider {
    SimProvider::new("sim", kinds::schemas(), World::memory())
}

#[tokio::test]
async fn what_the_program_says_is_refused_in_the_plan() {
    let engine = Shared::default().engine([Arc::new(sim()) as _]);
    let text = message_of(
        engine
            .preview(&stack_id(), |stack: &mut Stack| {
                let net = stack.add("net", Network::new("10.0.0.0/16"))?;
                let own = |value: serde_json::Value| net.cidr().map(move |_| value.clone()).into_expr();
                stack.add("deep", Bucket::new(Input::from_expr(own(deep(126)))))?;
                stack.add("large", Bucket::new("x".repeat(17 << 20)))?;
                let nan = Input::<f64>::from(f64::NAN).into_expr();
                stack.add("nan", Bucket::new("n").policy(Input::from_expr(nan)))?;
                stack.export_value("tree", deep(126));
                stack.export_value("ratio", f64::INFINITY);
                Ok(())
            })
            .await,
    );
    has(&text, &["::large `name`", "a value may have 16777216 (16 MiB)"]);
    has(&text, &["::nan `policy`", "is NaN, which is no number that can be recorded"]);
    has(&text, &["export `tree`: is nested 126 deep; a value may be nested 64 deep"]);
    has(&text, &["export `ratio`: is infinite"]);
    has(&text, &["::deep `name`", "is nested 126 deep; a value may be nested 64 deep"]);
}

#[tokio::test]
async fn what_only_the_apply_knows_fails_its_step_and_the_rest_is_recorded() {
    let shared = Shared::default();
    let engine = shared.engine([Arc::new(sim()) as _]);
    let program = |stack: &mut Stack| -> sskuba::Result {
        let net = stack.add("net", Network::new("10.0.0.0/16"))?;
        let tree = net.id().map(|_| deep(65));
        stack.add("deep", Bucket::new(Input::from_expr(tree.clone().into_expr())))?;
        stack.export("tree", tree);
        stack.export("id", net.id());
        Ok(())
    };
    let plan = engine.preview(&stack_id(), program).await.unwrap();
    let notes: Arc<std::sync::Mutex<String>> = Arc::default();
    let sink = Arc::clone(&notes);
    let events = move |event| {
        if let Event::Note { message } = event {
            sink.lock().unwrap().push_str(&message);
        }
    };
    let report = engine.apply(plan).events(events).await.unwrap();
    let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
    has(&failed.failure.to_string(), &["invalid `name`", "is nested 65 deep; a value may be nested 64 deep"]);
    has(&notes.lock().unwrap(), &["export `tree` keeps its recorded value: is nested 65 deep"]);
    let seen = shared.engine([]).read(&stack_id()).await.unwrap().state;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen.exports().keys().collect::<Vec<_>>(), ["id"]);
}

#[tokio::test]
async fn an_object_is_recorded_without_the_field_that_cannot_be() {
    let shared = Shared::default();
    let sim = sim();
    let instance = Deep(sim.clone());
    let engine = shared.engine([Arc::new(AnsweredBy { sim, instance }) as _]);
    let program = |name: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            stack.add("one", Bucket::new(name)).map(drop).map_err(Into::into)
        }
    };
    let report = engine.apply(engine.preview(&stack_id(), program("a")).await.unwrap()).await.unwrap();
    let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!(report.result, RunResult::Failed);
    has(&failed.failure.to_string(), &["`more` is nested 126 deep; a value may be nested 64 deep"]);

    let seen = shared.engine([]).read(&stack_id()).await.unwrap().state;
    let record = seen.records().next().unwrap();
    assert_eq!((seen.len(), record.status), (1, Status::Partial));
    assert!(
        !record.id.is_empty() && record.outputs.contains_key("id") && !record.outputs.contains_key("more")
    );

    // The next run completes it, reads of it leave the field out, and it goes as every other does.
    let report = engine.apply(engine.preview(&stack_id(), program("a")).await.unwrap()).await.unwrap();
    assert_eq!(report.result, RunResult::Succeeded, "{report:?}");
    let mut session = engine.open(&stack_id(), "refresh", Default::default()).await.unwrap();
    let refreshed = session.refresh(&Default::default()).await.unwrap();
    session.close().await.unwrap();
    assert!(refreshed.failed.is_empty() && refreshed.gone.is_empty(), "{refreshed:?}");
    assert_eq!(shared.engine([]).read(&stack_id()).await.unwrap().state.len(), 1);
}

/// A thing that is weighed.
#[derive(Resource, Debug)]
#[resource(kind = "scale:thing:Thing", idempotency = "token")]
struct Thing {
    /// What it is called.
    name: Input<String>,
    /// The id.
    #[resource(computed, id)]
    id: Computed<String>,
    /// How much it weighs.
    weight: Computed<f64>,
}

/// A scale that is broken.
#[derive(Debug)]
struct Scale;

impl Scale {
    fn weighed(id: &str, args: ThingArgs) -> Result<TypedObject<Thing>, Failure> {
        let state = ThingState { id: id.to_owned(), weight: f64::NAN };
        Ok(TypedObject::new(id, state).args(args))
    }
}

#[async_trait::async_trait]
impl Handler<Thing> for Scale {
    async fn create(&self, _: &Cx, args: ThingArgs) -> Result<TypedObject<Thing>, Failure> {
        Self::weighed("thing-1", args)
    }
    async fn read(&self, _: &Cx, prior: TypedPrior<Thing>) -> Result<Option<TypedObject<Thing>>, Failure> {
        prior.args.map(|args| Self::weighed(&prior.id, args)).transpose()
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<Thing>) -> Result<(), Failure> {
        Ok(())
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Thing>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &ThingArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

#[async_trait::async_trait]
impl Update<Thing> for Scale {
    async fn update(&self, _: &Cx, change: TypedChange<Thing>) -> Result<TypedObject<Thing>, Failure> {
        Self::weighed(&change.prior.id, change.args)
    }
}

#[tokio::test]
async fn an_object_with_a_number_that_is_none_is_not_lost() {
    let shared = Shared::default();
    let engine = shared.engine([Arc::new(Handlers::anywhere("scale").resource::<Thing>(Scale)) as _]);
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.add("one", Thing::new("a")).map(drop).map_err(Into::into)
    };
    let report = engine.apply(engine.preview(&stack_id(), program).await.unwrap()).await.unwrap();
    let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
    has(&failed.failure.to_string(), &["`weight` is NaN, which is no number that can be recorded"]);
    let seen = shared.engine([]).read(&stack_id()).await.unwrap().state;
    let record = seen.records().next().unwrap();
    assert_eq!((record.status, record.id.as_str()), (Status::Partial, "thing-1"));
    assert!(!record.outputs.contains_key("weight"));
    let down = engine.preview_down(&stack_id(), &Default::default()).await.unwrap();
    assert_eq!(engine.apply(down).await.unwrap().result, RunResult::Succeeded);
}

#[tokio::test]
async fn an_import_of_what_is_nested_too_deep_is_refused() {
    let shared = Shared::default();
    let engine = shared.engine([Arc::new(sim()) as _]);
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.add("one", Bucket::new("a")).map(drop).map_err(Into::into)
    };
    engine.apply(engine.preview(&stack_id(), program).await.unwrap()).await.unwrap();
    let mut document = engine.export_state(&stack_id()).await.unwrap();
    for (place, part) in [("/records/0/outputs", "record 0: `tree`"), ("/outputs", "its outputs: `tree`")] {
        let before = document.clone();
        let fields = document.pointer_mut(place).unwrap().as_object_mut().unwrap();
        fields.insert("tree".to_owned(), deep(65));
        let mut session = engine.open(&stack_id(), "import", Default::default()).await.unwrap();
        let text = message_of(session.import_state(document).await);
        session.close().await.unwrap();
        has(&text, &[part, "is nested 65 deep; a value may be nested 64 deep"]);
        document = before;
    }
}

fn nest(scope: &mut sskuba::core::stack::Scope<'_>, left: usize, each: bool) -> sskuba::Result {
    if each || left == 0 {
        scope.add("b", Bucket::new(format!("n{left}")))?;
    }
    if left > 0 {
        nest(&mut scope.scope("s")?, left - 1, each)?;
    }
    Ok(())
}

/// A stack that has room for a program that calls itself ten thousand times.
const ROOM: usize = 256 << 20;

/// A stack as small as threads of a runtime have it.
const SMALL: usize = 1 << 20;

/// Plans and applies on a thread with a stack of so many bytes.
fn run(
    what: &str,
    room: usize,
    program: impl Fn(&mut Stack) -> sskuba::Result + Send + Sync + 'static,
) -> std::time::Duration {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let engine = Shared::default().engine([Arc::new(sim()) as _]);
            let start = std::time::Instant::now();
            let plan = engine.preview(&stack_id(), program).await.unwrap();
            let planned = start.elapsed();
            let report = engine.apply(plan).await.unwrap();
            assert_eq!(report.result, RunResult::Succeeded, "{report:?}");
            (planned, start.elapsed())
        })
    };
    let thread = std::thread::Builder::new().stack_size(room).spawn(work).unwrap();
    let (planned, all) = thread.join().unwrap();
    let memory = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = memory.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned();
    println!("{what}: planned in {planned:.2?}, planned and applied in {all:.2?}; {memory}");
    all
}

fn chain(maps: usize) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync + 'static {
    move |stack: &mut Stack| {
        let mut id = stack.add("net", Network::new("10.0.0.0/16"))?.id();
        for _ in 0..maps {
            id = id.map(|id: String| id);
        }
        stack.add("b", Bucket::new(id))?;
        Ok(())
    }
}

fn scopes(depth: usize, each: bool) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync + 'static {
    move |stack: &mut Stack| nest(&mut stack.scope("s")?, depth, each)
}

#[test]
#[ignore = "prints figures; `cargo test --test it figures -- --ignored --nocapture`"]
fn figures_of_long_chains_and_deep_scopes() {
    for maps in [10_000, 100_000, 200_000] {
        run(&format!("{maps} maps"), SMALL, chain(maps));
    }
    for depth in [1_000, 10_000, 20_000] {
        run(&format!("{depth} scopes, one resource"), ROOM, scopes(depth, false));
    }
    for depth in [1_000, 2_000, 4_000] {
        run(&format!("{depth} scopes, a resource in each"), ROOM, scopes(depth, true));
    }
}

#[test]
fn a_long_chain_of_maps_and_deep_scopes_are_planned_and_applied() {
    run("100000 maps", SMALL, chain(100_000));
    run("10000 scopes", ROOM, scopes(10_000, false));
}
