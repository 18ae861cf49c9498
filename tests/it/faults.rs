//! One fault at a time: what the engine does about it, and what it says.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use sskuba::core::address::Address;
use sskuba::core::applying::{Event, Events};
use sskuba::core::engine::{Advice, Resolution};
use sskuba::core::provider::{Class, Cx};
use sskuba::core::state::RunResult;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Grant, Machine, Network, Subnet};
use sskuba::sim::{Fault, Op, Options, Phase};

use crate::world::Bench;

/// Makes a bench on which the first calls of an operation on a resource meet a fault.
fn failing(name: &'static str, at: Op, phase: Phase, times: u32, fault: Fault) -> Bench {
    let met: Mutex<HashMap<Address, u32>> = Mutex::default();
    let plan = move |cx: &Cx, op: Op, when: Phase| {
        if cx.address.name() != name || op != at || when != phase {
            return None;
        }
        let mut met = met.lock().unwrap();
        let count = met.entry(cx.address.clone()).or_default();
        *count += 1;
        (*count <= times).then(|| fault.clone())
    };
    Bench::with(|provider| provider.options(Options::default().speed(1.0)).fault_plan(plan))
}

fn network(stack: &mut Stack) -> sskuba::Result {
    sized("small")(stack)
}

/// A network with a machine of some size.
fn sized(size: &'static str) -> impl Fn(&mut Stack) -> sskuba::Result + Copy + Send + Sync {
    move |stack| {
        let network = stack.add("net", Network::new("10.0.0.0/16"))?.timeout(Duration::from_secs(20));
        let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
        stack.add("web", Machine::new(subnet.id()).size(size))?;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_never_comes_is_looked_into_and_nothing_is_made_twice() {
    for fault in [Fault::Lost, Fault::Stall] {
        for name in ["net", "sub", "web"] {
            for phase in [Phase::Before, Phase::After] {
                let bench = failing(name, Op::Create, phase, 1, fault.clone());
                let (_, report) = bench.up(network).await.unwrap();
                assert_eq!(
                    report.result,
                    RunResult::Succeeded,
                    "{fault:?} {phase:?} {name}: {:?}",
                    report.failures
                );
                assert_eq!(
                    (report.counts.create, bench.exists().len()),
                    (3, 3),
                    "{fault:?} {phase:?} {name}"
                );
                let bench = failing(name, Op::Delete, phase, 1, fault.clone());
                bench.up(network).await.unwrap();
                let down = bench.engine.down(&bench.stack).await.unwrap();
                assert_eq!((down.counts.delete, bench.exists().len()), (3, 0), "{fault:?} {phase:?} {name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_nobody_can_look_into_waits_for_a_person() {
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.add("may", Grant::new("ann", "read"))?;
        Ok(())
    };
    let address: Address = "sim:access:Grant::may".parse().unwrap();
    for (phase, made) in [(Phase::After, true), (Phase::Before, false)] {
        let bench = failing("may", Op::Create, phase, 1, Fault::Lost);
        let (_, report) = bench.up(program).await.unwrap();
        assert_eq!(report.result, RunResult::Failed);
        let error = bench.up(program).await.unwrap_err();
        assert_eq!(error.hint(), [Advice::Resolve(address.clone())], "{error}");
        let objects = bench.world.objects().unwrap();
        let resolution = match objects.first() {
            Some(object) => Resolution::Created { id: object.id.clone() },
            None => Resolution::NotCreated,
        };
        assert_eq!(matches!(resolution, Resolution::Created { .. }), made);
        let mut session = bench.engine.open(&bench.stack, "state resolve", Duration::ZERO).await.unwrap();
        session.resolve(&address, resolution).await.unwrap();
        session.close().await.unwrap();
        bench.up(program).await.unwrap();
        assert_eq!(bench.exists().len(), 1);
        let (plan, _) = bench.up(program).await.unwrap();
        assert!(plan.is_empty());
    }
}

/// What a person says of a create is not believed before the provider was asked, where it can be.
#[tokio::test(start_paused = true)]
async fn a_create_that_can_be_looked_into_is_not_taken_for_none() {
    let address: Address = "sim:net:Network::net".parse().unwrap();
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.add("net", Network::new("10.0.0.0/16"))?;
        Ok(())
    };
    for (phase, force) in [(Phase::After, false), (Phase::After, true), (Phase::Before, false)] {
        let bench = failing("net", Op::Create, phase, u32::MAX, Fault::Lost);
        assert_eq!(bench.up(program).await.unwrap().1.result, RunResult::Failed);
        let mut session = bench.engine.open(&bench.stack, "state resolve", Duration::ZERO).await.unwrap();
        assert_eq!(session.state().pending().count(), 1);
        let resolution = if force { Resolution::SurelyNotCreated } else { Resolution::NotCreated };
        let answer = session.resolve(&address, resolution).await;
        match bench.world.objects().unwrap().first() {
            Some(object) if !force => {
                let error = answer.unwrap_err();
                let found = Advice::TakeFound { address: address.clone(), id: object.id.clone() };
                assert_eq!(error.hint(), [found, Advice::Insist], "{error}");
                assert_eq!(session.state().pending().count(), 1, "the question is open");
            }
            _ => answer.unwrap(),
        }
        session.close().await.unwrap();
    }
}

/// A provider that cannot be asked says nothing of what there is.
#[tokio::test(start_paused = true)]
async fn a_create_that_cannot_be_looked_into_now_stays_open() {
    let faults = |_: &Cx, op: Op, phase: Phase| match (op, phase) {
        (Op::Create, Phase::After) => Some(Fault::Lost),
        (Op::Find, _) => Some(Fault::Denied),
        _ => None,
    };
    let bench = Bench::with(|provider| provider.options(Options::default().speed(1.0)).fault_plan(faults));
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.add("net", Network::new("10.0.0.0/16"))?;
        Ok(())
    };
    bench.up(program).await.unwrap();
    let mut session = bench.engine.open(&bench.stack, "state resolve", Duration::ZERO).await.unwrap();
    let address = "sim:net:Network::net".parse().unwrap();
    let error = session.resolve(&address, Resolution::NotCreated).await.unwrap_err();
    assert_eq!(error.hint(), [Advice::Insist], "{error}");
    assert_eq!(session.state().pending().count(), 1);
    session.close().await.unwrap();
}

/// A machine that is lost while it is changed: no answer will ever come, and the stack must not wait for one.
#[tokio::test(start_paused = true)]
async fn an_interrupted_change_of_what_is_lost_for_good_can_be_forgotten() {
    let lost = |cx: &Cx, op: Op, _: Phase| match op {
        Op::Update if cx.address.name() == "web" => Some(Fault::Lost),
        Op::Read if cx.address.name() == "web" => Some(Fault::Transient),
        _ => None,
    };
    let address: Address = "sim:compute:Machine::web".parse().unwrap();
    let bench = Bench::with(|provider| provider.options(Options::default().speed(1.0)).fault_plan(lost));
    bench.up(network).await.unwrap();
    let (_, report) = bench.up(sized("large")).await.unwrap();
    assert_eq!(report.result, RunResult::Failed);
    let error = bench.up(sized("large")).await.unwrap_err();
    assert_eq!(error.hint(), [Advice::ForgetGone(vec![address.clone()])], "{error}");

    let mut session = bench.engine.open(&bench.stack, "state rm", Duration::ZERO).await.unwrap();
    session.forget(&address).await.unwrap();
    // Who was wrong has the call open again.
    let undoing = session.undoing(None).await.unwrap();
    session.undo(&undoing, false).await.unwrap();
    assert_eq!(session.state().pending().count(), 1);
    session.forget(&address).await.unwrap();
    session.close().await.unwrap();
    let (_, report) = bench.up(sized("large")).await.unwrap();
    assert_eq!((report.result, report.counts.create), (RunResult::Succeeded, 1));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_step_rests_and_comes_back_with_fewer_beside_it() {
    let bench = failing("net", Op::Create, Phase::Before, 3, Fault::Throttled);
    let (_, report) = bench.up(network).await.unwrap();
    assert_eq!((report.result, bench.exists().len()), (RunResult::Succeeded, 3));
    let events = bench.events.lock().unwrap();
    let slowed = events.iter().filter(|event| matches!(event, Event::Throttled { .. })).count();
    assert_eq!(slowed, 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_fails_with_its_place_and_the_next_run_goes_on() {
    let bench = failing("sub", Op::Create, Phase::Before, 1, Fault::Denied);
    let (_, report) = bench.up(network).await.unwrap();
    let failed = &report.failures[0];
    assert_eq!((failed.failure.class.clone(), failed.address.name()), (Class::Denied, "sub"));
    assert!(failed.source_line.as_ref().unwrap().contains("tests/it/faults.rs:"));
    assert_eq!((report.counts.create, report.counts.failed, report.counts.skipped), (1, 1, 1));
    let (_, report) = bench.up(network).await.unwrap();
    assert_eq!((report.counts.create, report.counts.unchanged, bench.exists().len()), (2, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_sees_what_was_changed_or_deleted_behind_the_stack_and_up_mends_it() {
    let bench = Bench::new();
    bench.up(network).await.unwrap();
    let objects = bench.world.objects().unwrap();
    let machine = objects.iter().find(|object| object.address.name() == "web").unwrap();
    bench.world.set(&machine.kind, &machine.id, "size", "huge".into()).unwrap();
    let refresh = || async {
        let mut session = bench.engine.open(&bench.stack, "refresh", Duration::ZERO).await.unwrap();
        let report = session.refresh(&Events::default()).await.unwrap();
        session.close().await.unwrap();
        report
    };
    let report = refresh().await;
    assert_eq!((report.read, report.drifted.len(), report.gone.len()), (3, 1, 0));
    assert_eq!(report.drifted[0].1[0].field, "size");
    let (plan, report) = bench.up(network).await.unwrap();
    assert_eq!((report.counts.update, report.counts.changes()), (1, 1), "{:?}", plan.steps);
    assert_eq!(bench.up(network).await.unwrap().1.counts.changes(), 0);

    bench.world.remove(&machine.kind, &machine.id).unwrap();
    let report = refresh().await;
    assert_eq!((report.gone.len(), report.drifted.len()), (1, 0));
    let (_, report) = bench.up(network).await.unwrap();
    assert_eq!((report.counts.create, bench.exists().len()), (1, 3));
}
