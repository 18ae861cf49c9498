//! Runs that are abandoned at any point, and go on: afterwards record and world agree, object by object.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sskuba::core::applying::{ApplyOptions, Events};
use sskuba::core::planning::PlanOptions;
use sskuba::core::stack::Program;
use sskuba::core::state::RunResult;
use sskuba::prelude::*;
use sskuba::sim::{Faults, Options};

use crate::graph::{Churn, declare};
use crate::world::Bench;

fn program(churn: Churn) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| declare(stack, churn)
}

/// Says how record and world differ.
async fn disagreement(bench: &Bench) -> Vec<String> {
    let snapshot = bench.engine.read(&bench.stack).await.unwrap();
    let mut recorded: Vec<String> =
        snapshot.state.records().map(|r| format!("{} {} {}", r.address.kind_str(), r.id, r.token)).collect();
    let objects = bench.world.objects().unwrap();
    let mut existing: Vec<String> =
        objects.iter().map(|o| format!("{} {} {}", o.kind, o.id, o.token)).collect();
    recorded.sort();
    existing.sort();
    let orphans = existing.iter().filter(|e| !recorded.contains(e)).map(|e| format!("not recorded: {e}"));
    let ghosts = recorded.iter().filter(|r| !existing.contains(r)).map(|r| format!("not there: {r}"));
    orphans.chain(ghosts).collect()
}

/// Starts an `up` and abandons it at its `at`-th event; tells whether it came to its end before.
async fn abandoned(bench: &Bench, program: impl Program, at: u32) -> bool {
    let options = ApplyOptions::default();
    let (abandon, seen) = (options.abandon.clone(), Arc::new(AtomicU32::new(0)));
    let count = move || {
        if seen.fetch_add(1, Ordering::Relaxed) == at {
            abandon.cancel();
        }
    };
    let stack = &bench.stack;
    let mut session = bench.engine.open(stack, "up", Duration::ZERO).await.unwrap();
    session.recover(&bench.sink()).await.unwrap();
    let plan = session.plan(&program, &PlanOptions::default()).await.unwrap();
    let events = Events::new(move |_| count());
    let report = session.apply(&plan, &ApplyOptions { events, ..options }).await.unwrap();
    drop(session);
    bench.engine.store().unlock(stack).await.unwrap();
    !report.abandoned
}

#[tokio::test(start_paused = true)]
async fn a_run_abandoned_at_any_event_is_completed_by_the_next() {
    let (mut kills, mut recovered) = (0, 0);
    for seed in 0..6 {
        let bench = Bench::with(|provider| provider.options(Options::default().speed(1.0)));
        for round in 0..6 {
            let churn = Churn { seed, round, resources: 60 };
            for at in [1, 3 + seed as u32, 20 + 7 * seed as u32, 60] {
                if abandoned(&bench, program(churn), at).await {
                    break;
                }
                kills += 1;
            }
            let (_, report) = bench.up(program(churn)).await.unwrap();
            recovered += bench.recovered();
            assert_eq!(
                report.result,
                RunResult::Succeeded,
                "seed {seed} round {round}: {:?}",
                report.failures
            );
            let difference = disagreement(&bench).await;
            assert_eq!(difference, [""; 0], "seed {seed} round {round}");
            let (plan, _) = bench.up(program(churn)).await.unwrap();
            assert!(plan.is_empty(), "seed {seed} round {round}: {:?}", plan.counts());
        }
        bench.engine.down(&bench.stack).await.unwrap();
        assert_eq!(bench.exists().len(), 0);
    }
    assert!(kills > 50 && recovered > 20, "{kills} runs abandoned, {recovered} calls recovered");
}

/// A server that another resource brings, with no edge between the two: before the run goes on it will not answer.
#[tokio::test(start_paused = true)]
async fn what_waits_for_others_does_not_hold_a_recovery_up() {
    let bench = Bench::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let program = move |stack: &mut Stack| {
        stack.add("server", sskuba::local::wait::Tcp::new(address.to_string()).timeout(3600_u32))?;
        Ok(())
    };
    assert!(!abandoned(&bench, program, 1).await);

    let mut session = bench.engine.open(&bench.stack, "up", Duration::ZERO).await.unwrap();
    let start = tokio::time::Instant::now();
    session.recover(&bench.sink()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(60), "it waited for {:?}", start.elapsed());
    assert_eq!(bench.recovered(), 1);
    let _listener = std::net::TcpListener::bind(address).unwrap();
    let plan = session.plan(&program, &PlanOptions::default()).await.unwrap();
    let report = session.apply(&plan, &ApplyOptions::default()).await.unwrap();
    assert_eq!((report.result, report.counts.create), (RunResult::Succeeded, 1));
    session.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn faults_are_survived_and_never_make_a_second_object() {
    let faults = "throttle=0.1,transient=0.05,lost_before=0.05,lost_after=0.08,partial=0.05,seed=3";
    let faults = Faults::parse(faults).unwrap();
    for seed in 0..4 {
        let bench = Bench::with(|p| p.options(Options::default().speed(1.0).faults(faults)));
        let failed = Arc::new(Mutex::new(0));
        for round in 0..4 {
            let churn = Churn { seed, round, resources: 50 };
            let (mut done, mut last) = (false, String::new());
            for _ in 0..60 {
                let options = ApplyOptions { continue_on_error: true, ..ApplyOptions::default() };
                match bench.up_with(program(churn), PlanOptions::default(), options).await {
                    Ok((plan, report)) if report.result == RunResult::Succeeded => {
                        done = plan.is_empty();
                        if done {
                            break;
                        }
                    }
                    Ok((_, report)) => {
                        *failed.lock().unwrap() += 1;
                        last = format!("{:#?}", report.failures);
                    }
                    Err(error) => {
                        *failed.lock().unwrap() += 1;
                        last = error.to_string();
                    }
                }
            }
            assert!(done, "seed {seed} round {round} never came to rest: {last}");
            assert_eq!(disagreement(&bench).await, [""; 0], "seed {seed} round {round}");
        }
        assert!(*failed.lock().unwrap() > 0);
    }
}
