//! Objects that may not answer for a while, or never again, as machines may not: a refresh plans on, and a `down` goes past
//! them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sskuba::core::engine::Engine;
use sskuba::core::event::Events;
use sskuba::core::plan::Action;
use sskuba::core::planning::PlanOptions;
use sskuba::core::provider::{
    Class, Cx, Failure, FieldError, Handler, Handlers, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba::core::state::RunResult;
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::prelude::*;

/// The way to the machines.
#[derive(Resource)]
#[resource(kind = "yard:provider:Way", idempotency = "token")]
struct Way {
    /// Through which door.
    door: Input<String>,
    /// The id.
    id: Computed<String>,
}

/// A machine that may be lost.
#[derive(Resource)]
#[resource(kind = "yard:machine:Host", idempotency = "token", may_be_away)]
struct Host {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// What it runs.
    #[resource(default = 1_u32)]
    version: Input<u32>,
    /// The id.
    id: Computed<String>,
}

/// What never is away.
#[derive(Resource)]
#[resource(kind = "yard:rack:Rack", idempotency = "token")]
struct Rack {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// The id.
    id: Computed<String>,
}

/// The machines and what is wrong with them, by their names.
#[derive(Clone, Default)]
struct Yard(Arc<Mutex<BTreeMap<String, Class>>>);

impl Yard {
    fn ask(&self, name: &str) -> std::result::Result<(), Failure> {
        match self.0.lock().unwrap().get(name) {
            Some(class) => Err(Failure::new(class.clone(), format!("{name}: no answer"))),
            None => Ok(()),
        }
    }

    fn wrong(&self, name: &str, class: Class) {
        self.0.lock().unwrap().insert(name.into(), class);
    }

    fn mend(&self) {
        self.0.lock().unwrap().clear();
    }
}

macro_rules! handler {
    ($kind:ident, $args:ident, $state:ident) => {
        #[async_trait::async_trait]
        impl Handler<$kind> for Yard {
            async fn create(&self, cx: &Cx, _: $args) -> std::result::Result<TypedObject<$kind>, Failure> {
                let id = cx.token.to_string();
                Ok(TypedObject::new(id.clone(), $state { id }))
            }
            async fn read(
                &self,
                _: &Cx,
                prior: TypedPrior<$kind>,
            ) -> std::result::Result<Option<TypedObject<$kind>>, Failure> {
                self.ask(&prior.args.unwrap().name)?;
                Ok(Some(TypedObject::new(prior.id.clone(), $state { id: prior.id })))
            }
            async fn delete(&self, _: &Cx, prior: TypedPrior<$kind>) -> std::result::Result<(), Failure> {
                self.ask(&prior.args.unwrap().name)
            }
            async fn list(&self, _: &Cx) -> std::result::Result<Vec<TypedObject<$kind>>, Failure> {
                Ok(Vec::new())
            }
            fn check(&self, _: &$args) -> Vec<FieldError> {
                Vec::new()
            }
        }
    };
}

handler!(Host, HostArgs, HostState);
handler!(Rack, RackArgs, RackState);

#[async_trait::async_trait]
impl Update<Host> for Yard {
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Host>,
    ) -> std::result::Result<TypedObject<Host>, Failure> {
        self.ask(&change.args.name)?;
        Ok(TypedObject::new(change.prior.id.clone(), HostState { id: change.prior.id }))
    }
}

fn engine(yard: &Yard) -> Engine {
    let kinds = |yard: &Yard| {
        Handlers::anywhere("yard").resource::<Host>(yard.clone()).resource::<Rack>(yard.clone())
    };
    let inner = yard.clone();
    let provider = kinds(yard).settings::<Way, _>(move |_| {
        let made = kinds(&inner);
        async move { Ok(made) }
    });
    let (store, keyring) = (Arc::<Memory>::default(), Arc::new(EphemeralKeyring::default()));
    Engine::builder().store(store as _).keyring(keyring as _).provider(Arc::new(provider)).build()
}

fn stack() -> sskuba::core::address::StackId {
    "local/yard/dev".parse().unwrap()
}

/// A rack; the first machine; the second, which goes before the first; and what goes last.
fn program(stack: &mut Stack) -> sskuba::Result {
    machines(stack, 1)
}

fn machines(stack: &mut Stack, version: u32) -> sskuba::Result {
    let way = stack.add("way", Way::new("north"))?;
    let rack = stack.add("rack", Rack::new("rack"))?;
    let first = stack.add("first", Host::new("first").version(version))?.depends_on(&rack);
    stack.add("second", Host::new("second").version(version))?.depends_on(&first).provider(&way);
    Ok(())
}

async fn left(engine: &Engine) -> Vec<String> {
    let state = engine.read(&stack()).await.unwrap().state;
    state.records().map(|record| record.address.to_string()).collect()
}

#[tokio::test]
async fn a_down_goes_past_what_does_not_answer_and_keeps_what_it_needs_to_try_again() {
    for class in [Class::Transient, Class::Timeout] {
        let yard = Yard::default();
        let engine = engine(&yard);
        engine.up(&stack(), program).await.unwrap();
        yard.wrong("second", class);
        let report = engine.down(&stack()).await.unwrap();
        assert_eq!(report.result, RunResult::Failed);
        assert_eq!((report.counts.failed, report.counts.delete), (1, 2), "{report:?}");
        assert_eq!(left(&engine).await, ["yard:machine:Host::second", "yard:provider:Way::way"]);
        // It answers again, and what is recorded is enough.
        yard.mend();
        let report = engine.down(&stack()).await.unwrap();
        assert_eq!((report.result, left(&engine).await.len()), (RunResult::Succeeded, 0));
    }
}

#[tokio::test]
async fn a_down_ends_at_any_other_failure() {
    let yard = Yard::default();
    let engine = engine(&yard);
    engine.up(&stack(), program).await.unwrap();
    for (name, class) in [("second", Class::Denied), ("rack", Class::Transient)] {
        yard.wrong(name, class);
    }
    let report = engine.down(&stack()).await.unwrap();
    assert_eq!((report.result, report.counts.delete, left(&engine).await.len()), (RunResult::Failed, 0, 4));
    yard.mend();
    yard.wrong("rack", Class::Transient);
    engine.down(&stack()).await.unwrap();
    assert_eq!(left(&engine).await, ["yard:rack:Rack::rack"], "of a kind that never is away");
}

#[tokio::test]
async fn what_was_gone_past_is_taken_up_again_by_the_program() {
    let yard = Yard::default();
    let engine = engine(&yard);
    engine.up(&stack(), program).await.unwrap();
    yard.wrong("second", Class::Transient);
    engine.down(&stack()).await.unwrap();
    yard.mend();
    let report = engine.up(&stack(), program).await.unwrap();
    assert_eq!((report.counts.create, report.counts.unchanged), (2, 2), "{report:?}");
    assert_eq!(engine.down(&stack()).await.unwrap().result, RunResult::Succeeded);
}

#[tokio::test]
async fn a_refresh_keeps_what_does_not_answer_and_plans_on() {
    let yard = Yard::default();
    let engine = engine(&yard);
    engine.up(&stack(), program).await.unwrap();
    yard.wrong("first", Class::Transient);
    let later = |stack: &mut Stack| machines(stack, 2);
    let (options, events) = (PlanOptions::default(), Events::default());
    let (plan, report) = engine.preview_refreshed(&stack(), Some(&later), &options, &events).await.unwrap();
    let silent: Vec<&str> = report.silent.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!((silent, report.failed.len(), report.gone.len()), (vec!["yard:machine:Host::first"], 0, 0));
    let plan = plan.unwrap();
    let updates = plan.steps.iter().filter(|step| step.action == Action::Update).count();
    assert_eq!(updates, 2, "what is wanted of it is still planned");

    yard.wrong("first", Class::Denied);
    let (plan, report) = engine.preview_refreshed(&stack(), Some(&later), &options, &events).await.unwrap();
    assert!(plan.is_none() && report.failed.len() == 1, "{report:?}");
}
