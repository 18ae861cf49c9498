//! What may happen is guarded like what will happen; owners and places that are replaced take along what goes with them.

use sskuba::core::applying::ApplyOptions;
use sskuba::core::planning::PlanOptions;
use sskuba::core::state::RunResult;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Grant, Instance, Machine, Network, Subnet};

use crate::world::Bench;

/// A range that is another one after every change of the machine.
fn range(boot: &Output<String>) -> Output<String> {
    boot.map(|boot: String| {
        let number = boot.rsplit('-').next().and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap();
        format!("10.{}.{}.0/24", number >> 8 & 255, number & 255)
    })
}

/// Whether the network `a` is replaced, before anything else, is known only when the machine `x` has been changed.
fn possible(size: &'static str, protect: bool) -> impl Fn(&mut Stack) -> sskuba::Result + Clone {
    move |stack| {
        let home = stack.add("home", Network::new("192.168.0.0/16"))?;
        let place = stack.add("home", Subnet::new(home.id(), "192.168.0.0/24"))?;
        let x = stack.add("x", Machine::new(place.id()).size(size))?;
        let a = stack.add("a", Network::new(range(&x.boot_id())))?.delete_before_create();
        let b = stack.add("b", Subnet::new(a.id(), "10.0.1.0/24"))?;
        if protect {
            b.protect();
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_possible_replacement_stops_before_it_touches_what_has_to_stay() {
    let bench = Bench::new();
    bench.up(possible("small", true)).await.unwrap();
    let (plan, report) = bench.up(possible("large", true)).await.unwrap();
    let step = |name: &str| plan.steps.iter().find(|step| step.address.as_str() == name).unwrap();
    assert_eq!(step("sim:net:Subnet::b").obstacles.len(), 1);
    assert_eq!((report.result, report.failures.len()), (RunResult::Failed, 1));
    let failed = &report.failures[0];
    assert_eq!(failed.address.as_str(), "sim:net:Network::a");
    assert!(failed.failure.message.contains("sim:net:Subnet::b is protected"), "{}", failed.failure);
    assert_eq!(bench.exists().len(), 5);
    // Without the protection it goes through, in the order that the provider asks for.
    let (_, report) = bench.up(possible("small", false)).await.unwrap();
    assert_eq!((report.result, report.counts.replace), (RunResult::Succeeded, 2), "{:?}", report.failures);
}

#[tokio::test(start_paused = true)]
async fn a_possible_replacement_stops_before_it_breaks_an_edge_to_what_is_left_out() {
    let bench = Bench::new();
    bench.up(possible("small", false)).await.unwrap();
    let before = bench.world.objects().unwrap();
    let options = [
        PlanOptions { excludes: vec!["*::b".into()], ..PlanOptions::default() },
        PlanOptions { targets: vec!["*::a".into()], ..PlanOptions::default() },
    ];
    for (options, size) in options.into_iter().zip(["large", "huge"]) {
        let (_, report) =
            bench.up_with(possible(size, false), options, ApplyOptions::default()).await.unwrap();
        assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
        let text = report.failures[0].failure.to_string();
        assert!(text.contains("while sim:net:Subnet::b still uses the old one"), "{text}");
    }
    let networks = |all: &[std::sync::Arc<sskuba::sim::WorldObject>]| -> Vec<String> {
        all.iter().filter(|object| object.address.name() == "a").map(|object| object.id.clone()).collect()
    };
    assert_eq!(networks(&before), networks(&bench.world.objects().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn what_goes_with_an_owner_is_made_anew_when_the_owner_is_in_either_order() {
    for first in [true, false] {
        let bench = Bench::new();
        let program = |cidr: &'static str, protect: bool| {
            move |stack: &mut Stack| -> sskuba::Result {
                let owner = stack.add("owner", Network::new(cidr))?;
                let owner = if first { owner.delete_before_create() } else { owner };
                let child = stack.add("child", Grant::new("ann", "read"))?.deleted_with(&owner);
                stack.add("after", Bucket::new("after"))?.depends_on(&child);
                if protect {
                    child.protect();
                }
                Ok(())
            }
        };
        bench.up(program("10.0.0.0/16", false)).await.unwrap();
        let recorded = async || {
            let state = bench.engine.read(&bench.stack).await.unwrap().state;
            let child = state.records().find(|record| record.address.name() == "child").unwrap();
            (child.token, state.len())
        };
        let (before, _) = recorded().await;
        let error = bench.up(program("10.1.0.0/16", true)).await.unwrap_err().to_string();
        assert!(error.contains("Grant::child") && error.contains("is protected"), "{error}");
        let (plan, report) = bench.up(program("10.1.0.0/16", false)).await.unwrap();
        assert_eq!((plan.counts().replace, report.counts.replace), (2, 2), "{:?}", report.failures);
        let (now, count) = recorded().await;
        assert_ne!(now, before);
        // The cloud took the old one along: it was not asked to delete it, and nothing waits for that.
        assert_eq!((count, bench.exists().len()), (3, 4));
        assert_eq!(bench.up(program("10.1.0.0/16", false)).await.unwrap().1.counts.changes(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_ignored_field_draws_nothing_into_a_cascade() {
    let bench = Bench::new();
    let program = |cidr: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            let a = stack.add("a", Network::new(cidr))?.delete_before_create();
            let text = a.id().map(|id: String| format!("10.{}.0.0/16", id.len()));
            stack.add("b", Network::new(text))?.ignore_changes(["cidr"]).protect();
            Ok(())
        }
    };
    bench.up(program("10.0.0.0/16")).await.unwrap();
    let (_, report) = bench.up(program("10.1.0.0/16")).await.unwrap();
    assert_eq!((report.result, report.counts.replace, report.counts.unchanged), (RunResult::Succeeded, 1, 1));
}

/// A "cluster", an instance whose settings come from it, and what lives in its place.
fn cluster(cidr: &'static str, first: bool, protect: bool) -> impl Fn(&mut Stack) -> sskuba::Result + Clone {
    move |stack| {
        let cluster = stack.add("cluster", Network::new(cidr))?;
        let cluster = if first { cluster.delete_before_create() } else { cluster };
        let inside = stack.add("inside", Instance::new().region(cluster.id()))?;
        let app = stack.add("app", Network::new("10.9.0.0/16"))?.provider(&inside);
        let part = stack.add("part", Subnet::new(app.id(), "10.9.1.0/24"))?.provider(&inside);
        if protect {
            part.protect();
        }
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn what_lives_in_a_place_that_is_replaced_is_replaced_and_the_protected_stops_it() {
    for first in [false, true] {
        let bench = Bench::new();
        bench.up(cluster("10.0.0.0/16", first, true)).await.unwrap();
        let before: Vec<_> = bench.world.objects().unwrap().iter().map(|object| object.id.clone()).collect();
        let error = bench.up(cluster("10.1.0.0/16", first, true)).await.unwrap_err().to_string();
        assert!(error.contains("sim:net:Subnet::part") && error.contains("is protected"), "{error}");
        let now: Vec<_> = bench.world.objects().unwrap().iter().map(|object| object.id.clone()).collect();
        assert_eq!(before, now, "nothing was touched");
        let (plan, report) = bench.up(cluster("10.1.0.0/16", first, false)).await.unwrap();
        assert_eq!(
            (report.result, report.counts.replace),
            (RunResult::Succeeded, 4),
            "{:?}",
            report.failures
        );
        let app = plan.steps.iter().find(|step| step.address.name() == "app").unwrap();
        let why: Vec<String> = app.reasons.iter().map(ToString::to_string).collect();
        assert!(why.iter().any(|why| why.contains("its place is replaced")), "{why:?}");
        let all = bench.world.objects().unwrap();
        let cluster = all.iter().find(|object| object.address.name() == "cluster").unwrap();
        let inside = |object: &&std::sync::Arc<sskuba::sim::WorldObject>| {
            object.place.parts().any(|(part, region)| part == "region" && region == cluster.id)
        };
        assert_eq!((all.len(), all.iter().filter(inside).count()), (3, 2));
        assert_eq!(bench.up(self::cluster("10.1.0.0/16", first, false)).await.unwrap().1.counts.changes(), 0);
        bench.engine.down(&bench.stack).await.unwrap();
        assert!(bench.exists().is_empty());
    }
}
