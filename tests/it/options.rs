//! Options on resources and on plans.

use sskuba::core::applying::ApplyOptions;
use sskuba::core::engine::Advice;
use sskuba::core::planning::PlanOptions;
use sskuba::core::state::RunResult;
use sskuba::local::data::Data;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Instance, Machine, Network, Subnet, Zones};

use crate::world::Bench;

fn data(stack: &mut Stack, name: &str) -> sskuba::Result<Handle<Data>> {
    Ok(stack.add(name, Data::new(serde_json::json!(name)))?)
}

#[tokio::test]
async fn what_is_protected_is_neither_deleted_nor_replaced_and_all_refusals_come_together() {
    let bench = Bench::new();
    let full = |stack: &mut Stack| -> sskuba::Result {
        stack.add("a", Network::new("10.0.0.0/16"))?.protect();
        stack.add("b", Bucket::new("b"))?.protect();
        Ok(())
    };
    bench.up(full).await.unwrap();
    let empty = |_: &mut Stack| -> sskuba::Result { Ok(()) };
    let error = bench.up(empty).await.unwrap_err().to_string();
    assert!(
        error.contains("sim:net:Network::a: is protected") && error.contains("Bucket::b: is protected"),
        "{error}"
    );
    let error = bench.engine.down(&bench.stack).await.unwrap_err().to_string();
    assert!(error.contains("the stack goes down"), "{error}");
    let replaced = |stack: &mut Stack| -> sskuba::Result {
        stack.add("a", Network::new("10.1.0.0/16"))?.protect();
        stack.add("b", Bucket::new("b"))?.protect();
        Ok(())
    };
    let error = bench.up(replaced).await.unwrap_err().to_string();
    assert!(error.contains("`cidr` changes") && error.contains("tests/it/options.rs:"), "{error}");
    assert_eq!(bench.exists().len(), 2);
}

#[tokio::test]
async fn retain_forgets_ignore_keeps_alias_moves_replace_on_replaces() {
    let bench = Bench::new();
    let first = |stack: &mut Stack| -> sskuba::Result {
        stack.add("kept", Bucket::new("kept"))?.retain_on_delete();
        stack.add("old", Bucket::new("moved"))?;
        stack.add("tags", Network::new("10.0.0.0/16").tag("a", "1"))?.ignore_changes(["tags"]);
        stack.add("on", Network::new("10.1.0.0/16").tag("a", "1"))?.replace_on_changes(["tags"]);
        Ok(())
    };
    bench.up(first).await.unwrap();
    bench.finished();
    let second = |stack: &mut Stack| -> sskuba::Result {
        let mut scope = stack.scope("group")?;
        scope.add("new", Bucket::new("moved"))?.alias("sim:store:Bucket::old");
        stack.add("tags", Network::new("10.0.0.0/16").tag("a", "2"))?.ignore_changes(["tags"]);
        stack.add("on", Network::new("10.1.0.0/16").tag("a", "2"))?.replace_on_changes(["tags"]);
        Ok(())
    };
    let (plan, report) = bench.up(second).await.unwrap();
    assert_eq!(report.failures, []);
    assert_eq!(bench.finished(), ["forget kept", "replace on", "delete on"].map(String::from));
    assert!(plan.steps.iter().any(|s| s.moved_from.as_ref().is_some_and(|a| a.name() == "old")));
    assert_eq!((plan.counts().moved, report.counts.moved, report.counts.unchanged), (1, 1, 1));
    assert_eq!(bench.exists().len(), 4);
    let snapshot = bench.engine.read(&bench.stack).await.unwrap();
    let addresses: Vec<_> = snapshot.state.records().map(|r| r.address.to_string()).collect();
    assert_eq!(addresses, ["group/sim:store:Bucket::new", "sim:net:Network::on", "sim:net:Network::tags"]);
    let (plan, _) = bench.up(second).await.unwrap();
    assert!(plan.is_empty());
}

#[tokio::test]
async fn targets_take_what_they_need_and_excludes_leave_out_what_needs_them() {
    let program = |stack: &mut Stack| -> sskuba::Result {
        let network = stack.add("net", Network::new("10.0.0.0/16"))?;
        let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
        stack.add("web", Machine::new(subnet.id()))?;
        stack.add("bucket", Bucket::new("b"))?;
        Ok(())
    };
    let bench = Bench::new();
    let options = |targets: &[&str], excludes: &[&str]| PlanOptions {
        targets: targets.iter().map(ToString::to_string).collect(),
        excludes: excludes.iter().map(ToString::to_string).collect(),
        ..PlanOptions::default()
    };
    let run = |options| bench.up_with(program, options, ApplyOptions::default());
    run(options(&["*::sub"], &[])).await.unwrap();
    assert_eq!(bench.exists(), ["sim:net:Network", "sim:net:Subnet"]);
    run(options(&[], &["*Bucket*"])).await.unwrap();
    assert_eq!(bench.exists(), ["sim:compute:Machine", "sim:net:Network", "sim:net:Subnet"]);
    let error = run(options(&["*::nothing"], &[])).await.unwrap_err().to_string();
    assert!(error.contains("target `*::nothing` fits no resource"), "{error}");
    run(options(&[], &[])).await.unwrap();
    let without_subnet = |stack: &mut Stack| -> sskuba::Result {
        stack.add("net", Network::new("10.0.0.0/16"))?;
        stack.add("bucket", Bucket::new("b"))?;
        Ok(())
    };
    let narrow = options(&["*::sub"], &[]);
    let error =
        bench.up_with(without_subnet, narrow.clone(), ApplyOptions::default()).await.unwrap_err().to_string();
    assert!(error.contains("while sim:compute:Machine::web still needs it"), "{error}");
    let wide = PlanOptions { target_dependents: true, ..narrow };
    bench.up_with(without_subnet, wide, ApplyOptions::default()).await.unwrap();
    assert_eq!(bench.exists(), ["sim:net:Network", "sim:store:Bucket"]);
}

/// Leaving out the new name leaves out what is recorded under the former one, of kinds with and without a key.
#[tokio::test]
async fn what_is_renamed_and_left_out_is_not_deleted_under_its_former_name() {
    let bench = Bench::new();
    let before = |stack: &mut Stack| -> sskuba::Result {
        stack.add("old", Network::new("10.0.0.0/16"))?;
        stack.add("former", Bucket::new("b"))?;
        Ok(())
    };
    bench.up(before).await.unwrap();
    bench.finished();
    let after = |stack: &mut Stack| -> sskuba::Result {
        stack.add("new", Network::new("10.1.0.0/16"))?.alias("old");
        stack.add("latter", Bucket::new("b"))?;
        Ok(())
    };
    let options =
        PlanOptions { excludes: vec!["*::new".into(), "*::latter".into()], ..PlanOptions::default() };
    let (_, report) = bench.up_with(after, options, ApplyOptions::default()).await.unwrap();
    assert_eq!((bench.finished(), report.failures), (vec![], vec![]));
    let snapshot = bench.engine.read(&bench.stack).await.unwrap();
    let addresses: Vec<_> = snapshot.state.records().map(|r| r.address.to_string()).collect();
    assert_eq!(addresses, ["sim:net:Network::new", "sim:store:Bucket::latter"]);
}

#[tokio::test]
async fn a_failure_skips_what_needs_it_and_with_continue_on_error_nothing_else() {
    let program = |stack: &mut Stack| -> sskuba::Result {
        let bad = stack.add("bad", Subnet::new("net-does-not-exist", "10.0.1.0/24"))?;
        stack.add("needs", Machine::new(bad.id()))?;
        let a = data(stack, "a")?;
        data(stack, "b")?.depends_on(&a);
        Ok(())
    };
    let bench = Bench::new();
    let apply = ApplyOptions { continue_on_error: true, ..ApplyOptions::default() };
    let (_, report) = bench.up_with(program, PlanOptions::default(), apply).await.unwrap();
    assert_eq!(report.result, RunResult::Failed);
    assert_eq!((report.counts.create, report.counts.failed, report.counts.skipped), (2, 1, 1), "{report:?}");
    assert_eq!(report.failures[0].address.name(), "bad");
    assert!(report.failures[0].source_line.as_ref().unwrap().contains("tests/it/options.rs:"));
}

#[tokio::test]
async fn a_provider_instance_is_a_node_and_down_needs_no_program() {
    let program = |stack: &mut Stack| -> sskuba::Result {
        let region = data(stack, "region")?;
        let west = stack.add("west", Instance::new().region(region.id().map(|_| "sim-2".to_owned())))?;
        let zones = stack.read("zones", Zones::new().region(west.region()))?.provider(&west);
        stack
            .add("b", Bucket::new("b").policy(zones.names().map(|n| format!("{{\"zones\":{}}}", n.len()))))?
            .provider(&west);
        Ok(())
    };
    let bench = Bench::new();
    let (plan, report) = bench.up(program).await.unwrap();
    assert_eq!((report.counts.create, report.counts.read, report.failures.len()), (3, 1, 0), "{report:?}");
    assert!(plan.steps.iter().any(|s| s.address.name() == "zones" && s.calls));
    let (plan, _) = bench.up(program).await.unwrap();
    assert!(plan.is_empty(), "{:?}", plan.steps);
    let record = bench.engine.read(&bench.stack).await.unwrap();
    let bucket = record.state.records().find(|r| r.address.name() == "b").unwrap();
    assert_eq!(bucket.provider.as_ref().unwrap().to_string(), "sim:provider:Instance::west");
    assert_eq!(bench.engine.down(&bench.stack).await.unwrap().counts.delete, 3);
    assert_eq!(bench.exists().len(), 0);
}

#[tokio::test]
async fn a_cancelled_run_ends_what_runs_and_starts_nothing_new() {
    let program = |stack: &mut Stack| -> sskuba::Result {
        let network = stack.add("net", Network::new("10.0.0.0/16"))?;
        stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
        Ok(())
    };
    let bench = Bench::new();
    let apply = ApplyOptions::default();
    apply.cancel.cancel();
    let (_, report) = bench.up_with(program, PlanOptions::default(), apply).await.unwrap();
    assert_eq!(report.result, RunResult::Cancelled);
    assert!(report.counts.skipped >= 1, "{report:?}");
    let (_, report) = bench.up(program).await.unwrap();
    assert_eq!((report.result, bench.exists().len()), (RunResult::Succeeded, 2));
}

#[tokio::test]
async fn simulated_resources_are_never_taken_for_real_ones() {
    let program = |stack: &mut Stack| -> sskuba::Result {
        data(stack, "a")?;
        Ok(())
    };
    let store: std::sync::Arc<dyn sskuba::core::state::StateStore> =
        std::sync::Arc::new(sskuba::core::stores::Memory::default());
    let keyring = std::sync::Arc::new(sskuba::core::stores::EphemeralKeyring::default());
    let engine = |simulated: bool| {
        let builder = sskuba::Engine::builder().store(store.clone()).keyring(keyring.clone());
        builder.provider(sskuba::local::provider()).simulated(simulated).build()
    };
    let stack = "local/test/dev".parse().unwrap();
    engine(true).up(&stack, program).await.unwrap();
    for error in [
        engine(false).up(&stack, program).await.unwrap_err(),
        engine(false).preview(&stack, program).await.unwrap_err(),
        engine(false).down(&stack).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("are simulated ones"), "{error}");
        assert!(error.hint().contains(&Advice::Simulate), "{error}");
    }
    engine(true).down(&stack).await.unwrap();
    engine(false).up(&stack, program).await.unwrap();
    let error = engine(true).down(&stack).await.unwrap_err();
    assert!(error.to_string().contains("are real ones"), "{error}");
    assert!(error.hint().contains(&Advice::DoNotSimulate), "{error}");
}
