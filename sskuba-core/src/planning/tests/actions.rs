//! What is done to one resource, and why.

use insta::assert_snapshot;

use super::kinds::{Host, Label, Name, Net};
use super::world::{World, exports, options};
use crate::planning::PlanOptions;
use crate::prelude::*;
use crate::state::Status;
use crate::value::Value;

fn net(cidr: &'static str) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        stack.add("net", Net::new(cidr))?;
        Ok(())
    }
}

fn host(size: u32) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        let net = stack.add("net", Net::new("10.0.0.0/16"))?;
        stack.add("host", Host::new(net.id()).size(size))?;
        Ok(())
    }
}

#[test]
fn what_is_not_recorded_is_created_dependencies_first() {
    assert_snapshot!(World::new().plan(host(1)), @r#"
    + create net: it is not there yet
    + create host: it is not there yet
    "#);
}

#[test]
fn what_is_as_declared_stays() {
    assert_snapshot!(World::with(host(1)).plan(host(1)), @"nothing");
}

#[test]
fn two_spellings_of_one_thing_are_no_change() {
    assert_snapshot!(World::with(net("10.0.0.0/16")).plan(net("10.0.3.7/16")), @"nothing");
}

#[test]
fn a_changed_field_updates_or_replaces_as_its_schema_says() {
    let world = World::with(host(1));
    assert_snapshot!(world.plan(host(2)), @"~ update host: `size` changes");
    let both = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.1.0.0/16"))?;
        stack.add("host", Host::new(net.id()).size(2_u32))?;
        Ok(())
    };
    assert_snapshot!(world.plan(both), @r#"
    ± replace net: `cidr` changes, which forces a replacement
    ± replace host?: `net` is known after apply; a different value forces a replacement; `size` changes
    - delete host? after replace host: `net` is known after apply; a different value forces a replacement
    - delete net after delete host, replace host, replace net: `cidr` changes, which forces a replacement
    "#);
}

#[test]
fn nothing_and_an_empty_collection_are_no_change_and_a_removed_value_is_one() {
    let tagged = |stack: &mut Stack| -> Result {
        stack.add("net", Net::new("10.0.0.0/16").tag("a", "1").password("x"))?;
        Ok(())
    };
    let empty = |stack: &mut Stack| -> Result {
        stack.add("net", Net::new("10.0.0.0/16").tags(std::collections::BTreeMap::new()))?;
        Ok(())
    };
    assert_snapshot!(World::with(net("10.0.0.0/16")).plan(empty), @"nothing");
    assert_snapshot!(World::with(tagged).plan(net("10.0.0.0/16")), @"~ update net: `tags.a` changes; `password` changes");
}

#[test]
fn what_was_changed_outside_of_the_stack_is_set_back() {
    let mut world = World::with(host(1));
    world.edit("host", |record| drop(record.observed.insert("size".into(), Value::from(9))));
    assert_snapshot!(world.plan(host(1)), @"~ update host: `size` was changed outside of the stack");
    world.edit("net", |record| drop(record.observed.insert("cidr".into(), "10.9.0.0/16".into())));
    assert_snapshot!(world.plan(host(1)), @r#"
    ± replace net: `cidr` was changed outside of the stack
    ± replace host?: `net` is known after apply; a different value forces a replacement; `size` was changed outside of the stack
    - delete host? after replace host: `net` is known after apply; a different value forces a replacement
    - delete net after delete host, replace host, replace net: `cidr` was changed outside of the stack
    "#);
}

#[test]
fn a_field_that_the_provider_does_not_report_has_not_drifted() {
    let mut world = World::with(host(1));
    world.edit("host", |record| drop(record.observed.remove("size")));
    assert_snapshot!(world.plan(host(1)), @"nothing");
}

#[test]
fn a_reported_field_that_the_program_never_set_has_not_drifted() {
    let mut world = World::with(net("10.0.0.0/16"));
    world.edit("net", |record| drop(record.observed.insert("password".into(), "theirs".into())));
    assert_snapshot!(world.plan(net("10.0.0.0/16")), @"nothing");
}

#[test]
fn an_ignored_field_keeps_what_is_recorded_whether_declared_otherwise_or_drifted() {
    let program = |tag: &'static str| {
        move |stack: &mut Stack| -> Result {
            stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?.ignore_changes(["tags"]);
            Ok(())
        }
    };
    let mut world = World::with(program("1"));
    assert_snapshot!(world.plan(program("2")), @"nothing");
    let seen = Value::Map([("a".to_owned(), Value::from("3"))].into());
    world.edit("net", |record| drop(record.observed.insert("tags".into(), seen)));
    assert_snapshot!(world.plan(program("1")), @"nothing");
}

#[test]
fn what_ended_half_way_is_completed() {
    let mut world = World::with(host(1));
    world.edit("host", |record| record.status = Status::Partial);
    assert_snapshot!(world.plan(host(1)), @"~ update host: the last operation on it ended half way");
}

#[test]
fn what_half_a_create_did_not_report_is_unknown_to_those_who_use_it() {
    let program = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.0.0.0/16"))?;
        stack.add("name", Name::new("a").target(net.id()))?;
        Ok(())
    };
    let mut world = World::with(program);
    world.edit("net", |record| {
        record.status = Status::Partial;
        record.outputs.clear();
    });
    assert_snapshot!(world.plan(program), @r#"
    ~ update net: the last operation on it ended half way
    ~ update name?: `target` is known after apply
    "#);
}

#[test]
fn a_kind_that_grew_sends_its_fields_again() {
    let mut world = World::with(host(1));
    world.edit("net", |record| record.version = 0);
    assert_snapshot!(world.plan(host(1)), @"~ update net: its kind went from version 0 to 1");
    world.edit("net", |record| record.version = 7);
    assert_snapshot!(world.plan(host(1)), @"nothing");
}

/// Without the migration the field would differ, and be one that forces a replacement.
#[test]
fn what_an_earlier_version_recorded_is_compared_in_todays_form() {
    let program = |text: &'static str| {
        move |stack: &mut Stack| -> Result {
            stack.add("label", Label::new(text))?;
            Ok(())
        }
    };
    let mut world = World::with(program("a"));
    world.edit("label", |record| {
        record.version = 1;
        for map in [&mut record.applied, &mut record.observed] {
            if let Some(text) = map.remove("text") {
                map.insert("name".to_owned(), text);
            }
        }
    });
    assert_snapshot!(world.plan(program("a")), @"~ update label: its kind went from version 1 to 2");
    assert_snapshot!(world.plan(program("b")), @r#"
    ± replace label: `text` changes, which forces a replacement; its kind went from version 1 to 2
    - delete label after replace label: `text` changes, which forces a replacement
    "#);
}

#[test]
fn a_replacement_that_is_asked_for_by_hand_is_done() {
    let world = World::with(host(1));
    let plan = world.plan_with(host(1), &options(&[], &[], &["*::host"]));
    assert_snapshot!(super::show::show(&plan), @r#"
    ± replace host: its replacement was asked for
    - delete host after replace host: its replacement was asked for
    "#);
}

#[test]
fn an_edge_or_an_option_alone_is_recorded_without_a_call() {
    let free = |stack: &mut Stack| -> Result {
        stack.add("a", Net::new("10.0.0.0/16"))?;
        stack.add("b", Net::new("10.1.0.0/16"))?;
        Ok(())
    };
    let tied = |stack: &mut Stack| -> Result {
        let a = stack.add("a", Net::new("10.0.0.0/16"))?;
        stack.add("b", Net::new("10.1.0.0/16"))?.depends_on(&a);
        Ok(())
    };
    let kept = |stack: &mut Stack| -> Result {
        stack.add("a", Net::new("10.0.0.0/16"))?.protect();
        stack.add("b", Net::new("10.1.0.0/16"))?;
        Ok(())
    };
    let mut world = World::with(free);
    assert_snapshot!(world.plan(tied), @"records change");
    assert_snapshot!(world.plan(kept), @"records change");
    world.up(tied);
    world.up(kept);
}

#[test]
fn exports_that_change_make_a_plan_even_if_no_resource_does() {
    let program = |name: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add("net", Net::new("10.0.0.0/16").password("hidden"))?;
            stack.export(name, net.id());
            stack.export("password", net.password());
            Ok(())
        }
    };
    let mut world = World::new();
    let plan = world.plan_with(program("id"), &PlanOptions::default());
    assert_eq!(exports(&plan)["id"], "\"(known after apply)\"");
    world.up(program("id"));
    assert_snapshot!(world.plan(program("other")), @"exports change");
    let plan = world.plan_with(program("id"), &PlanOptions::default());
    assert!(plan.is_empty());
    assert_eq!(exports(&plan)["password"], "\"(secret)\"");
}

#[test]
fn all_mistakes_in_inputs_come_together_each_with_address_field_and_line() {
    let program = |stack: &mut Stack| -> Result {
        let net = stack.add("net", Net::new("10.0.0.0/33"))?;
        stack.add("name", Name::new("refused"))?;
        stack.add("host", Host::new(net.id()).peers(net.id().map(|_| vec![String::new()])))?;
        let good = stack.add("good", Net::new("10.0.0.0/16"))?;
        let bad = good.cidr().and_then(|_| Err::<String, _>("the program says no"));
        stack.add("other", Name::new(bad))?;
        stack.add("uses", Name::new(net.cidr()))?;
        Ok(())
    };
    assert_snapshot!(World::new().problems(program, &PlanOptions::default()), @r#"
    demo:net:Net::net `cidr` (line): "10.0.0.0/33" is not an address range such as `10.0.0.0/16` or `fd00::/64`
    demo:net:Name::name `name` (line): the provider refuses this word
    demo:net:Name::other `name` (line): the program says no
    "#);
}
