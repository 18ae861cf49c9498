//! Options and drift of parts of fields.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use super::kinds::Net;
use super::world::World;
use crate::prelude::*;
use crate::value::Value;

fn tagged(
    tags: &'static [(&'static str, &'static str)],
    ignored: &'static [&'static str],
    replaced: &'static [&'static str],
) -> impl Fn(&mut Stack) -> Result + Copy {
    move |stack: &mut Stack| -> Result {
        let tags: BTreeMap<String, String> =
            tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        stack
            .add("net", Net::new("10.0.0.0/16").tags(tags))?
            .ignore_changes(ignored.iter().copied())
            .replace_on_changes(replaced.iter().copied());
        Ok(())
    }
}

#[test]
fn a_part_that_is_ignored_stays_as_recorded_and_the_others_follow_the_program() {
    let world = World::with(tagged(&[("a", "1"), ("b", "1")], &[], &[]));
    assert_snapshot!(world.plan(tagged(&[("a", "2"), ("b", "1")], &["tags.a"], &[])), @"nothing");
    assert_snapshot!(world.plan(tagged(&[("b", "1")], &["tags.a"], &[])), @"nothing");
    assert_snapshot!(world.plan(tagged(&[("a", "2"), ("b", "2")], &["tags.a"], &[])), @"~ update net: `tags.b` changes");
    assert_snapshot!(world.plan(tagged(&[], &["tags[*]"], &[])), @"nothing");
}

#[test]
fn a_part_that_is_ignored_may_become_anything_outside_of_the_stack() {
    let mut world = World::with(tagged(&[("a", "1"), ("b", "1")], &[], &[]));
    let seen = |a: &str, b: &str| Value::Map([("a".to_owned(), a.into()), ("b".to_owned(), b.into())].into());
    world.edit("net", |record| drop(record.observed.insert("tags".into(), seen("9", "1"))));
    let program = tagged(&[("a", "1"), ("b", "1")], &["tags.a"], &[]);
    assert_snapshot!(world.plan(program), @"nothing");
    world.edit("net", |record| drop(record.observed.insert("tags".into(), seen("9", "9"))));
    assert_snapshot!(world.plan(program), @"~ update net: `tags.b` was changed outside of the stack");
}

#[test]
fn only_the_part_that_is_named_replaces() {
    let world = World::with(tagged(&[("a", "1"), ("b", "1")], &[], &[]));
    assert_snapshot!(world.plan(tagged(&[("a", "1"), ("b", "2")], &[], &["tags.a"])), @"~ update net: `tags.b` changes");
    assert_snapshot!(world.plan(tagged(&[("a", "2"), ("b", "1")], &[], &["tags.a"])), @r#"
    ± replace net: `tags.a` changes, which forces a replacement
    - delete net after replace net: `tags.a` changes, which forces a replacement
    "#);
    // A part that comes or goes with the whole field.
    assert_snapshot!(World::with(tagged(&[], &[], &[])).plan(tagged(&[("a", "1")], &[], &["tags.a"])), @r#"
    ± replace net: `tags.a` changes, which forces a replacement
    - delete net after replace net: `tags.a` changes, which forces a replacement
    "#);
}

/// What is not known yet may replace only where the named part is not known.
#[test]
fn a_part_that_is_not_known_may_replace_and_one_beside_it_may_not() {
    let program = |tag: &'static str, replaced: &'static str| {
        move |stack: &mut Stack| -> Result {
            let net = stack.add("net", Net::new("10.0.0.0/16").tag("a", tag))?;
            let second = Net::new("10.1.0.0/16").tag("etag", net.etag()).tag("fixed", "1");
            stack.add("second", second)?.replace_on_changes([replaced]);
            Ok(())
        }
    };
    assert_snapshot!(World::with(program("1", "tags.fixed")).plan(program("2", "tags.fixed")), @r#"
    ~ update net: `tags.a` changes
    ~ update second?: `tags.etag` is known after apply
    "#);
    assert_snapshot!(World::with(program("1", "tags.etag")).plan(program("2", "tags.etag")), @r#"
    ~ update net: `tags.a` changes
    ± replace second?: `tags.etag` is known after apply; a different value forces a replacement
    - delete second? after replace second: `tags.etag` is known after apply; a different value forces a replacement
    "#);
}

#[test]
fn a_path_that_leads_nowhere_is_refused_with_the_one_that_was_meant() {
    let mut stack = Stack::new("local/shop/dev".parse().unwrap(), crate::config::ConfigValues::default());
    stack
        .add("net", Net::new("10.0.0.0/16"))
        .unwrap()
        .ignore_changes(["tasg"])
        .replace_on_changes(["cidr.x"]);
    let errors: Vec<String> = stack.into_graph().unwrap_err().iter().map(ToString::to_string).collect();
    assert!(
        errors[0].ends_with("demo:net:Net has no input field `tasg`; did you mean `tags`?"),
        "{errors:?}"
    );
    assert!(
        errors[1].ends_with("`cidr` of demo:net:Net is a text, which has no part `cidr.x`"),
        "{errors:?}"
    );
}
