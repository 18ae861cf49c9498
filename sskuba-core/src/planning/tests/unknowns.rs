//! What only the apply will know: possible actions, never wider than announced.

use insta::assert_snapshot;

use super::kinds::{Host, Name, Net};
use super::world::World;
use crate::plan::Action;
use crate::planning::PlanOptions;
use crate::prelude::*;

/// `etag` is another one after each change of the network.
fn program(tag: &'static str) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        let net = stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?;
        stack.add("updated", Name::new("a").target(net.etag()))?;
        stack.add("same", Name::new("b").target(net.etag().map(|_| "fixed".to_owned())))?;
        let new = stack.add("replaced", Name::new(net.etag()))?;
        stack.add("below", Host::new(new.id()))?;
        Ok(())
    }
}

#[test]
fn who_uses_a_volatile_field_may_change() {
    assert_snapshot!(World::with(program("1")).plan(program("2")), @r#"
    ~ update net: `tags.a` changes
    - delete below?: demo:net:Name::replaced has to be deleted before it is made anew
    ~ update updated?: `target` is known after apply
    ~ update same?: `target` is known after apply
    - delete replaced? after delete below: `name` is known after apply; a different value forces a replacement
    ± replace replaced? (delete first): `name` is known after apply; a different value forces a replacement
    ± replace below? (delete first): `net` is known after apply; a different value forces a replacement; demo:net:Name::replaced has to be deleted before it is made anew
    "#);
}

#[test]
fn what_is_known_in_the_end_stays_within_what_was_announced() {
    let mut world = World::with(program("1"));
    let before: Vec<_> = world.state.records().map(|r| (r.address.name().to_owned(), r.token)).collect();
    world.up(program("2"));
    let replaced: Vec<_> = world
        .state
        .records()
        .filter(|r| before.iter().any(|(name, token)| name == r.address.name() && *token != r.token))
        .map(|r| r.address.name())
        .collect();
    assert_eq!(replaced, ["below", "replaced"]);
}

#[test]
fn a_certain_change_stays_certain_beside_a_possible_one_of_the_same_width() {
    let with = |size: u32, tag: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?;
            stack.add("host", Host::new("fixed").size(size).peer(net.etag()))?;
            Ok(())
        }
    };
    assert_snapshot!(World::with(with(1, "1")).plan(with(2, "2")), @r#"
    ~ update net: `tags.a` changes
    ~ update host: `size` changes; `peers` is known after apply
    "#);
}

#[test]
fn a_wider_possible_change_takes_over_a_certain_one() {
    let with = |size: u32, tag: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?;
            stack.add("host", Host::new(net.etag()).size(size))?;
            Ok(())
        }
    };
    let world = World::with(with(1, "1"));
    assert_snapshot!(world.plan(with(2, "2")), @r#"
    ~ update net: `tags.a` changes
    ± replace host?: `net` is known after apply; a different value forces a replacement; `size` changes
    - delete host? after replace host: `net` is known after apply; a different value forces a replacement
    "#);
    let plan = world.plan_with(with(2, "2"), &PlanOptions::default());
    assert_eq!(plan.counts().replace, 1);
    assert!(plan.steps.iter().any(|step| step.action == Action::Delete && step.part_of.is_some()));
}
