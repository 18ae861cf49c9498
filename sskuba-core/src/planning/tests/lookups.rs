//! Lookups: answered while planning where their inputs are known, in the apply where they are not.

use insta::assert_snapshot;

use super::kinds::{Host, Name, Net, Zones};
use super::world::World;
use crate::planning::PlanOptions;
use crate::prelude::*;

fn program(region: Option<&'static str>, tag: &'static str) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        let net = stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?;
        let lookup = match region {
            Some(region) => Zones::new().region(region),
            None => Zones::new().region(net.etag()),
        };
        let zones = stack.read("zones", lookup)?;
        stack.add("host", Host::new("fixed").peers(zones.names()))?;
        Ok(())
    }
}

#[test]
fn a_lookup_whose_inputs_are_known_is_answered_before_there_is_a_plan() {
    let world = World::new();
    let plan = world.plan_with(program(Some("south"), "1"), &PlanOptions::default());
    let host = plan.steps.iter().find(|step| step.address.name() == "host").unwrap();
    assert_eq!(host.inputs["peers"].masked().to_string(), r#"["south-a","south-b"]"#);
    let zones = plan.steps.iter().find(|step| step.address.name() == "zones").unwrap();
    assert!(!zones.calls, "it is not asked again in the apply");
}

#[test]
fn a_lookup_that_uses_what_is_still_to_be_made_is_a_step_and_its_answer_unknown() {
    assert_snapshot!(World::new().plan(program(None, "1")), @r#"
    + create net: it is not there yet
    > read zones
    + create host: it is not there yet
    "#);
}

#[test]
fn a_lookup_below_a_change_waits_for_the_apply() {
    assert_snapshot!(World::with(program(None, "1")).plan(program(None, "2")), @r#"
    ~ update net: `tags.a` changes
    > read zones
    ~ update host?: `peers` is known after apply
    "#);
    // Its input is known, but what it was said to come after is not done yet.
    let ordered = |tag: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?;
            let zones = stack.read("zones", Zones::new())?.depends_on(&net);
            stack.add("host", Host::new("fixed").peers(zones.names()))?;
            Ok(())
        }
    };
    let world = World::with(ordered("1"));
    assert_snapshot!(world.plan(ordered("1")), @"nothing");
    assert_snapshot!(world.plan(ordered("2")), @r#"
    ~ update net: `tags.a` changes
    > read zones
    ~ update host?: `peers` is known after apply
    "#);
}

#[test]
fn an_answer_that_changed_changes_who_uses_it() {
    let world = World::with(program(Some("north"), "1"));
    assert_snapshot!(world.plan(program(Some("south"), "1")), @"~ update host: `peers` changes");
}

#[test]
fn a_lookup_may_feed_a_lookup() {
    let program = |stack: &mut Stack| -> Result {
        let first = stack.read("first", Zones::new())?;
        let second = stack.read("second", Zones::new().region(first.names().map(|n| n.join("+"))))?;
        stack.add("name", Name::new(second.names().map(|names| names.join(" "))))?;
        Ok(())
    };
    let plan = World::new().plan_with(program, &PlanOptions::default());
    let name = plan.steps.iter().find(|step| step.address.name() == "name").unwrap();
    assert_eq!(name.inputs["name"].as_str(), Some("north-a+north-b-a north-a+north-b-b"));
}
