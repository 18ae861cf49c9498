//! Programs in tests: what a run tells, and that it tells the same in every run.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use sskuba_core::plan::{Action, Reason};
use sskuba_core::prelude::*;
use sskuba_core::provider::{Class, Failure, FieldError, Handlers};
use sskuba_sim::kinds::{Machine, Network, Subnet};
use sskuba_sim::testing::{self, TestError, plan};

#[derive(Config)]
struct Size {
    /// How many machines.
    #[config(default = 2)]
    size: u8,
    /// Where.
    #[config(default = "10.0.1.0/24".to_owned())]
    cidr: String,
    /// What opens them.
    secret: Option<Secret<String>>,
}

fn program(stack: &mut Stack) -> Result {
    let config: Size = stack.config()?;
    let network = stack.add("main", Network::new("10.0.0.0/16"))?;
    let mut net = stack.scope("net")?;
    let subnet = net.add("main", Subnet::new(network.id(), config.cidr.as_str()))?;
    for n in 0..config.size {
        let machine = Machine::new(subnet.id());
        let machine = match &config.secret {
            Some(secret) => machine.boot(secret.clone()),
            None => machine,
        };
        net.add(format!("m{n}"), machine)?;
    }
    stack.export("network", network.id());
    Ok(())
}

#[tokio::test]
async fn a_preview_tells_what_would_be_done() {
    let run = testing::preview(program).config([("size", "1")]).await.unwrap();
    assert_eq!(run.counts().create, 3);
    let step = run.step("net/sim:net:Subnet::main").unwrap();
    assert_eq!((step.action, &step.reasons[..]), (Action::Create, &[Reason::NotRecorded][..]));
    assert_eq!(step.input("cidr").unwrap(), "10.0.1.0/24");
    assert_eq!(step.input("network").unwrap(), "(known after apply)");
    assert_eq!(run.step("m0").unwrap().input("boot").unwrap(), json!(null));
    insta::assert_snapshot!(run.plan_text());
}

#[tokio::test]
async fn secrets_are_masked_in_all_that_is_told() {
    let run = testing::up(program).config([("secret", "canary-of-the-test")]).await.unwrap();
    assert_eq!(run.step("m1").unwrap().input("boot").unwrap(), "(secret)");
    let all = format!("{}{:?}{:?}", run.plan_text(), run, run.resource("m1").unwrap());
    assert!(!all.contains("canary"), "{all}");
}

#[tokio::test]
async fn two_programs_one_after_the_other() {
    let first = testing::up(program).await.unwrap();
    assert!(first.preview(program).await.unwrap().is_empty());
    let second = first.preview(program).config([("cidr", "10.0.2.0/24")]).await.unwrap();
    let step = second.step("Subnet::main").unwrap();
    assert!(step.action == Action::Replace && step.changes("cidr"), "{step:?}");
    insta::assert_snapshot!(second.plan_text());
    let second = first.up(program).config([("size", "1")]).await.unwrap();
    assert_eq!(second.step("m1").unwrap().action, Action::Delete);
    let last = second.down().await.unwrap();
    assert_eq!(last.counts().delete, 4 - 1);
    assert!(last.preview(|_: &mut Stack| Ok(())).await.unwrap().is_empty());
}

#[tokio::test]
async fn mocks_decide_on_what_matters_and_the_rest_is_made_up() {
    let run = testing::up(program)
        .mock("sim:net:Network", |_| json!({"id": "net-of-the-mock"}))
        .mock("Machine", |call| json!({"id": format!("i-{}", call.name())}))
        .await
        .unwrap();
    assert_eq!(run.output("network").unwrap(), "net-of-the-mock");
    assert_eq!(run.resource("Subnet::main").unwrap().input("network").unwrap(), "net-of-the-mock");
    assert_eq!(run.resource("m1").unwrap().id, "i-m1");
    assert!(!run.resource("m1").unwrap().outputs.is_empty());
}

#[tokio::test]
async fn a_mock_that_fails_is_the_failure_of_its_step() {
    let denied = |_: testing::MockCall<'_>| Failure::new(Class::Denied, "no");
    let error = testing::up(program).mock("net/sim:compute:Machine::m1", denied).await.unwrap_err();
    let TestError::Failed(failures) = &error else { panic!("{error}") };
    assert_eq!(failures.len(), 1);
    assert_eq!(
        error.to_string(),
        "the run failed:\n  - failed to create net/sim:compute:Machine::m1: denied: no"
    );
}

#[tokio::test]
async fn what_is_misspelt_is_told_with_what_may_be_meant() {
    let run = testing::up(program).await.unwrap();
    let told = |error: TestError| error.to_string();
    assert_eq!(
        told(run.step("mian").unwrap_err()),
        "there is no `mian`; did you mean `net/sim:net:Subnet::main`?"
    );
    assert_eq!(
        told(run.step("main").unwrap_err()),
        "`main` may be `net/sim:net:Subnet::main` or `sim:net:Network::main`; say more of it"
    );
    assert_eq!(
        told(run.step("m0").unwrap().input("sbnet").unwrap_err()),
        "net/sim:compute:Machine::m0 has no input `sbnet`; did you mean `subnet`?"
    );
    assert_eq!(
        told(run.output("netwrk").unwrap_err()),
        "the stack has no output `netwrk`; did you mean `network`?"
    );
    let idle = testing::preview(program).mock("sim:net:Netwrk", |_| json!({})).await.unwrap_err();
    assert!(
        told(idle).contains("`sim:net:Netwrk`, which is neither a kind"),
        "a mock that answers for nothing"
    );
    let odd = testing::up(program).mock("sim:net:Network", |_| json!({"idd": "x"})).await.unwrap_err();
    assert!(
        told(odd)
            .contains("answers `idd`, which is no computed field of sim:net:Network; did you mean `id`?")
    );
    let odd = testing::up(program).mock("sim:net:Network", |_| json!({"id": 7})).await.unwrap_err();
    assert!(told(odd).contains("answers what does not fit: "));
    let error = testing::preview(program).config([("sise", "1")]).await.unwrap_err();
    assert!(told(error).contains("sise"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_run_makes_the_same() {
    let made = async || {
        let run = testing::up(program).config([("size", "40")]).await.unwrap();
        let mut all: Vec<_> = (0..40).map(|n| run.resource(&format!("m{n}")).unwrap().id.clone()).collect();
        all.push(run.output("network").unwrap().to_string());
        (all, run.plan_text())
    };
    let first = made().await;
    for _ in 0..5 {
        assert_eq!(made().await, first);
    }
    let more = |stack: &mut Stack| {
        stack.add("first", Network::new("10.9.0.0/16"))?;
        program(stack)
    };
    let more = testing::up(more).config([("size", "2")]).await.unwrap();
    assert_eq!(more.resource("m1").unwrap().id, first.0[1], "an id does not follow from what else there is");
}

/// A key that its service makes.
#[derive(Resource)]
#[resource(kind = "vault:keys:Key", idempotency = "token")]
struct Key {
    /// What it is called.
    #[resource(force_new)]
    name: Input<String>,
    /// Its number.
    id: Computed<String>,
    /// The key itself.
    key: Computed<Secret<String>>,
}

#[tokio::test]
async fn another_provider_has_its_checks_and_a_mock_may_give_secrets() {
    let refusal = Failure::new(Class::Terminal, "nobody is asked in a test");
    let short = |args: &KeyArgs| {
        let wrong = FieldError { field: "name".into(), message: "is too short".into() };
        (args.name.len() < 2).then_some(wrong).into_iter().collect()
    };
    let vault = Handlers::anywhere("vault").declared::<Key>(refusal, short, |_| Vec::new());
    let keys = |name: &'static str| {
        move |stack: &mut Stack| {
            stack.add("main", Key::new(name))?;
            Ok(())
        }
    };
    let run = testing::up(keys("long"))
        .provider(Arc::new(vault.clone()))
        .mock("Key", |_| json!({"key": "canary-key"}))
        .await
        .unwrap();
    let key = run.resource("Key::main").unwrap();
    assert_eq!(key.output("key").unwrap(), "(secret)");
    assert_eq!(key.outputs["key"].as_str(), Some("canary-key"));
    assert!(!format!("{run:?}").contains("canary"));
    assert!(run.preview(keys("long")).await.unwrap().is_empty());
    let error = testing::preview(keys("x")).provider(Arc::new(vault)).await.unwrap_err();
    assert!(error.to_string().contains("is too short"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_size_has_a_plan(size in 0_u8..50) {
        let plan = plan(program, [("size", size)]).unwrap();
        prop_assert_eq!(plan.counts().create, u32::from(size) + 2);
    }
}

#[tokio::test]
async fn a_plan_is_made_inside_of_a_runtime_too() {
    assert_eq!(plan(program, [("size", 1)]).unwrap().counts().create, 3);
}
