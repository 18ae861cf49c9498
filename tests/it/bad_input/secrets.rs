//! A canary in every place where a program can put a secret; none of the texts of runs that fail shows it.

use std::sync::{Arc, Mutex};

use sskuba::core::applying::Event;
use sskuba::core::clock::Timestamp;
use sskuba::core::plan::PlanFile;
use sskuba::core::state::{RunResult, StateStore};
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Grant, Instance, Machine, Network, Subnet};
use sskuba::sim::{Fault, Op, Phase, SimProvider, World};

use super::Shared;

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
    let file = PlanFile::new(&plan, digester, Timestamp(1), serde_json::json!({}));
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
