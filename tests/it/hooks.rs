//! Hooks: functions of the program before and after operations on objects.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use sskuba::core::address::StackId;
use sskuba::core::applying::Report;
use sskuba::core::engine::Engine;
use sskuba::core::provider::HookCall;
use sskuba::core::stack::Program;
use sskuba::core::state::{RunResult, Status};
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::local::data::Data;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, Subnet};
use sskuba::sim::{SimProvider, World, kinds};

/// A stack with the hooks `a` and `b`, and what they did.
struct Site {
    world: World,
    store: Arc<Memory>,
    keyring: Arc<EphemeralKeyring>,
    ran: Arc<Mutex<Vec<String>>>,
    /// What each hook answers next, once; a hook that is to hang is told `hang`.
    next: Arc<Mutex<HashMap<String, String>>>,
}

impl Site {
    fn new() -> Self {
        let (store, keyring) = (Arc::default(), Arc::new(EphemeralKeyring::default()));
        Self { world: World::memory(), store, keyring, ran: Arc::default(), next: Arc::default() }
    }

    fn engine(&self) -> Engine {
        self.engine_with(&["a", "b"])
    }

    fn engine_with(&self, hooks: &[&'static str]) -> Engine {
        let sim = SimProvider::new("sim", kinds::schemas(), self.world.clone());
        let mut builder = Engine::builder()
            .provider(Arc::new(sim))
            .provider(sskuba::local::provider())
            .store(Arc::clone(&self.store) as _)
            .keyring(Arc::clone(&self.keyring) as _);
        for name in hooks.iter().copied() {
            let (ran, next) = (Arc::clone(&self.ran), Arc::clone(&self.next));
            builder = builder.hook(name, move |call: HookCall| {
                let (ran, next) = (Arc::clone(&ran), Arc::clone(&next));
                async move {
                    let id = if call.id.is_some() { "" } else { ", no id" };
                    ran.lock().unwrap().push(format!("{name} {} {}{id}", call.when, call.address.name()));
                    let answer = next.lock().unwrap().remove(name);
                    match answer.as_deref() {
                        None => Ok(()),
                        Some("hang") => std::future::pending().await,
                        Some(why) => Err(format!(
                            "{why} {}",
                            call.inputs.get("boot").and_then(|v| v.as_str()).unwrap_or_default()
                        )),
                    }
                }
            });
        }
        builder.build()
    }

    fn ran(&self) -> Vec<String> {
        std::mem::take(&mut *self.ran.lock().unwrap())
    }

    fn fails(&self, hook: &str, why: &str) {
        self.next.lock().unwrap().insert(hook.to_owned(), why.to_owned());
    }

    async fn up(&self, program: impl Program) -> Report {
        self.engine().up(&stack(), program).await.unwrap()
    }
}

fn stack() -> StackId {
    "local/test/dev".parse().unwrap()
}

fn nothing(_: &mut Stack) -> sskuba::Result {
    Ok(())
}

fn net(cidr: &'static str, tag: &'static str) -> impl Program {
    move |stack: &mut Stack| -> sskuba::Result {
        stack
            .add("net", Network::new(cidr).tag("a", tag))?
            .hook(When::BeforeCreate, "a")
            .hook(When::AfterCreate, "b")
            .hook(When::AfterUpdate, "a")
            .hook(When::BeforeDelete, "a")
            .hook(When::AfterDelete, "b");
        Ok(())
    }
}

#[tokio::test]
async fn hooks_run_before_and_after_what_they_name_also_when_the_resource_left_the_program() {
    let site = Site::new();
    site.up(net("10.0.0.0/16", "1")).await;
    assert_eq!(site.ran(), ["a before the create net, no id", "b after the create net"]);
    site.up(net("10.0.0.0/16", "2")).await;
    assert_eq!(site.ran(), ["a after the update net"]);
    site.up(net("10.0.0.0/16", "2")).await;
    assert_eq!(site.ran(), [""; 0]);
    site.up(net("10.1.0.0/16", "2")).await;
    assert_eq!(
        site.ran(),
        [
            "a before the create net, no id",
            "b after the create net",
            "a before the delete net",
            "b after the delete net, no id"
        ]
    );
    site.up(nothing).await;
    assert_eq!(site.ran(), ["a before the delete net", "b after the delete net, no id"]);
}

#[tokio::test]
async fn a_hook_that_fails_before_prevents_and_one_that_fails_after_is_run_again() {
    let site = Site::new();
    site.fails("a", "not yet");
    let report = site.up(net("10.0.0.0/16", "1")).await;
    let failure = report.failures[0].failure.to_string();
    assert!(failure.contains("hook `a` before the create failed: not yet"), "{failure}");
    assert_eq!(site.world.objects().unwrap().len(), 0);

    site.fails("b", "no answer");
    let report = site.up(net("10.0.0.0/16", "1")).await;
    assert_eq!((report.result, site.world.objects().unwrap().len()), (RunResult::Failed, 1));
    let state = site.engine().read(&stack()).await.unwrap().state;
    assert_eq!(state.records().next().unwrap().status, Status::Partial);
    site.ran();
    let report = site.up(net("10.0.0.0/16", "1")).await;
    assert_eq!((report.result, site.world.objects().unwrap().len()), (RunResult::Succeeded, 1));
    assert_eq!(site.ran(), ["b after the create net", "a after the update net"]);

    site.fails("b", "no answer");
    let report = site.up(nothing).await;
    assert_eq!((report.result, site.world.objects().unwrap().len()), (RunResult::Failed, 0));
    site.ran();
    assert_eq!(site.up(nothing).await.result, RunResult::Succeeded);
    assert_eq!(site.ran(), ["a before the delete net", "b after the delete net, no id"]);
    assert_eq!(site.engine().read(&stack()).await.unwrap().state.records().count(), 0);
}

/// The program dies while a hook runs: the intent is there, and the next program runs the hook again.
#[tokio::test]
async fn a_hook_in_which_the_program_died_is_run_again_by_the_next() {
    let site = Site::new();
    for (hook, at) in [("a", "before the create"), ("b", "after the create")] {
        site.fails(hook, "hang");
        let dying = site.engine();
        let run = async { dying.up(&stack(), net("10.0.0.0/16", "1")).await };
        tokio::time::timeout(std::time::Duration::from_millis(200), run).await.unwrap_err();
        assert_eq!(dying.read(&stack()).await.unwrap().state.pending().count(), 1, "{at}");
        site.ran();
        assert_eq!(site.up(net("10.0.0.0/16", "1")).await.result, RunResult::Succeeded);
        assert!(site.ran().iter().any(|ran| ran.starts_with(&format!("{hook} {at}"))), "{at}");
        assert_eq!(site.world.objects().unwrap().len(), 1);
        site.up(nothing).await;
        site.ran();
    }
}

#[tokio::test]
async fn a_hook_that_nobody_registered_is_refused_before_anything_is_touched() {
    let site = Site::new();
    let wrong = |stack: &mut Stack| -> sskuba::Result {
        stack.add("other", Bucket::new("b"))?;
        stack.add("net", Network::new("10.0.0.0/16"))?.hook(When::AfterCreate, "drian");
        Ok(())
    };
    let engine = site.engine_with(&["drain"]);
    let text = engine.up(&stack(), wrong).await.unwrap_err().to_string();
    assert!(
        text.contains("its hook `drian` is not registered") && text.contains("did you mean `drain`?"),
        "{text}"
    );
    assert_eq!(site.world.objects().unwrap().len(), 0);
    // Also where only the record names it.
    site.up(net("10.0.0.0/16", "1")).await;
    let text = site.engine_with(&[]).up(&stack(), nothing).await.unwrap_err().to_string();
    assert!(text.contains("Network::net: its hook `a` is not registered"), "{text}");
    assert_eq!(site.world.objects().unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_hook_says_is_shown_without_the_secrets_of_its_resource() {
    let site = Site::new();
    site.fails("a", "cannot start with");
    let program = |stack: &mut Stack| -> sskuba::Result {
        let net = stack.add("net", Network::new("10.0.0.0/16"))?;
        let subnet = stack.add("sub", Subnet::new(net.id(), "10.0.1.0/24"))?;
        stack.add("web", Machine::new(subnet.id()).boot("hunter2hunter2"))?.hook(When::AfterCreate, "a");
        Ok(())
    };
    let failure = site.up(program).await.failures[0].failure.to_string();
    assert!(failure.contains("cannot start with") && !failure.contains("hunter2"), "{failure}");
}

/// A component's hook runs when all of its parts are there.
#[tokio::test]
async fn a_hook_of_a_component_runs_when_its_parts_are_there() {
    struct Two;
    impl Component for Two {
        type Outputs = ();
        fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result {
            scope.add("one", Data::new(serde_json::json!(1)))?.hook(When::AfterCreate, "a");
            scope.add("two", Bucket::new("two"))?.hook(When::AfterCreate, "a");
            Ok(())
        }
    }
    let site = Site::new();
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.component("both", Two)?.hook(When::AfterCreate, "b").hook(When::BeforeDelete, "b");
        Ok(())
    };
    let plan = site.engine().preview(&stack(), program).await.unwrap();
    let named: usize = plan.steps.iter().map(|step| step.hooks.len()).sum();
    assert_eq!(named, 3);
    site.up(program).await;
    assert_eq!(site.ran().last().map(String::as_str), Some("b after the create both"));
    site.up(nothing).await;
    assert_eq!(site.ran(), ["b before the delete both"]);
}
