//! Replacements that delete first, while other things fail: nothing goes before all that it takes is there, and what
//! went comes back.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sskuba::core::applying::{ApplyOptions, Event, Events, Report};
use sskuba::core::planning::PlanOptions;
use sskuba::core::provider::Cx;
use sskuba::core::state::RunResult;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, Subnet};
use sskuba::sim::{Fault, Op, Options, Phase};

use crate::world::Bench;

/// A network that is deleted first, a subnet in it and a machine in that; later also something that the machine comes
/// after, and something apart.
fn program(round: u8) -> impl Fn(&mut Stack) -> sskuba::Result + Copy + Send + Sync {
    move |stack| {
        let network = stack.add("net", Network::new(format!("10.{round}.0.0/16")))?.delete_before_create();
        let subnet = stack.add("sub", Subnet::new(network.id(), format!("10.{round}.1.0/24")))?;
        let machine = stack.add("web", Machine::new(subnet.id()))?;
        if round > 1 {
            let late = stack.add("late", Bucket::new("late"))?;
            machine.depends_on(&late);
            stack.add("apart", Bucket::new("apart"))?;
        }
        Ok(())
    }
}

/// Makes a bench on which one operation on a resource is denied, once the first round is there.
async fn denied(name: &'static str, at: Op) -> Bench {
    let (armed, ready) = (Arc::new(AtomicBool::new(false)), Ordering::SeqCst);
    let arm = Arc::clone(&armed);
    let plan = move |cx: &Cx, op: Op, phase: Phase| {
        let met = cx.address.name() == name && op == at && phase == Phase::Before;
        (met && armed.load(ready)).then_some(Fault::Denied)
    };
    let bench = Bench::with(|provider| provider.options(Options::default().speed(1.0)).fault_plan(plan));
    let (_, report) = bench.up(program(1)).await.unwrap();
    assert_eq!(report.counts.create, 3);
    bench.finished();
    arm.store(true, ready);
    bench
}

async fn second(bench: &Bench, options: ApplyOptions) -> (Report, Vec<String>) {
    let (_, report) = bench.up_with(program(2), PlanOptions::default(), options).await.unwrap();
    let mut told = HashSet::new();
    for event in bench.events.lock().unwrap().iter() {
        if let Event::Skipped { address, .. } = event {
            assert!(told.insert(address.clone()), "{address} is told twice");
            let failed = report.failures.iter().any(|failed| failed.address == *address);
            assert!(!failed, "{address} failed, and is told as skipped, too");
        }
    }
    assert_eq!(told.len(), report.counts.skipped as usize);
    (report, bench.finished())
}

fn going_on(continue_on_error: bool) -> ApplyOptions {
    ApplyOptions { continue_on_error, ..ApplyOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn nothing_goes_before_all_that_it_takes_is_there() {
    for go_on in [false, true] {
        let bench = denied("late", Op::Create).await;
        let (report, finished) = second(&bench, going_on(go_on)).await;
        assert!(!finished.iter().any(|what| what.contains("delete")), "{finished:?}");
        assert_eq!((report.counts.failed, report.counts.delete, report.counts.replace), (1, 0, 0));
        assert_eq!(report.counts.skipped, 3, "{finished:?}");
    }
    let bench = denied("nothing", Op::Create).await;
    let (report, finished) = second(&bench, going_on(false)).await;
    assert_eq!((report.result, report.counts.replace), (RunResult::Succeeded, 3), "{finished:?}");
}

#[tokio::test(start_paused = true)]
async fn what_went_comes_back_though_something_else_fails() {
    for go_on in [false, true] {
        let bench = denied("apart", Op::Create).await;
        // What fails does so while the first delete runs: it is the last to begin.
        let (report, finished) = second(&bench, going_on(go_on)).await;
        assert_eq!((report.result, report.counts.failed), (RunResult::Failed, 1));
        let gone = finished.iter().filter(|what| what.starts_with("delete")).count();
        let came = finished.iter().filter(|what| what.starts_with("replace")).count();
        assert_eq!(gone, came, "{finished:?}");
    }
}

/// Only the network, and what fails after `delay`.
fn pair(round: u8) -> impl Fn(&mut Stack) -> sskuba::Result + Copy + Send + Sync {
    move |stack| {
        let network = stack.add("net", Network::new(format!("10.{round}.0.0/16")))?.delete_before_create();
        stack.add("sub", Subnet::new(network.id(), format!("10.{round}.1.0/24")))?;
        if round > 1 {
            stack.add("apart", Bucket::new("apart"))?;
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_is_brought_to_its_end_after_a_failure_but_not_after_a_cancel() {
    for cancelled in [false, true] {
        let plan = |cx: &Cx, op: Op, phase: Phase| {
            let apart = cx.address.name() == "apart" && op == Op::Create && phase == Phase::Before;
            apart.then_some(Fault::Denied)
        };
        let bench = Bench::with(|provider| provider.options(Options::default().speed(1.0)).fault_plan(plan));
        bench.up(pair(1)).await.unwrap();
        let options = ApplyOptions::default();
        let (sink, cancel) = (bench.sink(), options.cancel.clone());
        let events = Events::new(move |event| {
            let begins = matches!(&event, Event::Started { address, .. } if address.name() == "sub");
            if begins && cancelled {
                cancel.cancel();
            }
            sink.emit(event);
        });
        let mut session = bench.engine.open(&bench.stack, "up", Duration::ZERO).await.unwrap();
        let planned = session.plan(&pair(2), &PlanOptions::default()).await.unwrap();
        bench.finished();
        let report = session.apply(&planned, &ApplyOptions { events, ..options }).await.unwrap();
        session.close().await.unwrap();
        let finished = bench.finished();
        let whole = ["delete sub", "delete net", "replace net", "replace sub"].map(String::from);
        match cancelled {
            false => assert_eq!((finished, report.counts.delete), (whole.to_vec(), 0)),
            true => assert_eq!((finished, report.counts.delete), (whole[..1].to_vec(), 1)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_went_is_made_anew_on_the_old_one_if_that_cannot_go() {
    for go_on in [false, true] {
        let bench = denied("net", Op::Delete).await;
        let (report, finished) = second(&bench, going_on(go_on)).await;
        assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
        assert!(finished.ends_with(&["replace sub", "replace web"].map(String::from)), "{finished:?}");
        assert_eq!((report.counts.replace, report.counts.delete, report.counts.skipped), (2, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_and_could_not_be_made_anew_counts_as_deleted() {
    for go_on in [false, true] {
        let bench = denied("net", Op::Create).await;
        let (report, _) = second(&bench, going_on(go_on)).await;
        assert_eq!((report.counts.delete, report.counts.replace, report.counts.failed), (3, 0, 1));
        assert_eq!(report.counts.skipped, 2);
        let history = bench.engine.history(&bench.stack, 1).await.unwrap();
        assert_eq!(history[0].changes, report.counts);
        // The next run says the same: they are not there.
        let plan = bench.engine.preview(&bench.stack, program(2)).await.unwrap();
        assert_eq!(plan.counts().create, 3);
    }
}
