//! Saved plans that are not the plan of now.

use sskuba::core::engine::Advice;
use sskuba::core::plan::{Plan, PlanFile, PlanFileError};
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Network};

use super::{has, message_of};
use crate::world::Bench;

fn program(
    cidr: &'static str,
    password: &'static str,
) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| {
        stack.add("net", Network::new(cidr).tag("password", Secret::from(password)))?;
        stack.add("bucket", Bucket::new("one"))?;
        Ok(())
    }
}

async fn save(bench: &Bench, plan: &Plan) -> PlanFile {
    let digester = bench.engine.digester(&plan.stack).await.unwrap();
    let file = PlanFile::new(plan, digester, serde_json::json!({}));
    // What is saved is what is read back.
    let text = serde_json::to_string(&file).unwrap();
    assert!(!text.contains("hunter"), "{text}");
    let read = PlanFile::parse(&text).unwrap();
    assert_eq!(read, file);
    read
}

async fn verified(bench: &Bench, file: &PlanFile, plan: &Plan) -> Result<(), PlanFileError> {
    file.verify(plan, bench.engine.digester(&plan.stack).await.unwrap().0)
}

#[tokio::test]
async fn the_same_program_on_the_same_stack_gives_the_saved_plan_again() {
    let bench = Bench::new();
    bench.up(program("10.0.0.0/16", "hunter1")).await.unwrap();
    let plan = bench.engine.preview(&bench.stack, program("10.1.0.0/16", "hunter1")).await.unwrap();
    let file = save(&bench, &plan).await;
    let again = bench.engine.preview(&bench.stack, program("10.1.0.0/16", "hunter1")).await.unwrap();
    verified(&bench, &file, &again).await.unwrap();
}

#[tokio::test]
async fn a_plan_of_another_program_revision_or_stack_is_refused_by_what_differs() {
    let bench = Bench::new();
    bench.up(program("10.0.0.0/16", "hunter1")).await.unwrap();
    let plan = bench.engine.preview(&bench.stack, program("10.1.0.0/16", "hunter1")).await.unwrap();
    let file = save(&bench, &plan).await;

    let other = |stack: &mut Stack| -> sskuba::Result {
        stack.add("net", Network::new("10.1.0.0/16").tag("password", Secret::from("hunter1")))?;
        Ok(())
    };
    let other = bench.engine.preview(&bench.stack, other).await.unwrap();
    let error = verified(&bench, &file, &other).await.unwrap_err();
    assert_eq!(error.hint(), [Advice::SavePlan]);
    let text = error.to_string();
    has(&text, &["the program or its configuration no longer gives this plan"]);
    has(&text, &["delete sim:store:Bucket::bucket differs"]);

    let range = bench.engine.preview(&bench.stack, program("10.2.0.0/16", "hunter1")).await.unwrap();
    let text = verified(&bench, &file, &range).await.unwrap_err().to_string();
    has(&text, &["replace sim:net:Network::net differs"]);
    let secret = bench.engine.preview(&bench.stack, program("10.1.0.0/16", "hunter2")).await.unwrap();
    let text = verified(&bench, &file, &secret).await.unwrap_err().to_string();
    assert!(!text.contains("hunter"), "{text}");

    bench.up(program("10.0.0.0/16", "hunter3")).await.unwrap();
    let later = bench.engine.preview(&bench.stack, program("10.1.0.0/16", "hunter1")).await.unwrap();
    let text = verified(&bench, &file, &later).await.unwrap_err().to_string();
    has(&text, &[&format!("made at revision {} and the stack is at {}", file.base, later.base)]);

    let elsewhere = "local/test/prod".parse().unwrap();
    let foreign = bench.engine.preview(&elsewhere, program("10.1.0.0/16", "hunter1")).await.unwrap();
    let error = verified(&bench, &file, &foreign).await.unwrap_err();
    has(&error.to_string(), &["the plan is of stack local/test/dev, not of local/test/prod"]);
    assert_eq!(error.hint(), [Advice::OtherStack]);
}

#[tokio::test]
async fn a_plan_in_memory_is_bound_to_its_stack_and_revision_too() {
    let bench = Bench::new();
    let plan = bench.engine.preview(&bench.stack, program("10.0.0.0/16", "hunter1")).await.unwrap();
    let mut session =
        bench.engine.open(&"local/test/prod".parse().unwrap(), "up", Default::default()).await.unwrap();
    let text = message_of(session.apply(&plan, &Default::default()).await);
    has(&text, &["the plan is of stack local/test/dev, and local/test/prod is open"]);
    session.close().await.unwrap();
    bench.up(program("10.0.0.0/16", "hunter1")).await.unwrap();
    let text = message_of(bench.engine.apply(plan).await);
    has(&text, &["made at revision 0", "local/test/dev is at", "[PlanAnew]"]);
}

#[tokio::test]
async fn a_file_that_is_no_plan_or_a_newer_one_says_so() {
    let error = PlanFile::parse("{").unwrap_err();
    has(&error.to_string(), &["not a saved plan"]);
    assert_eq!(error.hint(), [Advice::SavePlan]);
    has(&PlanFile::parse("{\"format\":1}").unwrap_err().to_string(), &["not a saved plan", "missing field"]);
    let newer = PlanFile::parse("{\"format\":9,\"writer\":\"1.4.0\"}").unwrap_err().to_string();
    has(&newer, &["saved by sskuba 1.4.0 in form 9", "this release reads form 1", "make it anew"]);
}
