//! Providers that panic.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sskuba::core::state::RunResult;
use sskuba::prelude::*;
use sskuba::sim::Op;
use sskuba::sim::kinds::{Bucket, Network, Zones};

use super::{has, message_of};
use crate::world::Bench;

/// A bench whose provider panics at this operation while the switch is on.
fn panicking(at: Op) -> (Bench, Arc<AtomicBool>) {
    let on = Arc::new(AtomicBool::new(true));
    let switch = Arc::clone(&on);
    let bench = Bench::with(|provider| {
        provider.fault_plan(move |_, op, _| {
            assert!(op != at || !switch.load(Ordering::Relaxed), "the provider's own defect");
            None
        })
    });
    (bench, on)
}

fn two(stack: &mut Stack) -> sskuba::Result {
    let bucket = stack.add("bucket", Bucket::new("one"))?;
    stack.add("net", Network::new("10.0.0.0/16").tag("bucket", bucket.id()))?;
    Ok(())
}

#[tokio::test]
async fn a_create_that_panics_stays_open_and_the_next_run_resolves_it() {
    let (bench, on) = panicking(Op::Create);
    let (_, report) = bench.up(two).await.unwrap();
    let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!((report.result, failed.address.name()), (RunResult::Failed, "bucket"));
    has(&failed.failure.to_string(), &["the provider panicked", "defect"]);
    assert_eq!(bench.engine.read(&bench.stack).await.unwrap().state.pending().count(), 1);

    // It panics again while the open call is looked into: that is told, and the call stays open.
    let text = message_of(bench.up(two).await);
    has(&text, &["interrupted operations have to be resolved first", "create of sim:store:Bucket::bucket"]);
    has(&text, &["the provider panicked"]);
    assert_eq!(bench.engine.read(&bench.stack).await.unwrap().state.pending().count(), 1);

    on.store(false, Ordering::Relaxed);
    let (_, report) = bench.up(two).await.unwrap();
    assert_eq!((report.result, bench.exists().len()), (RunResult::Succeeded, 2));
}

#[tokio::test]
async fn a_lookup_that_panics_fails_while_planning_and_in_the_apply() {
    let (bench, on) = panicking(Op::Lookup);
    let known = |stack: &mut Stack| -> sskuba::Result {
        let zones = stack.read("zones", Zones::new())?;
        stack.add("bucket", Bucket::new(zones.names().map(|names| names.join("-"))))?;
        Ok(())
    };
    let text = message_of(bench.up(known).await);
    has(&text, &["sim:lookup:Zones::zones", "the provider panicked"]);
    let unknown = |stack: &mut Stack| -> sskuba::Result {
        let net = stack.add("net", Network::new("10.0.0.0/16"))?;
        let zones = stack.read("zones", Zones::new().region(net.id()))?;
        stack.add("bucket", Bucket::new(zones.names().map(|names| names.join("-"))))?;
        Ok(())
    };
    let (_, report) = bench.up(unknown).await.unwrap();
    let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!((report.result, failed.address.name()), (RunResult::Failed, "zones"));
    assert_eq!((report.counts.create, report.counts.failed, report.counts.skipped), (1, 1, 1), "{report:?}");
    has(&failed.failure.to_string(), &["the provider panicked"]);
    on.store(false, Ordering::Relaxed);
    assert_eq!(bench.up(unknown).await.unwrap().1.result, RunResult::Succeeded);
}

#[tokio::test]
async fn a_read_that_panics_is_told_by_the_refresh() {
    let (bench, on) = panicking(Op::Read);
    on.store(false, Ordering::Relaxed);
    bench.up(two).await.unwrap();
    on.store(true, Ordering::Relaxed);
    let mut session = bench.engine.open(&bench.stack, "refresh", Default::default()).await.unwrap();
    let report = session.refresh(&bench.sink()).await.unwrap();
    session.close().await.unwrap();
    let failed: Vec<String> =
        report.failed.iter().map(|(address, failure)| format!("{address} {failure}")).collect();
    assert_eq!(failed.len(), 2, "{report:?}");
    has(&failed.join("\n"), &["sim:net:Network::net", "sim:store:Bucket::bucket", "the provider panicked"]);
    assert_eq!(bench.engine.read(&bench.stack).await.unwrap().state.len(), 2);
}
