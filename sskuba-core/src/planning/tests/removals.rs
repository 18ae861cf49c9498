//! What goes: in which order, with whose call, and what is in the way.

use insta::assert_snapshot;

use super::kinds::{Host, Name, Net};
use super::show::show_problems;
use super::world::{World, options};
use crate::planning::PlanOptions;
use crate::prelude::*;

fn full(stack: &mut Stack) -> Result {
    let net = stack.add("net", Net::new("10.0.0.0/16"))?;
    let host = stack.add("host", Host::new(net.id()))?;
    stack.add("name", Name::new("www").target(host.id()))?;
    Ok(())
}

fn empty(_: &mut Stack) -> Result {
    Ok(())
}

#[test]
fn what_is_no_longer_declared_is_deleted_against_the_recorded_edges() {
    assert_snapshot!(World::with(full).plan(empty), @r#"
    - delete name: the program no longer declares it
    - delete host after delete name: the program no longer declares it
    - delete net after delete host: the program no longer declares it
    "#);
    assert_snapshot!(World::with(full).plan_down(), @r#"
    - delete name: the stack goes down
    - delete host after delete name: the stack goes down
    - delete net after delete host: the stack goes down
    "#);
}

#[test]
fn a_delete_waits_until_who_stays_was_switched_over() {
    let two = |stack: &mut Stack| -> Result {
        let old = stack.add("old", Net::new("10.0.0.0/16"))?;
        stack.add("name", Name::new("www").target(old.id()))?;
        Ok(())
    };
    let other = |stack: &mut Stack| -> Result {
        let new = stack.add("new", Net::new("10.1.0.0/16"))?;
        stack.add("name", Name::new("www").target(new.id()))?;
        Ok(())
    };
    let mut world = World::with(two);
    assert_snapshot!(world.plan(other), @r#"
    + create new: it is not there yet
    ~ update name?: `target` is known after apply
    - delete old after update name: the program no longer declares it
    records change
    "#);
    world.up(other);
    assert_eq!(world.faults, [""; 0]);
}

#[test]
fn edges_of_a_lookup_are_those_of_what_it_depends_on() {
    let program = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.0.0.0/16"))?;
        let zones = stack.read("zones", super::kinds::Zones::new().region(net.id()))?;
        stack.add("host", Host::new("fixed").peers(zones.names()))?;
        Ok(())
    };
    let world = World::with(program);
    assert_snapshot!(world.plan(empty), @r#"
    - delete host: the program no longer declares it
    - delete net after delete host: the program no longer declares it
    "#);
}

#[test]
fn what_is_retained_is_forgotten_without_a_call() {
    let kept = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.0.0.0/16"))?.retain_on_delete();
        stack.add("host", Host::new(net.id()))?;
        Ok(())
    };
    let mut world = World::with(kept);
    assert_snapshot!(world.plan(empty), @r#"
    - delete host: the program no longer declares it
    ! forget net (no call) after delete host: the program no longer declares it; its object is retained
    "#);
    assert_snapshot!(world.plan_down(), @r#"
    - delete host: the stack goes down
    ! forget net (no call) after delete host: the stack goes down; its object is retained
    "#);
    world.up(empty);
    assert!(world.state.is_empty());
}

#[test]
fn a_retained_resource_that_is_replaced_keeps_its_old_object() {
    let kept = |cidr: &'static str| {
        move |stack: &mut Stack| -> Result {
            stack.add("net", Net::new(cidr))?.retain_on_delete();
            Ok(())
        }
    };
    assert_snapshot!(World::with(kept("10.0.0.0/16")).plan(kept("10.1.0.0/16")), @r#"
    ± replace net: `cidr` changes, which forces a replacement
    ! forget net (no call) after replace net: `cidr` changes, which forces a replacement; its object is retained
    "#);
}

#[test]
fn what_goes_with_another_needs_no_call_when_both_go_and_one_when_it_goes_alone() {
    let program = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.0.0.0/16"))?;
        stack.add("host", Host::new(net.id()))?.deleted_with(&net);
        Ok(())
    };
    let alone = |stack: &mut Stack| -> Result {
        stack.add("net", Net::new("10.0.0.0/16"))?;
        Ok(())
    };
    let mut world = World::with(program);
    assert_snapshot!(world.plan_down(), @r#"
    - delete net: the stack goes down
    - delete host (no call) after delete net: the stack goes down; it goes with demo:net:Net::net
    "#);
    assert_snapshot!(world.plan(alone), @"- delete host: the program no longer declares it");
    world.up(alone);
}

#[test]
fn what_goes_with_one_that_is_only_forgotten_is_deleted_itself() {
    let program = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.0.0.0/16"))?.retain_on_delete();
        stack.add("host", Host::new(net.id()))?.deleted_with(&net);
        Ok(())
    };
    assert_snapshot!(World::with(program).plan_down(), @r#"
    - delete host: the stack goes down
    ! forget net (no call) after delete host: the stack goes down; its object is retained
    "#);
}

#[test]
fn what_is_protected_is_not_deleted_and_all_refusals_come_together() {
    let program = |stack: &mut Stack| -> Result {
        stack.add("net", Net::new("10.0.0.0/16"))?.protect();
        stack.add("host", Host::new("fixed"))?.protect();
        stack.add("name", Name::new("www"))?;
        Ok(())
    };
    let world = World::with(program);
    assert_snapshot!(world.problems(empty, &PlanOptions::default()), @r#"
    demo:net:Host::host: is protected and would be deleted because the program no longer declares it; declare it again, or take the protection from the record of demo:net:Host::host
    demo:net:Net::net: is protected and would be deleted because the program no longer declares it; declare it again, or take the protection from the record of demo:net:Net::net
    "#);
    assert_snapshot!(world.plan_down(), @r#"
    demo:net:Host::host: is protected and would be deleted because the stack goes down; remove `.protect()` from its declaration and apply that first, or leave it out
    demo:net:Net::net: is protected and would be deleted because the stack goes down; remove `.protect()` from its declaration and apply that first, or leave it out
    "#);
}

#[test]
fn what_is_excluded_from_going_down_stays_with_all_that_it_needs() {
    let world = World::with(full);
    let down = |options: &PlanOptions| {
        world
            .planned(None, options)
            .map_or_else(|problems| show_problems(&problems), |plan| super::show::show(&plan))
    };
    assert_snapshot!(down(&options(&[], &["*::host"], &[])), @"- delete name: the stack goes down");
    assert_snapshot!(down(&options(&[], &["*::net"], &[])), @r#"
    - delete name: the stack goes down
    - delete host after delete name: the stack goes down
    "#);
    assert_snapshot!(down(&options(&["*::net"], &[], &[])), @r#"
    - delete name: the stack goes down
    - delete host after delete name: the stack goes down
    - delete net after delete host: the stack goes down
    "#);
    assert_snapshot!(down(&options(&["*::net"], &["*::name"], &[])), @"nothing");
}

#[test]
fn what_is_left_out_by_name_keeps_what_it_needs_or_the_plan_is_refused() {
    let world = World::with(full);
    assert_snapshot!(world.problems(empty, &options(&[], &["*::host"], &[])), @"demo:net:Net::net: would be deleted while demo:net:Host::host still needs it; leave both out, or neither");
}

#[test]
fn a_delete_that_would_leave_a_dependant_behind_is_refused() {
    let without_net = |stack: &mut Stack| -> Result {
        stack.add("name", Name::new("www"))?;
        Ok(())
    };
    let world = World::with(full);
    assert_snapshot!(world.problems(without_net, &options(&["*::net"], &[], &[])), @"demo:net:Net::net: would be deleted while demo:net:Host::host still needs it; target dependents as well, or target that too");
    let wide = PlanOptions { target_dependents: true, ..options(&["*::net"], &[], &[]) };
    assert_snapshot!(super::show::show(&world.plan_with(without_net, &wide)), @r#"
    ~ update name: `target` changes
    - delete host after update name: the program no longer declares it
    - delete net after delete host: the program no longer declares it
    records change
    "#);
}

#[test]
fn what_goes_waits_for_what_uses_it_through_one_that_stays() {
    let whole = |stack: &mut Stack| -> Result {
        let gateway = stack.add("gateway", Net::new("10.0.0.0/16"))?;
        let address = stack.add("address", Name::new("www"))?.depends_on(&gateway);
        stack.add("nat", Host::new(address.id()))?;
        Ok(())
    };
    let address = |stack: &mut Stack| -> Result {
        stack.add("address", Name::new("www"))?;
        Ok(())
    };
    assert_snapshot!(World::with(whole).plan(address), @r#"
    - delete nat: the program no longer declares it
    - delete gateway after delete nat: the program no longer declares it
    records change
    "#);
}
