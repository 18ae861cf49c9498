//! Replacements: their order, what goes with them, and what only the apply can decide.

use sskuba::core::plan::{Action, Reason, Verdict};
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, PublicAddress, Record, Subnet};

use crate::world::Bench;

fn place(list: &[String], what: &str) -> usize {
    list.iter().position(|item| item == what).unwrap_or_else(|| panic!("{what} is not in {list:?}"))
}

#[tokio::test]
async fn the_new_one_is_made_dependants_are_switched_and_the_old_one_goes_last() {
    let program = |image: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            let network = stack.add("net", Network::new("10.0.0.0/16"))?;
            let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
            let machine = stack.add("web", Machine::new(subnet.id()).image(image))?;
            stack.add("dns", Record::new("web.example.org", machine.private_ip()))?;
            Ok(())
        }
    };
    let bench = Bench::new();
    bench.up(program("linux-1")).await.unwrap();
    bench.finished();
    let (plan, report) = bench.up(program("linux-2")).await.unwrap();
    let order = bench.finished();
    assert!(place(&order, "replace web") < place(&order, "update dns"));
    assert!(place(&order, "update dns") < place(&order, "delete web"));
    assert_eq!((report.counts.replace, report.counts.update, report.counts.delete), (1, 1, 0));
    let web = plan.steps.iter().find(|s| s.address.name() == "web").unwrap();
    assert_eq!(web.reasons, [Reason::Changed { field: "image".into(), replaces: true }]);
    assert_eq!(bench.exists().len(), 4);
}

#[tokio::test]
async fn delete_first_takes_what_cannot_live_without_it_down_before() {
    let program = |cidr: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            let network = stack.add("net", Network::new(cidr))?.delete_before_create();
            let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
            stack.add("web", Machine::new(subnet.id()))?;
            stack.add("other", Bucket::new("keep"))?;
            Ok(())
        }
    };
    let bench = Bench::new();
    bench.up(program("10.0.0.0/16")).await.unwrap();
    bench.finished();
    let (plan, report) = bench.up(program("10.9.0.0/16")).await.unwrap();
    let expected = ["delete web", "delete sub", "delete net", "replace net", "replace sub", "replace web"]
        .map(String::from);
    assert_eq!(bench.finished(), expected);
    assert_eq!((report.counts.replace, report.counts.unchanged, report.counts.changes()), (3, 1, 3));
    let sub = plan.steps.iter().find(|s| s.address.name() == "sub" && s.action == Action::Replace).unwrap();
    assert!(
        sub.reasons.iter().any(|r| matches!(r, Reason::DeletedFirst { because } if because.name() == "net"))
    );
    assert_eq!(bench.exists().len(), 4);
}

#[tokio::test]
async fn a_kind_that_cannot_live_twice_is_deleted_first() {
    let program = |region: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            stack.add("ip", PublicAddress::new("front").region(region))?;
            Ok(())
        }
    };
    let bench = Bench::new();
    bench.up(program("sim-1")).await.unwrap();
    bench.finished();
    bench.up(program("sim-2")).await.unwrap();
    assert_eq!(bench.finished(), ["delete ip", "replace ip"].map(String::from));
}

/// `boot_id` is another one after each change of the machine, so whoever uses it is decided in the apply.
#[tokio::test]
async fn what_only_the_apply_knows_stays_within_what_was_announced() {
    let program = |size: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            let network = stack.add("net", Network::new("10.0.0.0/16"))?;
            let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
            let machine = stack.add("web", Machine::new(subnet.id()).size(size))?;
            stack.add("same", Bucket::new(machine.boot_id().map(|_| "fixed".to_owned())))?;
            let name = stack.add("new", Bucket::new(machine.boot_id()))?;
            stack.add("dns", Record::new("a.example.org", name.url()))?;
            Ok(())
        }
    };
    let bench = Bench::new();
    bench.up(program("small")).await.unwrap();
    bench.finished();
    let (plan, report) = bench.up(program("large")).await.unwrap();
    let verdict = |name: &str| {
        let step = plan.steps.iter().find(|s| s.address.name() == name).unwrap();
        (step.action, step.verdict)
    };
    assert_eq!(verdict("web"), (Action::Update, Verdict::Certain));
    assert_eq!(verdict("same"), (Action::Replace, Verdict::Possible));
    assert_eq!(verdict("new"), (Action::Replace, Verdict::Possible));
    assert_eq!(verdict("dns"), (Action::Update, Verdict::Possible));
    let order = bench.finished();
    assert_eq!(order, ["update web", "replace new", "update dns", "delete new"].map(String::from));
    assert_eq!((report.counts.replace, report.counts.update, report.counts.unchanged), (1, 2, 3));
}

/// A certain replacement that deletes first, and below it one that is decided by itself.
#[tokio::test]
async fn nested_delete_first_replacements_have_one_order() {
    let program = |cidr: &'static str, region: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            let network = stack.add("net", Network::new(cidr))?.delete_before_create();
            let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?.delete_before_create();
            let machine = stack.add("web", Machine::new(subnet.id()))?;
            stack.add("ip", PublicAddress::new("front").region(region).machine(machine.id()))?;
            Ok(())
        }
    };
    let bench = Bench::new();
    bench.up(program("10.0.0.0/16", "sim-1")).await.unwrap();
    bench.finished();
    let (_, report) = bench.up(program("10.1.0.0/16", "sim-2")).await.unwrap();
    let order = bench.finished();
    assert_eq!(report.failures.len(), 0, "{:?} {order:?}", report.failures);
    assert_eq!((report.counts.replace, bench.exists().len()), (4, 4), "{order:?}");
}

/// A subnet leaves the program together with its network's replacement, and the machine in it moves elsewhere: the
/// machine's old generation goes first, though it is only woken when the network begins.
#[tokio::test]
async fn what_is_removed_waits_for_a_delete_that_a_delete_first_replacement_wakes() {
    let program = |cidr: &'static str, moved: bool| {
        move |stack: &mut Stack| -> sskuba::Result {
            let slow = stack.add("slow", Bucket::new("slow"))?;
            let slow = stack.add("slower", Record::new(slow.url(), cidr))?;
            let network = stack.add("net", Network::new(cidr))?.delete_before_create().depends_on(&slow);
            let other = stack.add("other", Network::new("10.5.0.0/16"))?;
            let away = stack.add("away", Subnet::new(other.id(), "10.5.1.0/24"))?;
            let home =
                if moved { away } else { stack.add("home", Subnet::new(network.id(), "10.0.1.0/24"))? };
            stack.add("web", Machine::new(home.id()))?.depends_on(&network);
            Ok(())
        }
    };
    let bench = Bench::new();
    bench.up(program("10.0.0.0/16", false)).await.unwrap();
    bench.finished();
    let (_, report) = bench.up(program("10.1.0.0/16", true)).await.unwrap();
    let order = bench.finished();
    assert_eq!(report.failures, [], "{order:?}");
    assert!(place(&order, "delete web") < place(&order, "delete home"), "{order:?}");
    assert!(place(&order, "delete home") < place(&order, "delete net"), "{order:?}");
    assert_eq!(bench.exists().len(), 6);
}
