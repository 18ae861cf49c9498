//! What providers tell while a plan is made: outputs that are known before the apply, what differs within a field, and
//! what an update would do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sskuba::core::engine::{Engine, with_causes};
use sskuba::core::plan::{Action, Plan, PlanFile, Step, Verdict};
use sskuba::core::provider::{
    Class, Cx, Detail, Failure, FieldError, Foresight, Handler, Handlers, TypedChange, TypedObject,
    TypedPrior, Update,
};
use sskuba::core::state::RunResult;
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::core::value::{Map, Value};
use sskuba::prelude::*;

/// A document that is made here.
#[derive(Resource)]
#[resource(kind = "press:text:Draft", idempotency = "token")]
struct Draft {
    /// Who it is for.
    reader: Input<String>,
    /// The id.
    id: Computed<String>,
    /// The document.
    #[resource(volatile)]
    text: Computed<Secret<String>>,
}

/// A page that shows a document.
#[derive(Resource)]
#[resource(kind = "press:text:Page", idempotency = "token", asks)]
struct Page {
    /// The document.
    text: Input<Secret<String>>,
    /// Where it hangs.
    #[resource(default = "wall".to_owned())]
    place: Input<String>,
    /// The id.
    id: Computed<String>,
}

/// What the press answers when it is asked what an update does.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Note,
    Refusal,
    Offline,
    Silence,
}

#[derive(Clone)]
struct Press {
    /// Whether documents are foreseen, and as what they will be.
    foresees: bool,
    lies: bool,
    answer: Answer,
    asked: Arc<AtomicUsize>,
    shown: Arc<Mutex<Vec<String>>>,
}

fn written(args: &DraftArgs) -> String {
    format!("Dear {}, the code is k3y-77", args.reader)
}

#[async_trait::async_trait]
impl Handler<Draft> for Press {
    async fn create(&self, cx: &Cx, args: DraftArgs) -> std::result::Result<TypedObject<Draft>, Failure> {
        let (id, text) = (cx.token.to_string(), Secret::new(written(&args)));
        Ok(TypedObject::new(id.clone(), DraftState { id, text }))
    }
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Draft>,
    ) -> std::result::Result<Option<TypedObject<Draft>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<Draft>) -> std::result::Result<(), Failure> {
        Ok(())
    }
    async fn list(&self, _: &Cx) -> std::result::Result<Vec<TypedObject<Draft>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &DraftArgs) -> Vec<FieldError> {
        Vec::new()
    }
    fn foresee(&self, _: Option<&DraftArgs>, args: &DraftArgs) -> Foresight {
        let text = if self.lies { "Dear all, the code is k3y-77".to_owned() } else { written(args) };
        let outputs = Map::from([("text".to_owned(), Value::from(text))]);
        if self.foresees { Foresight { outputs, ..Foresight::default() } } else { Foresight::default() }
    }
}

#[async_trait::async_trait]
impl Update<Draft> for Press {
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Draft>,
    ) -> std::result::Result<TypedObject<Draft>, Failure> {
        let (id, text) = (change.prior.id, Secret::new(written(&change.args)));
        Ok(TypedObject::new(id.clone(), DraftState { id, text }))
    }
}

#[async_trait::async_trait]
impl Handler<Page> for Press {
    async fn create(&self, cx: &Cx, args: PageArgs) -> std::result::Result<TypedObject<Page>, Failure> {
        self.shown.lock().unwrap().push(args.text.expose().clone());
        Ok(TypedObject::new(cx.token.to_string(), PageState { id: cx.token.to_string() }))
    }
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Page>,
    ) -> std::result::Result<Option<TypedObject<Page>>, Failure> {
        Ok(Some(TypedObject::new(prior.id.clone(), PageState { id: prior.id })))
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<Page>) -> std::result::Result<(), Failure> {
        Ok(())
    }
    async fn list(&self, _: &Cx) -> std::result::Result<Vec<TypedObject<Page>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &PageArgs) -> Vec<FieldError> {
        Vec::new()
    }
    fn foresee(&self, prior: Option<&PageArgs>, args: &PageArgs) -> Foresight {
        let words = |args: &PageArgs| args.text.expose().split(' ').nth(1).map(Value::from);
        let detail = |prior| Detail { path: "text.reader".into(), from: words(prior), to: words(args) };
        Foresight { details: prior.map(detail).into_iter().collect(), ..Foresight::default() }
    }
    async fn preview(&self, _: &Cx, change: TypedChange<Page>) -> std::result::Result<Vec<String>, Failure> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.answer {
            Answer::Note => Ok(vec![format!("takes down {}", change.prior.args.unwrap().text.expose())]),
            Answer::Refusal => {
                Err(Failure::new(Class::Invalid("text".into()), "is too long for the wall").hint("cut it"))
            }
            Answer::Offline => Err(Failure::new(Class::Transient, "no connection")),
            Answer::Silence => std::future::pending().await,
        }
    }
}

#[async_trait::async_trait]
impl Update<Page> for Press {
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Page>,
    ) -> std::result::Result<TypedObject<Page>, Failure> {
        self.shown.lock().unwrap().push(change.args.text.expose().clone());
        Ok(TypedObject::new(change.prior.id.clone(), PageState { id: change.prior.id }))
    }
}

impl Press {
    fn new() -> Self {
        let (asked, shown) = (Arc::default(), Arc::default());
        Self { foresees: true, lies: false, answer: Answer::Note, asked, shown }
    }

    fn engine(&self, (store, keyring): &(Arc<Memory>, Arc<EphemeralKeyring>)) -> Engine {
        let press =
            Handlers::anywhere("press").resource::<Draft>(self.clone()).resource::<Page>(self.clone());
        let builder = Engine::builder().store(Arc::clone(store) as _).keyring(Arc::clone(keyring) as _);
        builder.provider(Arc::new(press)).build()
    }
}

fn declared(reader: &'static str) -> impl sskuba::core::stack::Program + Copy {
    move |stack: &mut Stack| -> sskuba::Result {
        let draft = stack.add("letter", Draft::new(reader))?;
        stack.add("letter", Page::new(draft.text()))?;
        Ok(())
    }
}

fn store() -> (Arc<Memory>, Arc<EphemeralKeyring>) {
    (Arc::default(), Arc::new(EphemeralKeyring::default()))
}

fn stack() -> sskuba::core::address::StackId {
    "local/press/dev".parse().unwrap()
}

fn page(plan: &Plan) -> &Step {
    plan.steps.iter().find(|step| step.address.kind_str() == "press:text:Page").unwrap()
}

async fn made(press: &Press) -> Engine {
    let engine = press.engine(&store());
    engine.up(&stack(), declared("ann")).await.unwrap();
    engine
}

#[tokio::test]
async fn what_is_foreseen_is_planned_and_said_part_by_part() {
    let press = Press::new();
    let engine = made(&press).await;
    let plan = engine.preview(&stack(), declared("bob")).await.unwrap();
    let step = page(&plan);
    assert_eq!((step.action, step.verdict), (Action::Update, Verdict::Certain));
    let [change] = &step.changes[..] else { panic!("{:?}", step.changes) };
    let side = |value: &Option<Value>| value.as_ref().unwrap().masked();
    assert_eq!(
        (&*change.field, side(&change.from), side(&change.to)),
        ("text.reader", "ann,".into(), "bob,".into())
    );
    assert_eq!(step.notes, ["takes down (secret)"], "what was given in secret is not repeated");
    assert!(!format!("{plan:?}").contains("k3y-77"));
    engine.up(&stack(), declared("bob")).await.unwrap();
    assert_eq!(press.shown.lock().unwrap().last().unwrap(), "Dear bob, the code is k3y-77");
    assert!(engine.preview(&stack(), declared("bob")).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_foreseen_is_possible_and_nobody_is_asked() {
    let press = Press { foresees: false, ..Press::new() };
    let engine = made(&press).await;
    let plan = engine.preview(&stack(), declared("bob")).await.unwrap();
    assert_eq!((page(&plan).verdict, page(&plan).notes.len()), (Verdict::Possible, 0));
    assert_eq!(press.asked.load(Ordering::Relaxed), 0);
}

/// The document was foreseen as it is recorded: nothing was announced for the page, and nothing is done to it.
#[tokio::test]
async fn a_provider_that_foresaw_wrongly_does_no_more_than_was_planned() {
    let press = Press::new();
    let store = store();
    press.engine(&store).up(&stack(), declared("all")).await.unwrap();
    let lying = Press { lies: true, ..press.clone() };
    let engine = lying.engine(&store);
    let plan = engine.preview(&stack(), declared("bob")).await.unwrap();
    assert_eq!(page(&plan).action, Action::Same);
    let report = engine.up(&stack(), declared("bob")).await.unwrap();
    assert_eq!(report.result, RunResult::Failed);
    assert!(
        report.failures[0].failure.message.contains("the plan announced at most"),
        "{:?}",
        report.failures
    );
    assert_eq!(press.shown.lock().unwrap().len(), 1, "the page still shows the first one");
    press.engine(&store).up(&stack(), declared("bob")).await.unwrap();
    assert_eq!(press.shown.lock().unwrap().last().unwrap(), "Dear bob, the code is k3y-77");
}

#[tokio::test]
async fn what_a_provider_refuses_is_refused_before_anything_is_done() {
    let press = Press { answer: Answer::Refusal, ..Press::new() };
    let engine = made(&press).await;
    for said in [
        with_causes(&engine.preview(&stack(), declared("bob")).await.unwrap_err()),
        with_causes(&engine.up(&stack(), declared("bob")).await.unwrap_err()),
    ] {
        assert!(
            said.contains("press:text:Page::letter") && said.contains("is too long for the wall; cut it"),
            "{said}"
        );
    }
    assert_eq!(press.shown.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_noted_and_the_plan_is_made() {
    for (answer, why) in [(Answer::Offline, "no connection"), (Answer::Silence, "10s")] {
        let press = Press { answer, ..Press::new() };
        let engine = made(&press).await;
        let stack = stack();
        let preview = engine.preview(&stack, declared("bob"));
        let plan = tokio::time::timeout(Duration::from_secs(60), preview).await.unwrap().unwrap();
        let [note] = &page(&plan).notes[..] else { panic!("{:?}", page(&plan)) };
        assert!(note.starts_with("what else it does could not be found out") && note.contains(why), "{note}");
    }
}

/// The answer may be another one when a saved plan is applied; what is announced may not.
#[tokio::test]
async fn a_saved_plan_shows_the_notes_and_does_not_depend_on_them() {
    let press = Press::new();
    let engine = made(&press).await;
    let plan = engine.preview(&stack(), declared("bob")).await.unwrap();
    let (digester, key) = engine.digester(&stack()).await.unwrap();
    let file = PlanFile::new(&plan, (digester, key), serde_json::Value::Null);
    assert_eq!(file.steps.iter().map(|step| step.notes.len()).sum::<usize>(), 1);
    let mut other = plan.clone();
    other.steps.iter_mut().for_each(|step| step.notes.clear());
    let (digester, _) = engine.digester(&stack()).await.unwrap();
    file.verify(&other, digester).unwrap();
}
