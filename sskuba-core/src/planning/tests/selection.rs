//! Targets and excludes.

use insta::assert_snapshot;

use super::kinds::{Host, Name, Net};
use super::show::show;
use super::world::{World, options};
use crate::planning::PlanOptions;
use crate::prelude::*;

fn full(stack: &mut Stack) -> Result {
    let net = stack.add("net", Net::new("10.0.0.0/16"))?;
    let host = stack.add("host", Host::new(net.id()))?;
    stack.add("name", Name::new("www").target(host.id()))?;
    stack.add("apart", Net::new("10.9.0.0/16"))?;
    Ok(())
}

#[test]
fn a_target_takes_what_it_needs() {
    let plan = World::new().plan_with(full, &options(&["*::host"], &[], &[]));
    assert_snapshot!(show(&plan), @r#"
    + create net: it is not there yet
    + create host: it is not there yet
    2 left out
    "#);
}

#[test]
fn a_short_name_is_as_good_where_it_means_one() {
    let plan = |target| show(&World::new().plan_with(full, &options(&[target], &[], &[])));
    assert_eq!(plan("host"), plan("demo:net:Host::host"));
    let mut world = World::new();
    let all = world.plan_with(full, &PlanOptions::default());
    world.apply(&all);
    let replaced = world.plan_with(full, &options(&[], &[], &["Host::host"]));
    assert_eq!(show(&replaced), show(&world.plan_with(full, &options(&[], &[], &["*::host"]))));
    assert!(replaced.counts().replace > 0);
}

#[test]
fn target_dependents_take_what_needs_the_target_with_all_that_it_needs() {
    let wide = PlanOptions { target_dependents: true, ..options(&["*::net"], &[], &[]) };
    assert_snapshot!(show(&World::new().plan_with(full, &wide)), @r#"
    + create net: it is not there yet
    + create host: it is not there yet
    + create name: it is not there yet
    1 left out
    "#);
}

#[test]
fn an_exclude_leaves_out_what_needs_it_if_it_is_not_there_yet() {
    let plan = World::new().plan_with(full, &options(&[], &["*::net"], &[]));
    assert_snapshot!(show(&plan), @r#"
    + create apart: it is not there yet
    3 left out
    "#);
    let mut world = World::new();
    let net_only = world.plan_with(full, &options(&["*::net"], &[], &[]));
    world.apply(&net_only);
    let plan = world.plan_with(full, &options(&[], &["*::net"], &[]));
    assert_snapshot!(show(&plan), @r#"
    + create apart: it is not there yet
    + create host: it is not there yet
    + create name: it is not there yet
    1 left out
    "#);
}

#[test]
fn what_is_left_out_keeps_its_recorded_inputs_and_outputs() {
    let changed = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.1.0.0/16"))?;
        let host = stack.add("host", Host::new(net.id()))?;
        stack.add("name", Name::new("www").target(host.id()))?;
        stack.add("apart", Net::new(net.cidr()))?;
        Ok(())
    };
    let world = World::with(full);
    let plan = world.plan_with(changed, &options(&[], &["*::net"], &[]));
    assert_snapshot!(show(&plan), @r#"
    ± replace apart: `cidr` changes, which forces a replacement
    - delete apart after replace apart: `cidr` changes, which forces a replacement
    1 left out
    records change
    "#);
}

#[test]
fn what_is_not_declared_and_not_targeted_stays() {
    let less = |stack: &mut Stack| -> Result {
        stack.add("apart", Net::new("10.8.0.0/16"))?;
        Ok(())
    };
    let world = World::with(full);
    assert_snapshot!(show(&world.plan_with(less, &options(&["*::apart"], &[], &[]))), @r#"
    ± replace apart: `cidr` changes, which forces a replacement
    - delete apart after replace apart: `cidr` changes, which forces a replacement
    "#);
    assert_snapshot!(show(&world.plan_with(less, &options(&["*::name"], &[], &[]))), @r#"
    - delete name: the program no longer declares it
    1 left out
    "#);
    assert_snapshot!(show(&world.plan_with(less, &options(&[], &["*::net", "*::host"], &[]))), @r#"
    ± replace apart: `cidr` changes, which forces a replacement
    - delete name: the program no longer declares it
    - delete apart after replace apart: `cidr` changes, which forces a replacement
    "#);
}

#[test]
fn a_pattern_that_fits_nothing_is_an_error_with_a_suggestion() {
    let world = World::with(full);
    let bad = options(&["hots"], &["*::nothing"], &["demo:net:Net::apart2"]);
    assert_snapshot!(world.problems(full, &bad), @r#"
    target `hots` fits no resource of this stack; did you mean `demo:net:Host::host`?
    exclude `*::nothing` fits no resource of this stack
    replace `demo:net:Net::apart2` fits no resource of this stack; did you mean `demo:net:Net::apart`?
    "#);
}

#[test]
fn what_is_a_target_and_excluded_is_refused() {
    let mut world = World::new();
    let all = world.plan_with(full, &PlanOptions::default());
    world.apply(&all);
    for (target, exclude) in [("host", "host"), ("host", "demo:net:Host::host"), ("*::host", "*::host")] {
        let problems = world.problems(full, &options(&[target], &[exclude], &[]));
        assert!(problems.contains("is a target and excluded"), "{problems}");
    }
    world.plan_with(full, &options(&["*"], &["host"], &[]));
}
