//! Differences of parts, for values of any shape.

use proptest::prelude::*;

use super::diff::{Difference, changes, with_ignored};
use crate::schema::{Field, Schema};
use crate::value::{FieldPath, Map, Segment, Value};

/// A kind with one field that may be anything.
fn schema() -> Schema {
    Schema { fields: vec![Field::of("f")], ..Schema::of("demo:parts:Thing".parse().unwrap()) }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (0..4_u8).prop_map(Value::from),
        "[ab]{0,2}".prop_map(|text| Value::from(text.as_str())),
        "[ab]{0,2}".prop_map(|text| Value::from(text.as_str()).into_secret()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::btree_map("[abc.]", inner.clone(), 0..3)
                .prop_map(|map| Value::Map(map.into_iter().collect())),
            prop::collection::btree_map("[ab]", inner, 1..3)
                .prop_map(|map| Value::Map(map.into_iter().collect()).into_secret()),
        ]
    })
}

/// The fields of a resource; one that is `Null` is left out, as a schema does it.
fn fields(value: Value) -> Map {
    if value == Value::Null { Map::new() } else { [("f".to_owned(), value)].into() }
}

/// Puts a part where its path leads: another way to say what a difference is.
fn put(into: Value, path: &[Segment], part: Option<Value>) -> Option<Value> {
    let Some((first, rest)) = path.split_first() else { return part };
    match (first, into) {
        (Segment::Key(key), Value::Map(mut map)) => {
            let old = map.remove(key).unwrap_or_default();
            if let Some(new) = put(old, rest, part) {
                map.insert(key.clone(), new);
            }
            Some(Value::Map(map))
        }
        (Segment::Index(at), Value::List(mut items)) => {
            let old = std::mem::take(&mut items[*at]);
            items[*at] = put(old, rest, part).unwrap_or_default();
            Some(Value::List(items))
        }
        (_, other) => panic!("a path leads through {other:?}"),
    }
}

/// Returns what a path of keys and places leads to.
fn at(value: Option<&Value>, path: &[Segment]) -> Option<Value> {
    let Some((first, rest)) = path.split_first() else { return value.cloned() };
    match (first, value?.reveal()) {
        (Segment::Key(key), Value::Map(map)) => at(map.get(key), rest),
        (Segment::Index(place), Value::List(items)) => at(items.get(*place), rest),
        _ => None,
    }
}

/// The paths of all parts of a value.
fn paths(value: &Value, path: &FieldPath, found: &mut Vec<FieldPath>) {
    found.push(path.clone());
    match value.reveal() {
        Value::Map(map) => {
            map.iter().for_each(|(key, part)| paths(part, &path.join(Segment::Key(key.clone())), found));
        }
        Value::List(items) => {
            items.iter().enumerate().for_each(|(i, part)| paths(part, &path.join(Segment::Index(i)), found));
        }
        _ => {}
    }
}

/// Found by the property below: a part that has nothing to keep lost that it was said to be nothing.
#[test]
fn what_is_said_to_be_nothing_stays_where_nothing_is_kept() {
    let map = |part: Value| Value::Map([("a".to_owned(), part)].into());
    let from = fields(map(map(Value::List(vec![Value::Null]))).into_secret());
    let to = fields(map(Value::Null));
    let ignored = [FieldPath::parse("f.a.a[0]").unwrap()];
    assert_eq!(with_ignored(to.clone(), &from, &ignored), to);
}

proptest! {
    /// Whoever puts all parts that differ where they belong has what is wanted, and of what does not differ there is none.
    #[test]
    fn the_parts_that_differ_are_the_whole_difference(from in value(), to in value()) {
        let parts = changes(&schema(), &fields(from.clone()), &fields(to.clone()));
        prop_assert!(parts.iter().all(|part| part.difference == Difference::Changed));
        let mut made = from.clone();
        for part in parts {
            prop_assert_ne!(&part.from, &part.to);
            made = put(made, part.path.rest(), part.to).unwrap_or_default();
        }
        let left = changes(&schema(), &fields(made), &fields(to));
        prop_assert!(left.is_empty(), "{left:?}");
    }

    /// Where an ignored path leads, the recorded value stays, and no difference is found there.
    #[test]
    fn what_is_ignored_stays_as_it_is(from in value(), to in value(), pick in any::<prop::sample::Index>()) {
        let mut all = Vec::new();
        paths(&from, &FieldPath::of("f"), &mut all);
        let path = pick.get(&all).clone();
        let (from, to) = (fields(from), fields(to));
        let kept = with_ignored(to.clone(), &from, std::slice::from_ref(&path));
        // What is wanted may have no such part to keep: then it stays as it is wanted.
        let (was, is) = (at(from.get("f"), path.rest()), at(kept.get("f"), path.rest()));
        prop_assert!(is == was || kept == to, "{path}: {was:?} {is:?}");
        if is == was {
            let touched = changes(&schema(), &from, &kept);
            prop_assert!(touched.iter().all(|part| !path.covers(&part.path)), "{path}: {touched:?}");
        }
    }

    /// Neither order nor spelling of a path matters for what it covers.
    #[test]
    fn a_part_is_touched_by_its_own_path_and_by_those_around_it(from in value(), to in value()) {
        for part in changes(&schema(), &fields(from), &fields(to)) {
            let own = FieldPath::parse(&part.path.to_string()).unwrap();
            prop_assert!(part.touches(&[own]) && part.touches(&[FieldPath::of("f")]));
            prop_assert!(!part.touches(&[FieldPath::of("g")]));
        }
    }
}
