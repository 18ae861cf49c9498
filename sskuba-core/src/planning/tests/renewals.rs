//! What ends is renewed in place, at a moment that is recorded of it.

use insta::assert_snapshot;

use super::kinds::{Host, Name, Net, Ticket};
use super::show::show;
use super::world::World;
use crate::clock::Timestamp;
use crate::planning::PlanOptions;
use crate::prelude::*;
use crate::value::Value;

fn program(of: &'static str) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        let ticket = stack.add("ticket", Ticket::new(of))?;
        stack.add("named", Name::new("a").target(ticket.id()))?;
        stack.add("reader", Host::new("fixed").peer(ticket.text()))?;
        stack.add("net", Net::new("10.0.0.0/16"))?;
        Ok(())
    }
}

fn at(now: u64) -> PlanOptions {
    PlanOptions { made: Some(Timestamp(now)), ..PlanOptions::default() }
}

/// Shows the plan of a moment.
fn planned(world: &World, of: &'static str, now: u64) -> String {
    show(&world.plan_with(program(of), &at(now)))
}

/// Returns the moment at which the ticket is renewed next.
fn renewed_at(world: &World) -> u64 {
    let record = world.state.records().find(|record| record.address.name() == "ticket").unwrap();
    match &record.outputs["renew_at"] {
        Value::Number(number) => number.as_u64().unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_is_done_before_the_moment_and_an_update_from_then_on() {
    let world = World::with(program("a"));
    let due = renewed_at(&world);
    assert_eq!(planned(&world, "a", due - 1), "nothing");
    assert_snapshot!(planned(&world, "a", due), @r"
    ~ update ticket: it expires on 1970-01-01T00:00:02.500Z, and is renewed from 1970-01-01T00:00:02.000Z on
    ~ update reader?: `peers` is known after apply
    ");
}

#[test]
fn a_renewal_ends_and_leaves_what_uses_the_id_alone() {
    let mut world = World::with(program("a"));
    let (before, due) = (world.state.records().count(), renewed_at(&world));
    let plan = world.plan_with(program("a"), &at(due));
    world.apply(&plan);
    assert!(renewed_at(&world) > due);
    assert_eq!(world.state.records().count(), before, "nothing was replaced");
    assert_eq!(planned(&world, "a", due), "nothing");
}

#[test]
fn what_is_replaced_is_not_renewed_before() {
    let world = World::with(program("a"));
    let due = renewed_at(&world);
    assert_snapshot!(planned(&world, "b", due), @r"
    ± replace ticket: `of` changes, which forces a replacement
    ~ update named?: `target` is known after apply
    ~ update reader?: `peers` is known after apply
    - delete ticket after replace ticket, update named, update reader: `of` changes, which forces a replacement
    ");
}

#[test]
fn what_the_plan_found_is_carried_out_later_whatever_the_time_is_then() {
    let mut world = World::with(program("a"));
    let due = renewed_at(&world);
    // Its renewal is due while the plan is carried out, and not announced: the next plan has it.
    let early = world.plan_with(program("a"), &at(due - 1));
    world.apply(&early);
    assert_eq!(renewed_at(&world), due);
    assert_eq!(world.planned(None, &at(due)).unwrap().counts().update, 0, "what goes is not renewed");
}
