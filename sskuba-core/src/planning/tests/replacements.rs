//! Replacements: the side on which the delete stands, what goes along, and what is left behind.

use insta::assert_snapshot;

use super::kinds::{Host, Machine, Name, Net};
use super::world::{World, options};
use crate::plan::Step;
use crate::planning::PlanOptions;
use crate::prelude::*;

fn three(cidr: &'static str, first: bool) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        let net = stack.add("net", Net::new(cidr))?;
        let net = if first { net.delete_before_create() } else { net };
        let host = stack.add("host", Host::new(net.id()))?;
        stack.add("name", Name::new("www").target(host.id()))?;
        stack.add("apart", Host::new("elsewhere"))?;
        Ok(())
    }
}

#[test]
fn the_old_generation_goes_after_those_who_are_switched_over() {
    let mut world = World::with(three("10.0.0.0/16", false));
    assert_snapshot!(world.plan(three("10.1.0.0/16", false)), @r#"
    ± replace net: `cidr` changes, which forces a replacement
    ± replace host?: `net` is known after apply; a different value forces a replacement
    ~ update name?: `target` is known after apply
    - delete host? after replace host, update name: `net` is known after apply; a different value forces a replacement
    - delete net after delete host, replace host, replace net: `cidr` changes, which forces a replacement
    "#);
    world.up(three("10.1.0.0/16", false));
    assert_eq!(world.faults, [""; 0]);
}

#[test]
fn delete_first_takes_along_what_cannot_live_without_it() {
    let mut world = World::with(three("10.0.0.0/16", true));
    assert_snapshot!(world.plan(three("10.1.0.0/16", true)), @r#"
    - delete host: demo:net:Net::net has to be deleted before it is made anew
    - delete net after delete host: `cidr` changes, which forces a replacement
    ± replace net (delete first): `cidr` changes, which forces a replacement
    ± replace host (delete first): `net` is known after apply; a different value forces a replacement; demo:net:Net::net has to be deleted before it is made anew
    ~ update name?: `target` is known after apply
    "#);
    world.up(three("10.1.0.0/16", true));
    // It could only be switched over to a host that was not there yet.
    assert_eq!(world.faults, ["host goes while name holds it"]);
}

#[test]
fn a_kind_that_cannot_live_twice_is_deleted_first_without_being_asked() {
    let program = |name: &'static str| {
        move |stack: &mut Stack| -> Result {
            stack.add("name", Name::new(name))?;
            Ok(())
        }
    };
    assert_snapshot!(World::with(program("a")).plan(program("b")), @r#"
    - delete name: `name` changes, which forces a replacement
    ± replace name (delete first): `name` changes, which forces a replacement
    "#);
}

#[test]
fn nested_delete_first_replacements_have_one_order() {
    let program = |cidr: &'static str, name: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add("net", Net::new(cidr))?.delete_before_create();
            let host = stack.add("host", Host::new(net.id()))?.delete_before_create();
            stack.add("name", Name::new(name).target(host.id()))?;
            Ok(())
        }
    };
    let mut world = World::with(program("10.0.0.0/16", "a"));
    assert_snapshot!(world.plan(program("10.1.0.0/16", "b")), @r#"
    - delete name: `name` changes, which forces a replacement
    - delete host after delete name: demo:net:Net::net has to be deleted before it is made anew
    - delete net after delete host: `cidr` changes, which forces a replacement
    ± replace net (delete first): `cidr` changes, which forces a replacement
    ± replace host (delete first): `net` is known after apply; a different value forces a replacement; demo:net:Net::net has to be deleted before it is made anew
    ± replace name (delete first): `name` changes, which forces a replacement; `target` is known after apply
    "#);
    world.up(program("10.1.0.0/16", "b"));
}

#[test]
fn a_field_may_be_said_to_replace() {
    let program = |tag: &'static str| {
        move |stack: &mut Stack| -> Result {
            stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?.replace_on_changes(["tags"]);
            Ok(())
        }
    };
    assert_snapshot!(World::with(program("1")).plan(program("2")), @r#"
    ± replace net: `tags.a` changes, which forces a replacement
    - delete net after replace net: `tags.a` changes, which forces a replacement
    "#);
}

#[test]
fn a_renamed_resource_is_moved_and_its_edges_follow() {
    let old = three("10.0.0.0/16", false);
    let new = |stack: &mut Stack| -> Result {
        let mut group = stack.scope("group")?;
        let net = group.add("lan", Net::new("10.0.0.0/16"))?.alias("demo:net:Net::net");
        let host = stack.add("box", Host::new(net.id()))?.alias("host");
        stack.add("name", Name::new("www").target(host.id()))?;
        stack.add("apart", Host::new("elsewhere"))?;
        Ok(())
    };
    let mut world = World::with(old);
    assert_snapshot!(world.plan(new), @"records change");
    world.up(new);
    let edges: Vec<String> = world.state.records().map(|r| format!("{:?}", r.dependencies)).collect();
    assert_eq!(edges, ["[]", "[group/demo:net:Net::lan]", "[demo:net:Host::box]", "[]"]);
}

#[test]
fn what_is_renamed_and_replaced_at_once_is_moved_then_replaced() {
    let new = |stack: &mut Stack| -> Result {
        let net = stack.add("lan", Net::new("10.1.0.0/16"))?.alias("net");
        let host = stack.add("host", Host::new(net.id()))?;
        stack.add("name", Name::new("www").target(host.id()))?;
        stack.add("apart", Host::new("elsewhere"))?;
        Ok(())
    };
    let mut world = World::with(three("10.0.0.0/16", false));
    assert_snapshot!(world.plan(new), @r#"
    ± replace lan: `cidr` changes, which forces a replacement; it was called demo:net:Net::net
    ± replace host?: `net` is known after apply; a different value forces a replacement
    ~ update name?: `target` is known after apply
    - delete host? after replace host, update name: `net` is known after apply; a different value forces a replacement
    - delete net after delete host, replace host, replace lan: `cidr` changes, which forces a replacement
    records change
    "#);
    world.up(new);
    assert_eq!(world.faults, [""; 0]);
    let mut world = World::with(three("10.0.0.0/16", true));
    let first = |stack: &mut Stack| -> Result {
        let net = stack.add("lan", Net::new("10.1.0.0/16"))?.alias("net").delete_before_create();
        let host = stack.add("host", Host::new(net.id()))?;
        stack.add("name", Name::new("www").target(host.id()))?;
        stack.add("apart", Host::new("elsewhere"))?;
        Ok(())
    };
    assert_snapshot!(world.plan(first), @r#"
    - delete host: demo:net:Net::lan has to be deleted before it is made anew
    - delete net after delete host: `cidr` changes, which forces a replacement
    ± replace lan (delete first): `cidr` changes, which forces a replacement; it was called demo:net:Net::net
    ± replace host (delete first): `net` is known after apply; a different value forces a replacement; demo:net:Net::lan has to be deleted before it is made anew
    ~ update name?: `target` is known after apply
    records change
    "#);
    world.up(first);
    assert_eq!(world.faults, ["host goes while name holds it"]);
}

#[test]
fn a_former_name_that_another_resource_bears_now_moves_nothing() {
    let new = |stack: &mut Stack| -> Result {
        stack.add("net", Net::new("10.0.0.0/16"))?;
        stack.add("lan", Net::new("10.0.0.0/16"))?.alias("net");
        Ok(())
    };
    let old = |stack: &mut Stack| -> Result {
        stack.add("net", Net::new("10.0.0.0/16"))?;
        Ok(())
    };
    assert_snapshot!(World::with(old).plan(new), @"+ create lan: it is not there yet");
}

#[test]
fn a_former_name_that_two_claim_or_that_is_of_another_kind_is_an_error_with_both() {
    let old = |stack: &mut Stack| -> Result {
        stack.add("net", Net::new("10.0.0.0/16"))?;
        Ok(())
    };
    let two = |stack: &mut Stack| -> Result {
        stack.add("one", Net::new("10.0.0.0/16"))?.alias("net");
        stack.add("two", Net::new("10.0.0.0/16"))?.alias("net");
        Ok(())
    };
    let kind = |stack: &mut Stack| -> Result {
        stack.add("host", Host::new("there"))?.alias("demo:net:Net::net");
        Ok(())
    };
    let world = World::with(old);
    let text = world.problems(two, &PlanOptions::default());
    assert_eq!(text.matches("replacements.rs:").count(), 2, "{text}");
    assert!(text.starts_with("demo:net:Net::one (") && text.contains(") and demo:net:Net::two ("), "{text}");
    assert!(text.ends_with(
        "they were called demo:net:Net::net, and only one can be; remove the alias from the others"
    ));
    assert_snapshot!(world.problems(kind, &PlanOptions::default()), @"demo:net:Host::host (line): its former name demo:net:Net::net is of kind demo:net:Net, and it is of kind demo:net:Host; what is recorded there is another thing: remove the alias");
    // Once it is settled who it is, the other's alias means nothing.
    let mut world = World::with(old);
    world.up(|stack: &mut Stack| {
        stack.add("one", Net::new("10.0.0.0/16"))?.alias("net");
        Ok(())
    });
    assert_snapshot!(world.plan(two), @"+ create two: it is not there yet");
}

#[test]
fn a_generation_that_an_interrupted_replacement_left_is_deleted_by_the_next_run() {
    let mut world = World::with(three("10.0.0.0/16", false));
    let plan = world.plan_with(three("10.1.0.0/16", false), &PlanOptions::default());
    // The new network is made, and that is all.
    world.apply_some(&plan, 1, |id| 100 - u64::from(id.0));
    assert_snapshot!(world.plan(three("10.1.0.0/16", false)), @r#"
    ± replace host: `net` changes, which forces a replacement
    ~ update name?: `target` is known after apply
    - delete host after replace host, update name: `net` changes, which forces a replacement
    - delete net after delete host, replace host: an earlier replacement left it
    "#);
    assert_snapshot!(world.plan_down(), @r#"
    - delete apart: the stack goes down
    - delete name: the stack goes down
    - delete host after delete name: the stack goes down
    - delete net after delete host: the stack goes down
    - delete net after delete host: an earlier replacement left it
    "#);
    world.up(three("10.1.0.0/16", false));
    assert_eq!(world.state.len(), 4);
}

#[test]
fn a_protected_resource_is_not_replaced_and_all_refusals_come_together() {
    let program = |cidr: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add("net", Net::new(cidr))?.protect();
            stack.add("host", Host::new(net.id()))?.protect();
            stack.add("lan", Net::new(cidr))?.protect();
            Ok(())
        }
    };
    let world = World::with(program("10.0.0.0/16"));
    assert_snapshot!(world.problems(program("10.1.0.0/16"), &PlanOptions::default()), @r#"
    demo:net:Net::net (line): is protected and would be replaced (`cidr` changes, which forces a replacement); take the change back, or remove `.protect()` first
    demo:net:Net::lan (line): is protected and would be replaced (`cidr` changes, which forces a replacement); take the change back, or remove `.protect()` first
    demo:net:Net::net (line): would be replaced, but demo:net:Host::host is protected, and may have to be replaced with it; remove `.protect()` there first
    "#);
    assert_snapshot!(world.problems(program("10.0.0.0/16"), &options(&[], &[], &["*lan"])), @"demo:net:Net::lan (line): is protected and would be replaced (its replacement was asked for); take the change back, or remove `.protect()` first");
}

/// A network that is deleted first, and a host in it or elsewhere.
fn moving(cidr: &'static str, inside: bool) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        let net = stack.add("net", Net::new(cidr))?.delete_before_create();
        let other = stack.add("other", Net::new("10.9.0.0/16"))?;
        let home = if inside { net.id() } else { other.id() };
        stack.add("host", Host::new(home))?;
        Ok(())
    }
}

#[test]
fn who_moves_out_of_what_is_deleted_first_moves_out_before() {
    let mut world = World::with(moving("10.0.0.0/16", true));
    assert_snapshot!(world.plan(moving("10.1.0.0/16", false)), @r#"
    ± replace host: `net` changes, which forces a replacement
    - delete host after replace host: `net` changes, which forces a replacement
    - delete net after delete host, replace host: `cidr` changes, which forces a replacement
    ± replace net (delete first): `cidr` changes, which forces a replacement
    records change
    "#);
    world.up(moving("10.1.0.0/16", false));
    assert_eq!(world.faults, [""; 0]);
}

#[test]
fn who_moves_out_but_still_needs_the_new_one_goes_before_the_old_one() {
    let program = |cidr: &'static str, inside: bool, name: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add(name, Net::new(cidr))?.delete_before_create().alias("net");
            let other = stack.add("other", Net::new("10.9.0.0/16"))?;
            let home = if inside { net.id() } else { other.id() };
            stack.add("direct", Host::new(home.clone()).peer(net.id()))?;
            let between = stack.add("between", Net::new("10.8.0.0/16"))?.depends_on(&net);
            stack.add("indirect", Host::new(home).peer(between.id()))?;
            Ok(())
        }
    };
    let before = program("10.0.0.0/16", true, "net");
    for after in [program("10.1.0.0/16", false, "net"), program("10.1.0.0/16", false, "renamed")] {
        let mut world = World::with(before);
        world.up(after);
        assert_eq!(world.faults, [""; 0]);
    }
}

#[test]
fn who_uses_two_that_are_deleted_first_goes_before_both() {
    let program = |name: &'static str| {
        move |stack: &mut Stack| -> Result {
            let a = stack.add("a", Name::new(format!("{name}-a")))?;
            let b = stack.add("b", Name::new(format!("{name}-b")))?;
            stack.add("host", Host::new(a.id()).peer(b.id()))?;
            Ok(())
        }
    };
    let world = World::with(program("old"));
    assert_snapshot!(world.plan(program("new")), @r#"
    - delete host: demo:net:Name::a has to be deleted before it is made anew
    - delete a after delete host: `name` changes, which forces a replacement
    - delete b after delete host: `name` changes, which forces a replacement
    ± replace a (delete first): `name` changes, which forces a replacement
    ± replace b (delete first): `name` changes, which forces a replacement
    ± replace host (delete first): `net` is known after apply; a different value forces a replacement; `peers` is known after apply; demo:net:Name::a has to be deleted before it is made anew
    "#);
    // Whichever of the two begins first, and however soon its old generation could go.
    for first in ["a", "b"] {
        let mut world = World::with(program("old"));
        let plan = world.plan_with(program("new"), &PlanOptions::default());
        let rank = |step: &Step| match step.part_of {
            Some(_) => 1,
            None => 2 * u64::from(step.address.name() == first),
        };
        world.apply_some(&plan, usize::MAX, |id| rank(plan.step(id)));
        assert_eq!(world.faults, [""; 0]);
    }
}

#[test]
fn what_an_interrupted_replacement_left_is_renamed_with_its_successor() {
    let program = |cidr: &'static str, name: &'static str, former: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add(name, Net::new(cidr))?.alias(former);
            stack.add("host", Host::new(net.id()))?;
            Ok(())
        }
    };
    let mut world = World::with(program("10.0.0.0/16", "net", "lan"));
    let plan = world.plan_with(program("10.1.0.0/16", "net", "lan"), &PlanOptions::default());
    world.apply_some(&plan, 1, |id| 100 - u64::from(id.0));
    let plan = world.plan_with(program("10.1.0.0/16", "lan", "net"), &options(&["*::lan"], &[], &[]));
    world.apply(&plan);
    assert_snapshot!(world.plan_down(), @r#"
    - delete host: the stack goes down
    - delete lan after delete host: the stack goes down
    - delete lan after delete host: an earlier replacement left it
    "#);
    let plan = world.planned(None, &PlanOptions::default()).unwrap();
    world.apply(&plan);
    assert_eq!(world.faults, [""; 0]);
}

fn machine(
    cidr: &'static str,
    change: impl Fn(Machine) -> Machine + Clone,
) -> impl Fn(&mut Stack) -> Result + Clone {
    move |stack| {
        let net = stack.add("net", Net::new(cidr))?;
        stack.add("machine", change(Machine::new([net.id()])))?;
        Ok(())
    }
}

#[test]
fn whether_a_change_replaces_may_depend_on_the_other_inputs() {
    let mut world = World::with(machine("10.0.0.0/16", |machine| machine));
    assert_snapshot!(world.plan(machine("10.0.0.0/16", |machine| machine.size("large"))), @r#"
    ± replace machine: `size` changes, which forces a replacement
    - delete machine after replace machine: `size` changes, which forces a replacement
    "#);
    let stopped = machine("10.0.0.0/16", |machine| machine.size("large").may_stop(true));
    assert_snapshot!(world.plan(stopped.clone()), @"~ update machine: `size` changes; `may_stop` changes");
    world.up(stopped);
    assert_eq!(world.faults, [""; 0]);
}

#[test]
fn what_is_inherited_of_the_first_of_a_list_replaces_by_the_kinds_rule() {
    let mut world = World::with(machine("10.0.0.0/16", |machine| machine));
    assert_snapshot!(world.plan(machine("10.1.0.0/16", |machine| machine)), @r#"
    ± replace net: `cidr` changes, which forces a replacement
    ± replace machine: `nets[0]` is known after apply; `range` changes, which forces a replacement
    - delete machine after replace machine: `nets[0]` is known after apply
    - delete net after delete machine, replace machine, replace net: `cidr` changes, which forces a replacement
    "#);
    // Of one that was recorded before the field was there nothing is known.
    world.edit("machine", |record| {
        record.applied.remove("range");
        record.observed.remove("range");
    });
    assert_snapshot!(world.plan(machine("10.0.0.0/16", |machine| machine)), @"~ update machine: `range` changes");
}

#[test]
fn what_holds_something_that_is_deleted_first_goes_before_it() {
    let named = |name: &'static str, target: &'static str| {
        move |stack: &mut Stack| -> Result {
            let name = stack.add("name", Name::new(name).target(target))?;
            stack.add("machine", Machine::new(vec!["net".to_owned()]).name(name.id()))?;
            Ok(())
        }
    };
    let mut world = World::with(named("a", "x"));
    assert_snapshot!(world.plan(named("a", "y")), @"~ update name: `target` changes");
    assert_snapshot!(world.plan(named("b", "x")), @r#"
    - delete machine: demo:net:Name::name has to be deleted before it is made anew
    - delete name after delete machine: `name` changes, which forces a replacement
    ± replace name (delete first): `name` changes, which forces a replacement
    ± replace machine (delete first): `name` is known after apply; demo:net:Name::name has to be deleted before it is made anew
    "#);
    world.up(named("b", "x"));
    assert_eq!(world.faults, [""; 0]);
}
