//! Objects are asked for where they are: another place is refused, or is a replacement that the plan announces.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sskuba::core::address::StackId;
use sskuba::core::applying::Events;
use sskuba::core::engine::{Engine, EngineError};
use sskuba::core::planning::PlanOptions;
use sskuba::core::provider::{self, Change, Cx, Failure, Object, Place, Prior};
use sskuba::core::state::StateStore;
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::core::value::Map;
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Instance, Network, Subnet, Zones};
use sskuba::sim::{Fault, Op, Options, Phase, SimProvider, World};

use crate::answered::AnsweredBy;

struct Places {
    world: World,
    store: Arc<dyn StateStore>,
    keyring: Arc<EphemeralKeyring>,
    stack: StackId,
}

impl Places {
    fn new() -> Self {
        let (world, store, keyring) = (World::memory(), Arc::new(Memory::default()), Arc::default());
        Self { world, store, keyring, stack: "local/test/dev".parse().unwrap() }
    }

    fn engine_of(&self, provider: SimProvider) -> Engine {
        Engine::builder()
            .store(Arc::clone(&self.store))
            .keyring(self.keyring.clone())
            .provider(Arc::new(provider))
            .build()
    }

    fn sim(&self) -> SimProvider {
        SimProvider::new("sim", kinds::schemas(), self.world.clone())
    }

    fn engine(&self, region: &str, account: &str) -> Engine {
        self.engine_of(self.sim().options(Options::default().region(region).account(account)))
    }

    fn ids(&self) -> Vec<String> {
        self.world.objects().unwrap().iter().map(|object| object.id.clone()).collect()
    }

    async fn revision(&self) -> u64 {
        self.engine("home", "1").read(&self.stack).await.unwrap().state.revision()
    }
}

fn network(stack: &mut Stack) -> sskuba::Result {
    let network = stack.add("main", Network::new("10.0.0.0/16"))?;
    stack.add("a", Subnet::new(network.id(), "10.0.1.0/24"))?;
    Ok(())
}

fn grown(stack: &mut Stack) -> sskuba::Result {
    network(stack)?;
    stack.add("new", Bucket::new("new"))?;
    Ok(())
}

fn is_misplaced<T: std::fmt::Debug>(answer: Result<T, EngineError>) {
    let error = answer.unwrap_err();
    assert!(matches!(error, EngineError::Misplaced(_)), "{error}");
    let text = error.to_string();
    for part in ["nothing was read or changed", "account 1, region home", "`.provider(…)`"] {
        assert!(text.contains(part), "`{part}` is missing in: {text}");
    }
}

#[tokio::test]
async fn another_ambient_place_is_refused_by_every_verb_before_anything_happens() {
    let places = Places::new();
    let home = places.engine("home", "1");
    home.up(&places.stack, network).await.unwrap();
    let (before, revision) = (places.ids(), places.revision().await);
    for astray in [places.engine("elsewhere", "1"), places.engine("home", "2")] {
        let (stack, options) = (&places.stack, PlanOptions::default());
        is_misplaced(astray.up(stack, grown).await);
        is_misplaced(astray.down(stack).await);
        is_misplaced(astray.preview(stack, grown).await);
        is_misplaced(astray.preview_down(stack, &options).await);
        is_misplaced(astray.preview_refreshed(stack, Some(&network), &options, &Events::default()).await);
        let mut session = astray.open(stack, "refresh", Duration::ZERO).await.unwrap();
        is_misplaced(session.refresh(&Events::default()).await);
        let address = "sim:store:Bucket::new".parse().unwrap();
        // Before anybody is asked to agree.
        is_misplaced(session.plan(&grown, &options).await);
        is_misplaced(session.plan_down(&options).await);
        is_misplaced(session.import(&grown, &options, &address, "new", false).await);
        session.close().await.unwrap();
        // What asks nobody is not refused.
        assert_eq!(astray.up(stack, network).await.unwrap().counts.unchanged, 2);
        assert_eq!((places.ids(), places.revision().await), (before.clone(), revision));
    }
    home.down(&places.stack).await.unwrap();
    assert!(places.ids().is_empty());
}

#[tokio::test]
async fn nothing_is_looked_up_in_another_place() {
    let places = Places::new();
    let zoned = |stack: &mut Stack| -> sskuba::Result {
        let zones = stack.read("zones", Zones::new())?;
        stack.add("main", Network::new("10.0.0.0/16"))?;
        stack.add("b", Bucket::new(zones.count().map(|count| format!("b{count}"))))?;
        Ok(())
    };
    places.engine("home", "1").up(&places.stack, zoned).await.unwrap();
    let denied = |_: &_, op: Op, _: Phase| (op == Op::Lookup).then_some(Fault::Denied);
    let options = Options::default().region("elsewhere").account("1");
    let astray = places.engine_of(places.sim().options(options).fault_plan(denied));
    is_misplaced(astray.preview(&places.stack, zoned).await);
    is_misplaced(astray.up(&places.stack, zoned).await);
}

/// A provider that panics when it is asked where it works.
#[derive(Debug, Clone)]
struct Lost(SimProvider);

#[deny(clippy::missing_trait_methods)]
#[async_trait::async_trait]
impl provider::Instance for Lost {
    async fn place(&self) -> Result<Place, Failure> {
        panic!("it does not know where it is");
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        self.0.create(cx, inputs).await
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<sskuba::core::provider::Readiness, Failure> {
        self.0.ready(cx, prior).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.0.lookup(cx, inputs).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.0.read(cx, prior).await
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
        self.0.find(cx).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.0.list(cx).await
    }
}

#[tokio::test]
async fn an_instance_that_cannot_say_where_it_works_touches_nothing() {
    let places = Places::new();
    places.engine("home", "1").up(&places.stack, network).await.unwrap();
    let (before, revision) = (places.ids(), places.revision().await);
    let sim = places.sim().options(Options::default().region("elsewhere"));
    let lost = Engine::builder()
        .store(Arc::clone(&places.store))
        .keyring(places.keyring.clone())
        .provider(Arc::new(AnsweredBy { instance: Lost(sim.clone()), sim }))
        .build();
    let other = StackId::from_str("local/test/new").unwrap();
    let mut answers = vec![
        lost.up(&places.stack, grown).await.map(drop),
        lost.down(&places.stack).await.map(drop),
        lost.up(&other, network).await.map(drop),
    ];
    let mut session = lost.open(&places.stack, "refresh", Duration::ZERO).await.unwrap();
    answers.push(session.refresh(&Events::default()).await.map(drop));
    session.close().await.unwrap();
    for answer in answers {
        let error = answer.unwrap_err().to_string();
        for part in ["nothing was read or changed", "failed to find out where", "panicked"] {
            assert!(error.contains(part), "`{part}` is missing in: {error}");
        }
    }
    assert_eq!((places.ids(), places.revision().await), (before, revision));
}

#[tokio::test]
async fn an_interrupted_call_is_not_looked_for_in_another_place() {
    let places = Places::new();
    let lost = |_: &_, op: Op, phase: Phase| {
        (op == Op::Create && phase == Phase::After).then_some(Fault::Failure(Box::new(
            sskuba::core::provider::Failure::unknown(sskuba::core::provider::Class::Transient, "lost"),
        )))
    };
    let options = Options::default().region("home").account("1");
    let home = places.engine_of(places.sim().options(options).fault_plan(lost));
    home.up(&places.stack, grown).await.unwrap();
    let before = places.ids();
    is_misplaced(places.engine("elsewhere", "1").up(&places.stack, grown).await);
    assert_eq!(places.ids(), before);
    let report = places.engine("home", "1").up(&places.stack, grown).await.unwrap();
    assert_eq!((report.failures.len(), places.ids().len()), (0, 3));
}

#[tokio::test]
async fn an_instance_that_moves_and_a_resource_on_another_instance_are_replacements() {
    let places = Places::new();
    let engine = places.engine("home", "1");
    let program = |region: &'static str, other: bool| {
        move |stack: &mut Stack| -> sskuba::Result {
            let main = stack.add("main", Instance::new().region(region))?;
            let second = stack.add("second", Instance::new().region("east"))?;
            stack.add("net", Network::new("10.0.0.0/16"))?.provider(if other { &second } else { &main });
            Ok(())
        }
    };
    let region = || {
        let all = places.world.objects().unwrap();
        assert_eq!(all.len(), 1);
        all[0].place.parts().find(|(part, _)| *part == "region").unwrap().1.to_owned()
    };
    engine.up(&places.stack, program("west", false)).await.unwrap();
    assert_eq!(region(), "west");
    let report = engine.up(&places.stack, program("north", false)).await.unwrap();
    assert_eq!((report.counts.replace, region()), (2, "north".to_owned()));
    let plan = engine.preview(&places.stack, program("north", true)).await.unwrap();
    let step = plan.steps.iter().find(|step| step.address.name() == "net").unwrap();
    let why = step.reasons[0].to_string();
    assert!(why.contains("moved to another place: from account 1, region north"), "{why}");
    let report = engine.up(&places.stack, program("north", true)).await.unwrap();
    assert_eq!((report.counts.replace, region()), (1, "east".to_owned()));
    // Two instances of one place: a resource goes from one to the other without being touched.
    let report = engine.up(&places.stack, program("east", true)).await.unwrap();
    assert_eq!(report.counts.replace, 1, "the instance alone");
    let before = places.ids();
    let report = engine.up(&places.stack, program("east", false)).await.unwrap();
    assert_eq!((report.counts.changes(), places.ids()), (0, before));
    let second = |stack: &mut Stack| -> sskuba::Result {
        stack.add("net", Network::new("10.0.0.0/16"))?;
        Ok(())
    };
    // The default instance works elsewhere.
    let report = engine.up(&places.stack, second).await.unwrap();
    assert_eq!((report.counts.replace, region()), (1, "home".to_owned()));
}

#[tokio::test]
async fn an_instance_stays_until_the_last_object_in_its_place_is_gone() {
    let places = Places::new();
    let engine = places.engine("home", "1");
    let full = |stack: &mut Stack| -> sskuba::Result {
        let west = stack.add("west", Instance::new().region("west"))?;
        stack.add("net", Network::new("10.0.0.0/16"))?.provider(&west);
        Ok(())
    };
    engine.up(&places.stack, full).await.unwrap();
    // The object's delete fails: what knows how to ask for it stays.
    let fails = |_: &_, op: Op, _| (op == Op::Delete).then_some(Fault::Denied);
    let options = Options::default().region("home").account("1");
    let failing = places.engine_of(places.sim().options(options).fault_plan(fails));
    let empty = |_: &mut Stack| -> sskuba::Result { Ok(()) };
    assert_eq!(failing.up(&places.stack, empty).await.unwrap().failures.len(), 1);
    assert_eq!(places.ids().len(), 1);
    // Neither does leaving out the object break the edge to its instance.
    let session = engine.open(&places.stack, "down", Duration::ZERO).await.unwrap();
    let options = PlanOptions { excludes: vec!["*Network*".into()], ..PlanOptions::default() };
    let plan = session.plan_down(&options).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    session.close().await.unwrap();
    engine.up(&places.stack, empty).await.unwrap();
    assert!(places.ids().is_empty());
    assert!(engine.read(&places.stack).await.unwrap().state.is_empty());
}

/// An account; its number is known when it is made, and changes with its name.
#[derive(Resource, Debug)]
#[resource(kind = "sim:org:Account", idempotency = "token")]
struct Account {
    /// The name.
    name: Input<String>,
    /// The id.
    #[resource(computed, id, pattern = "acc-{hex:8}")]
    id: Computed<String>,
    /// The number.
    #[resource(volatile, pattern = "{field:name}")]
    number: Computed<String>,
}

/// An instance whose account says nothing of its place before it is asked: it stands for credentials.
#[derive(Resource, Debug)]
#[resource(kind = "sim:provider:Instance", idempotency = "token")]
struct Credentials {
    /// The region.
    #[resource(place)]
    region: Input<String>,
    /// The account.
    account: Input<String>,
    /// The id.
    #[resource(computed, id)]
    id: Computed<String>,
}

#[tokio::test]
async fn settings_known_only_in_the_run_move_no_instance_away_from_its_objects() {
    let places = Places::new();
    let schemas = vec![Account::schema(), Credentials::schema(), Bucket::schema()];
    let engine = places.engine_of(SimProvider::new("sim", schemas, places.world.clone()));
    let program = |number: &'static str, label: Option<&'static str>| {
        move |stack: &mut Stack| {
            let account = stack.add("acc", Account::new(number))?;
            let instance = stack.add("inst", Credentials::new("home", account.number()))?;
            if let Some(label) = label {
                stack.add("b", Bucket::new("b").policy(label))?.provider(&instance);
            }
            Ok(())
        }
    };
    engine.up(&places.stack, program("1", Some("[1]"))).await.unwrap();
    let bucket =
        || places.world.objects().unwrap().into_iter().find(|o| o.id == "b").map(|o| o.inputs.clone());
    let before = bucket();
    assert!(before.is_some());
    for label in [Some("[2]"), None] {
        let report = engine.up(&places.stack, program("2", label)).await.unwrap();
        let failures: Vec<String> = report.failures.iter().map(|failed| failed.failure.to_string()).collect();
        assert!(
            failures[0].contains("account 2, region home, and its objects are in account 1"),
            "{failures:?}"
        );
        assert_eq!(bucket().is_some(), label.is_some());
        engine.up(&places.stack, program("1", Some("[1]"))).await.unwrap();
        assert_eq!(bucket(), before);
    }
    engine.down(&places.stack).await.unwrap();
    assert!(places.ids().is_empty());
}

/// A page of another provider.
#[derive(Resource, Debug)]
#[resource(kind = "wiki:page:Page", idempotency = "tag")]
struct Page {
    /// The title.
    title: Input<String>,
    /// The id.
    id: Computed<String>,
}

/// An instance of it.
#[derive(Resource, Debug)]
#[resource(kind = "wiki:provider:Instance", idempotency = "token")]
struct Wiki {
    /// Where it is.
    #[resource(place)]
    server: Input<String>,
    /// The id.
    id: Computed<String>,
}

#[test]
fn a_scope_has_one_instance_of_each_provider() {
    let mut stack =
        Stack::new("local/test/dev".parse().unwrap(), sskuba::core::config::ConfigValues::default());
    let declare = |stack: &mut Stack| -> sskuba::Result {
        let (east, west) = (stack.add("east", Instance::new())?, stack.add("west", Instance::new())?);
        let wiki = stack.add("wiki", Wiki::new("here"))?;
        let mut scope = stack.scope("both")?.provider(&east).provider(&wiki).provider(&west);
        scope.add("bucket", Bucket::new("b"))?;
        scope.add("own", Bucket::new("o"))?.provider(&east);
        scope.add("page", Page::new("t"))?;
        scope.add("third", Instance::new())?;
        scope.scope("inner")?.add("page", Page::new("t"))?;
        Ok(())
    };
    declare(&mut stack).unwrap();
    let graph = stack.into_graph().unwrap();
    let used: Vec<(String, Option<&str>)> = graph
        .nodes()
        .iter()
        .filter(|node| node.address.as_str().contains("both"))
        .map(|node| {
            let instance = node.provider.map(|instance| graph.node(instance).address.name());
            (node.address.to_string(), instance)
        })
        .collect();
    let expected = [
        ("both/sim:store:Bucket::bucket", Some("west")),
        ("both/sim:store:Bucket::own", Some("east")),
        ("both/wiki:page:Page::page", Some("wiki")),
        ("both/sim:provider:Instance::third", None),
        ("both/inner/wiki:page:Page::page", Some("wiki")),
    ];
    assert_eq!(used, expected.map(|(address, instance)| (address.to_owned(), instance)));
}
