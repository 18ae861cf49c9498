//! Kinds that are no Rust types: a provider that learns them at run time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use sskuba::core::address::{Address, Kind};
use sskuba::core::applying::Events;
use sskuba::core::engine::Engine;
use sskuba::core::plan::{Action, Plan};
use sskuba::core::provider::{Change, Class, Cx, Failure, Instance, Object, Place, Prior, Provider};
use sskuba::core::schema::{Field, FieldType, Idempotency, Schema};
use sskuba::core::stack::{Dynamic, Program};
use sskuba::core::state::RunResult;
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::core::value::{FieldPath, Map, Value};
use sskuba::prelude::*;

/// What the service has: definitions of kinds, and objects by their id.
#[derive(Debug, Default)]
struct Service {
    kinds: BTreeMap<String, Arc<Schema>>,
    objects: BTreeMap<String, Json>,
    /// How often it was asked for a definition.
    asked: usize,
    down: bool,
    /// Whether the next create takes effect and never answers.
    hangs: bool,
}

/// A program's view of it: what it has learned.
#[derive(Debug, Clone, Default)]
struct Crd {
    service: Arc<Mutex<Service>>,
    learned: Arc<Mutex<BTreeMap<String, Arc<Schema>>>>,
}

impl Crd {
    /// A program that starts anew, on the same service.
    fn again(&self) -> Self {
        Self { service: Arc::clone(&self.service), learned: Arc::default() }
    }

    fn object(&self, id: &str) -> Option<Json> {
        self.service.lock().unwrap().objects.get(id).cloned()
    }
}

fn object(id: &str, spec: &Json) -> Object {
    let inputs = [("name".to_owned(), Value::from(id)), ("spec".to_owned(), Value::from_json(spec.clone()))];
    let status = Value::from_json(json!({"phase": "Running", "size": spec["size"]}));
    Object {
        id: id.to_owned(),
        inputs: inputs.into(),
        outputs: [("status".to_owned(), status), ("id".to_owned(), id.into())].into(),
    }
}

/// What a server adds to what it is given.
fn defaulted(mut spec: Json) -> Json {
    spec.as_object_mut().unwrap().entry("policy").or_insert(json!({"restart": "always"}));
    spec
}

#[async_trait::async_trait]
impl Provider for Crd {
    fn name(&self) -> &str {
        "crd"
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        Vec::new()
    }
    fn schema(&self, kind: &Kind) -> Option<Arc<Schema>> {
        self.learned.lock().unwrap().get(kind.as_str()).cloned()
    }
    async fn learn(&self, kinds: &[Kind]) -> Result<(), Failure> {
        let mut service = self.service.lock().unwrap();
        service.asked += 1;
        if service.down {
            return Err(Failure::new(Class::Terminal, "the service is down"));
        }
        let known = kinds
            .iter()
            .filter_map(|kind| Some((kind.to_string(), service.kinds.get(kind.as_str())?.clone())));
        self.learned.lock().unwrap().extend(known);
        Ok(())
    }
    async fn configure(&self, _: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl Instance for Crd {
    async fn place(&self) -> Result<Place, Failure> {
        Ok(Place::of([("cluster", "one")]))
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        assert!(self.schema(&cx.address.kind()).is_some(), "no call of a kind that is not known");
        let id = inputs["name"].as_str().unwrap();
        let spec = defaulted(inputs["spec"].exposed().unwrap());
        let hangs = {
            let mut service = self.service.lock().unwrap();
            service.objects.insert(id.to_owned(), spec.clone());
            std::mem::take(&mut service.hangs)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        Ok(object(id, &spec))
    }
    async fn read(&self, _: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        Ok(self.object(&prior.id).map(|spec| object(&prior.id, &spec)))
    }
    async fn update(&self, _: &Cx, change: &Change) -> Result<Object, Failure> {
        let spec = defaulted(change.inputs["spec"].exposed().unwrap());
        self.service.lock().unwrap().objects.insert(change.prior.id.clone(), spec.clone());
        Ok(object(&change.prior.id, &spec))
    }
    async fn delete(&self, _: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.service.lock().unwrap().objects.remove(&prior.id);
        Ok(())
    }
    async fn find(&self, _: &Cx) -> Result<Option<Object>, Failure> {
        Ok(None)
    }
    async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
        Ok(Vec::new())
    }
}

/// The definition of a widget.
fn widget() -> Schema {
    let path = |text: &str| FieldPath::parse(text).unwrap();
    let name = Field { shape: FieldType::String, required: true, force_new: true, ..Field::of("name") };
    let spec = Field {
        required: true,
        force_new_parts: vec![path("spec.kind")],
        owned_entries: vec![path("spec.**")],
        ..Field::of("spec")
    };
    let computed = |name: &'static str| Field { computed: true, ..Field::of(name) };
    Schema {
        fields: vec![
            name,
            spec,
            Field { volatile: true, ..computed("status") },
            Field { shape: FieldType::String, ..computed("id") },
        ],
        idempotency: Idempotency::Token,
        unique: vec![vec!["name".into()]],
        ..Schema::of("crd:demo:Widget".parse().unwrap())
    }
}

fn engine(provider: &Crd, (store, keyring): &(Arc<Memory>, Arc<EphemeralKeyring>)) -> Engine {
    let builder = Engine::builder().store(Arc::clone(store) as _).keyring(Arc::clone(keyring) as _);
    builder.provider(Arc::new(provider.clone())).build()
}

fn setting() -> (Crd, (Arc<Memory>, Arc<EphemeralKeyring>)) {
    let crd = Crd::default();
    crd.service.lock().unwrap().kinds.insert("crd:demo:Widget".into(), Arc::new(widget()));
    (crd, (Arc::default(), Arc::new(EphemeralKeyring::default())))
}

fn declared(size: u32, kind: &'static str) -> impl Program + Copy {
    move |stack: &mut Stack| -> sskuba::Result {
        let left =
            Dynamic::new("crd:demo:Widget").set("name", "left").set("spec.size", size).set("spec.kind", kind);
        let left = stack.add_dynamic("left", left)?;
        let right = Dynamic::new("crd:demo:Widget")
            .set("name", "right")
            .set("spec.of", left.field::<u32>("status.size"));
        stack.add_dynamic("right", right)?.ignore_changes(["spec.team"]);
        stack.export("phase", left.field::<String>("status.phase"));
        Ok(())
    }
}

async fn up(engine: &Engine, program: impl Program + Copy) -> (Plan, usize) {
    let stack = "local/test/dev".parse().unwrap();
    let plan = engine.preview(&stack, program).await.unwrap();
    let report = engine.up(&stack, program).await.unwrap();
    assert_eq!((report.result, &report.failures), (RunResult::Succeeded, &vec![]));
    (plan, report.counts.changes() as usize)
}

async fn refresh(engine: &Engine) {
    let stack = "local/test/dev".parse().unwrap();
    let mut session = engine.open(&stack, "refresh", std::time::Duration::ZERO).await.unwrap();
    session.recover(&Events::default()).await.unwrap();
    session.refresh(&Events::default()).await.unwrap();
    session.close().await.unwrap();
}

async fn error(engine: &Engine, program: impl Program) -> String {
    let error = engine.preview(&"local/test/dev".parse().unwrap(), program).await.unwrap_err();
    sskuba::core::engine::with_causes(&error)
}

fn step<'p>(plan: &'p Plan, name: &str) -> &'p sskuba::core::plan::Step {
    plan.steps.iter().find(|step| step.address.name() == name).unwrap()
}

#[tokio::test]
async fn what_is_learned_is_planned_changed_and_replaced_part_by_part() {
    let (crd, store) = setting();
    let engine = engine(&crd, &store);
    assert_eq!(up(&engine, declared(1, "a")).await.1, 2);
    assert_eq!(crd.object("right"), Some(json!({"of": 1, "policy": {"restart": "always"}})));
    assert_eq!(up(&engine, declared(1, "a")).await.1, 0, "what the service adds is no difference");

    let (plan, changed) = up(&engine, declared(2, "a")).await;
    assert_eq!(changed, 2);
    let left = step(&plan, "left");
    assert_eq!((left.action, left.changes[0].field.as_str()), (Action::Update, "spec.size"));

    // What others write beside the program's entries stays out of it; what they change of these is set back.
    let edit = |to: Json| drop(crd.service.lock().unwrap().objects.insert("left".into(), to));
    edit(json!({"size": 2, "kind": "a", "theirs": 1, "policy": {"restart": "never"}}));
    let stack = "local/test/dev".parse().unwrap();
    refresh(&engine).await;
    assert!(engine.preview(&stack, declared(2, "a")).await.unwrap().is_empty());
    edit(json!({"size": 9, "kind": "a"}));
    refresh(&engine).await;
    let plan = engine.preview(&stack, declared(2, "a")).await.unwrap();
    let drifted = plan.steps[0].reasons[0].to_string();
    assert_eq!(drifted, "`spec.size` was changed outside of the stack");

    let (plan, _) = up(&engine, declared(2, "b")).await;
    assert_eq!(step(&plan, "left").action, Action::Replace);
    assert!(step(&plan, "left").changes.iter().any(|change| change.field == "spec.kind" && change.replaces));
    assert_eq!(crd.service.lock().unwrap().asked, 1, "a kind is learned once");
}

/// A program that starts anew has learned nothing, and its state has objects of the kind.
#[tokio::test]
async fn what_is_recorded_is_learned_before_it_is_deleted_or_recovered() {
    let (crd, store) = setting();
    up(&engine(&crd, &store), declared(1, "a")).await;
    let nothing = |_: &mut Stack| -> sskuba::Result { Ok(()) };
    let later = crd.again();
    assert_eq!(up(&engine(&later, &store), nothing).await.1, 2);
    assert_eq!(crd.object("left"), None);

    crd.service.lock().unwrap().hangs = true;
    let stack = "local/test/dev".parse().unwrap();
    let dying = engine(&crd.again(), &store);
    let run = async { dying.up(&stack, declared(1, "a")).await };
    tokio::time::timeout(std::time::Duration::from_millis(200), run).await.unwrap_err();
    assert_eq!(dying.read(&stack).await.unwrap().state.pending().count(), 1);
    let next = engine(&crd.again(), &store);
    let report = next.up(&stack, declared(1, "a")).await.unwrap();
    assert_eq!(
        (report.result, report.counts.create),
        (RunResult::Succeeded, 1),
        "the other one was asked for again"
    );

    crd.service.lock().unwrap().down = true;
    let offline = engine(&crd.again(), &store);
    let text = error(&offline, nothing).await;
    assert!(text.contains("failed to learn what crd:demo:Widget looks like: "), "{text}");
    assert!(text.contains("the service is down"), "{text}");
    let state = offline.read(&stack).await.unwrap().state;
    assert_eq!(state.records().count(), 2, "what calls no provider works without it");
}

#[tokio::test]
async fn what_the_kind_does_not_have_is_refused_with_what_was_meant() {
    let (crd, store) = setting();
    let engine = engine(&crd, &store);
    let one = |change: fn(Dynamic) -> Dynamic| {
        move |stack: &mut Stack| -> sskuba::Result {
            stack.add_dynamic(
                "left",
                change(Dynamic::new("crd:demo:Widget").set("name", "left").set("spec.a", 1)),
            )?;
            Ok(())
        }
    };
    let text = error(&engine, one(|widget| widget.set("sepc", 1))).await;
    assert!(text.contains("crd:demo:Widget has no such input; it has name, spec"), "{text}");
    let text = error(&engine, one(|widget| widget.set("name", 7))).await;
    assert!(text.contains(": 7 is a number, not a text"), "{text}");
    let text = error(&engine, one(|widget| widget.set("spec.a.b", 7))).await;
    assert!(text.contains("`spec.a.b`: what was set there before is no map"), "{text}");
    let text = error(&engine, one(|widget| widget.set("spec[0]", 7))).await;
    assert!(text.contains("`spec[0]`: only entries of maps are set by their path"), "{text}");
    let unknown = |stack: &mut Stack| -> sskuba::Result {
        stack.add_dynamic("x", Dynamic::new("crd:demo:Gadget"))?;
        Ok(())
    };
    let text = error(&engine, unknown).await;
    assert!(text.contains("provider `crd` knows no kind crd:demo:Gadget"), "{text}");
    let wrong_field = |stack: &mut Stack| -> sskuba::Result {
        let widget = Dynamic::new("crd:demo:Widget").set("name", "left").set("spec.a", 1);
        let widget = stack.add_dynamic("left", widget)?.ignore_changes(["sepc.a"]);
        stack.export("x", widget.field::<String>("staus.phase"));
        Ok(())
    };
    let text = error(&engine, wrong_field).await;
    assert!(text.contains("has no input field `sepc`; did you mean `spec`?"), "{text}");
    assert!(text.contains("crd:demo:Widget has no field `staus`; did you mean `status`?"), "{text}");
    let no_kind = |stack: &mut Stack| -> sskuba::Result {
        stack.add_dynamic("x", Dynamic::new("Widget"))?;
        Ok(())
    };
    assert!(error(&engine, no_kind).await.contains("tests/it/dynamic.rs:"));
    assert!(Address::parse("crd:demo:Widget::left").is_ok());
}
