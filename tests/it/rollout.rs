//! Kinds whose updates are few at once, and kinds that only an explicit word replaces.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sskuba::core::engine::{Engine, with_causes};
use sskuba::core::provider::{
    Class, Cx, Failure, FieldError, Handler, Handlers, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba::core::state::RunResult;
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::prelude::*;

/// A machine that others rely on.
#[derive(Resource)]
#[resource(kind = "farm:machine:Node", idempotency = "token", updates = 1, deleting = "wipes {name}")]
struct Node {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// What it runs.
    version: Input<u32>,
    /// The id.
    id: Computed<String>,
    /// What it was last started with.
    #[resource(volatile)]
    started: Computed<String>,
}

/// What cannot be made again.
#[derive(Resource)]
#[resource(kind = "farm:keys:Root", idempotency = "token", guarded)]
struct Root {
    /// Whose it is.
    #[resource(force_new)]
    owner: Input<String>,
    /// The id.
    id: Computed<String>,
}

#[derive(Clone, Default)]
struct Farm(Arc<Mutex<Counted>>);

/// How many calls there are at once, and what is done to whom.
#[derive(Default)]
struct Counted {
    now: usize,
    most_creates: usize,
    most_updates: usize,
    done: Vec<String>,
    /// The machine whose update fails.
    broken: Option<String>,
}

impl Farm {
    async fn call(&self, most: impl Fn(&mut Counted) -> &mut usize) {
        {
            let counted = &mut *self.0.lock().unwrap();
            counted.now += 1;
            let now = counted.now;
            let most = most(counted);
            *most = now.max(*most);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.0.lock().unwrap().now -= 1;
    }
}

#[async_trait::async_trait]
impl Handler<Node> for Farm {
    async fn create(&self, cx: &Cx, args: NodeArgs) -> std::result::Result<TypedObject<Node>, Failure> {
        self.call(|counted| &mut counted.most_creates).await;
        Ok(TypedObject::new(
            cx.token.to_string(),
            NodeState { id: cx.token.to_string(), started: format!("v{}", args.version) },
        ))
    }
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Node>,
    ) -> std::result::Result<Option<TypedObject<Node>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<Node>) -> std::result::Result<(), Failure> {
        Ok(())
    }
    async fn list(&self, _: &Cx) -> std::result::Result<Vec<TypedObject<Node>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &NodeArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

#[async_trait::async_trait]
impl Update<Node> for Farm {
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Node>,
    ) -> std::result::Result<TypedObject<Node>, Failure> {
        self.call(|counted| &mut counted.most_updates).await;
        let mut counted = self.0.lock().unwrap();
        if counted.broken.as_ref() == Some(&change.args.name) {
            return Err(Failure::new(Class::Terminal, "it does not start"));
        }
        let started = format!("v{}", change.args.version);
        counted.done.push(change.args.name);
        Ok(TypedObject::new(change.prior.id.clone(), NodeState { id: change.prior.id, started }))
    }
}

#[async_trait::async_trait]
impl Handler<Root> for Farm {
    async fn create(&self, cx: &Cx, args: RootArgs) -> std::result::Result<TypedObject<Root>, Failure> {
        self.0.lock().unwrap().done.push(format!("root of {}", args.owner));
        Ok(TypedObject::new(cx.token.to_string(), RootState { id: cx.token.to_string() }))
    }
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Root>,
    ) -> std::result::Result<Option<TypedObject<Root>>, Failure> {
        Ok(Some(TypedObject::new(prior.id.clone(), RootState { id: prior.id })))
    }
    async fn delete(&self, _: &Cx, prior: TypedPrior<Root>) -> std::result::Result<(), Failure> {
        self.0.lock().unwrap().done.push(format!("deleted {}", prior.args.unwrap().owner));
        Ok(())
    }
    async fn list(&self, _: &Cx) -> std::result::Result<Vec<TypedObject<Root>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &RootArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

fn engine(farm: &Farm) -> Engine {
    let provider = Handlers::anywhere("farm").resource::<Node>(farm.clone()).resource::<Root>(farm.clone());
    let (store, keyring) = (Arc::<Memory>::default(), Arc::new(EphemeralKeyring::default()));
    Engine::builder().store(store as _).keyring(keyring as _).provider(Arc::new(provider)).build()
}

fn stack() -> sskuba::core::address::StackId {
    "local/farm/dev".parse().unwrap()
}

fn nodes(count: usize, version: u32) -> impl sskuba::core::stack::Program + Copy {
    move |stack: &mut Stack| -> sskuba::Result {
        for i in 0..count {
            stack.add(format!("node-{i}"), Node::new(format!("n{i}"), version))?;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn updates_of_such_a_kind_are_one_at_a_time_and_creates_are_not() {
    let farm = Farm::default();
    let engine = engine(&farm);
    engine.up(&stack(), nodes(6, 1)).await.unwrap();
    engine.up(&stack(), nodes(6, 2)).await.unwrap();
    let counted = farm.0.lock().unwrap();
    assert_eq!((counted.most_updates, counted.done.len()), (1, 6));
    assert!(counted.most_creates > 1, "{}", counted.most_creates);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_stops_at_the_first_that_fails_and_goes_on_with_the_rest() {
    let farm = Farm::default();
    let engine = engine(&farm);
    engine.up(&stack(), nodes(4, 1)).await.unwrap();
    farm.0.lock().unwrap().broken = Some("n1".into());
    let report = engine.up(&stack(), nodes(4, 2)).continue_on_error().await.unwrap();
    assert_eq!(report.result, RunResult::Failed);
    let done = farm.0.lock().unwrap().done.clone();
    assert!(done.len() < 3 && !done.contains(&"n1".to_owned()), "{done:?}");
    let not_begun =
        report.failures.iter().filter(|failed| failed.failure.message.contains("not begun")).count();
    assert_eq!(done.len() + 1 + not_begun, 4, "{:?}", report.failures);
    farm.0.lock().unwrap().broken = None;
    engine.up(&stack(), nodes(4, 2)).await.unwrap();
    let mut all = farm.0.lock().unwrap().done.clone();
    all.sort();
    assert_eq!(all, ["n0", "n1", "n2", "n3"], "nothing is done twice");
}

#[tokio::test(start_paused = true)]
async fn a_plan_says_what_a_delete_does() {
    let engine = engine(&Farm::default());
    engine.up(&stack(), nodes(2, 1)).await.unwrap();
    let plan = engine.preview(&stack(), nodes(1, 1)).await.unwrap();
    let said: Vec<String> =
        plan.steps.iter().flat_map(|step| &step.reasons).map(ToString::to_string).collect();
    assert!(said.contains(&"wipes n1".to_owned()) && !said.contains(&"wipes n0".to_owned()), "{said:?}");
    let plan = engine.preview_down(&stack(), &Default::default()).await.unwrap();
    assert_eq!(
        plan.steps
            .iter()
            .flat_map(|step| &step.reasons)
            .filter(|why| why.to_string().starts_with("wipes"))
            .count(),
        2
    );
}

#[tokio::test]
async fn what_cannot_be_made_again_is_replaced_only_where_the_program_says_so() {
    let farm = Farm::default();
    let engine = engine(&farm);
    let root = |owner: &'static str, unprotected: bool| {
        move |stack: &mut Stack| -> sskuba::Result {
            let root = stack.add("root", Root::new(owner))?;
            if unprotected {
                root.unprotect();
            }
            Ok(())
        }
    };
    engine.up(&stack(), root("ann", false)).await.unwrap();
    let refused = with_causes(&engine.up(&stack(), root("bob", false)).await.unwrap_err());
    assert!(refused.contains("would be replaced") && refused.contains("unprotect"), "{refused}");
    assert_eq!(farm.0.lock().unwrap().done, ["root of ann"]);
    engine.up(&stack(), root("bob", true)).await.unwrap();
    assert_eq!(farm.0.lock().unwrap().done, ["root of ann", "root of bob", "deleted ann"]);
    // Taking it out of the program, or the stack down, deletes it: that is what such a program says.
    engine.up(&stack(), nodes(0, 1)).await.unwrap();
    assert_eq!(farm.0.lock().unwrap().done.last().unwrap(), "deleted bob");
}

/// The new value is known only after the apply began: the guard holds then, too.
#[tokio::test]
async fn what_cannot_be_made_again_is_kept_where_its_replacement_turns_out_late() {
    let farm = Farm::default();
    let engine = engine(&farm);
    let program = |version: u32| {
        move |stack: &mut Stack| -> sskuba::Result {
            let node = stack.add("node", Node::new("n", version))?;
            stack.add("root", Root::new(node.started()))?;
            Ok(())
        }
    };
    engine.up(&stack(), program(1)).await.unwrap();
    let report = engine.up(&stack(), program(2)).await.unwrap();
    assert_eq!(report.result, RunResult::Failed);
    assert!(
        report.failures.iter().any(|failed| failed.failure.message.contains("it is protected")),
        "{:?}",
        report.failures
    );
    assert_eq!(farm.0.lock().unwrap().done, ["root of v1", "n"], "it is neither replaced nor deleted");
    // Where its replacement is sure to be asked for, nothing is begun at all.
    let other = |stack: &mut Stack| -> sskuba::Result {
        let node = stack.add("node", Node::new("other", 1u32))?;
        stack.add("root", Root::new(node.started()))?;
        Ok(())
    };
    let refused = with_causes(&engine.up(&stack(), other).await.unwrap_err());
    assert!(
        refused.contains("farm:keys:Root::root may have to be replaced with it")
            && refused.contains("unprotect"),
        "{refused}"
    );
    assert_eq!(farm.0.lock().unwrap().done.len(), 2);
}
