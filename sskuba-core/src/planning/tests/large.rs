//! Large stacks: each of these takes minutes where a plan does anything for each pair of resources.

use super::kinds::{Host, Name, Net};
use super::world::{World, options};
use crate::plan::{Action, Plan};
use crate::planning::PlanOptions;
use crate::prelude::*;

const MANY: usize = 4_000;

fn counted(plan: &Plan, action: Action) -> usize {
    plan.steps.iter().filter(|step| step.action == action && step.part_of.is_none()).count()
}

/// Pairs of a name, which is deleted first, and what used it; later that uses it through a third, so that the old name
/// should go after the switch-over, and the switch-over come after the new name.
fn pairs(round: u32) -> impl Fn(&mut Stack) -> Result {
    move |stack| {
        for i in 0..2 * MANY {
            let name = stack.add(format!("name{i}"), Name::new(format!("{i}-{round}")))?;
            let mut id = name.id();
            if round > 1 {
                id = stack.add(format!("between{i}"), Host::new("there").peer(id))?.id();
            }
            stack.add(format!("user{i}"), Host::new("there").peer(id))?;
        }
        Ok(())
    }
}

#[test]
fn thousands_of_contradicting_orders_are_planned() {
    let world = World::with(pairs(1));
    let plan = world.plan_with(pairs(2), &PlanOptions::default());
    assert_eq!((counted(&plan, Action::Replace), counted(&plan, Action::Create)), (2 * MANY, 2 * MANY));
}

/// A chain; with `first` its first is deleted first, and so are all others, after each other.
fn chain(cidr: &'static str, first: bool) -> impl Fn(&mut Stack) -> Result {
    move |stack| {
        let net = stack.add("r0", Net::new(cidr))?;
        let mut last = if first { net.delete_before_create().id() } else { net.id() };
        for i in 1..MANY {
            last = stack.add(format!("r{i}"), Host::new(last))?.id();
        }
        Ok(())
    }
}

#[test]
fn the_dependents_of_a_target_are_found_along_a_long_chain() {
    // Names sort the other way round than the chain runs.
    let program = |cidr: &'static str| {
        move |stack: &mut Stack| -> Result {
            let mut last = stack.add("target", Net::new(cidr))?.id();
            for i in (1..3 * MANY).rev() {
                last = stack.add(format!("r{i:06}"), Host::new(last))?.id();
            }
            Ok(())
        }
    };
    let world = World::with(program("10.0.0.0/16"));
    let wide = PlanOptions { target_dependents: true, ..options(&["*::target"], &[], &[]) };
    let plan = world.plan_with(program("10.1.0.0/16"), &wide);
    assert_eq!(counted(&plan, Action::Replace), 3 * MANY);
}

#[test]
fn a_long_chain_is_replaced_delete_first() {
    let world = World::with(chain("10.0.0.0/16", true));
    let plan = world.plan_with(chain("10.1.0.0/16", true), &PlanOptions::default());
    assert_eq!(counted(&plan, Action::Replace), MANY);
}

/// Names and one that uses them all; the hosts of a chain use the first name, directly at first and then not any more.
fn fan(round: u32) -> impl Fn(&mut Stack) -> Result {
    move |stack| {
        let mut ids = Vec::new();
        for i in 0..MANY {
            ids.push(stack.add(format!("name{i}"), Name::new(format!("{i}-{round}")))?.id());
        }
        let mut last = ids[0].clone();
        for i in 0..MANY {
            let host = Host::new(format!("{round}")).peer(last);
            let host = if round == 1 { host.peer(ids[0].clone()) } else { host };
            last = stack.add(format!("host{i}"), host)?.id();
        }
        stack.add("all", Host::new(format!("{round}")).peers(Output::all(ids)))?;
        Ok(())
    }
}

#[test]
fn a_wide_fan_and_who_stops_using_what_goes_first_are_planned() {
    let world = World::with(fan(1));
    let plan = world.plan_with(fan(2), &PlanOptions::default());
    assert_eq!(counted(&plan, Action::Replace), 2 * MANY + 1);
}
