//! Lists and maps that others write to as well: which of their entries are the program's.

use std::borrow::Cow;

use crate::schema::Field;
use crate::value::{Map, Segment, Value};

/// Returns the part of a reported value that is the program's, who set `sent`: all of it, but where a field is marked
/// `owned_entries` the entries that it sent alone. What it sent and nobody reports is missing.
pub(crate) fn own<'v>(field: &Field, sent: Option<&Value>, reported: &'v Value) -> Cow<'v, Value> {
    if field.owned_entries.is_empty() {
        return Cow::Borrowed(reported);
    }
    let rules: Vec<&[Segment]> = field.owned_entries.iter().map(|path| path.rest()).collect();
    Cow::Owned(own_parts(field, sent, reported, &rules))
}

fn own_parts(field: &Field, sent: Option<&Value>, reported: &Value, rules: &[&[Segment]]) -> Value {
    if let Value::Secret(_) = reported {
        return own_parts(field, sent, reported.reveal(), rules).into_secret();
    }
    let sent = sent.map(Value::reveal);
    let deep = rules.iter().any(|rule| *rule == [Segment::Deep]);
    match (reported, sent) {
        (Value::Map(all), Some(Value::Map(sent))) => {
            let entries = all.iter().filter(|(key, _)| !by_entry(rules) || sent.contains_key(*key));
            let part = |(key, value): (&String, &Value)| {
                let below = below(rules, &Segment::Key(key.clone()));
                (key.clone(), own_below(field, sent.get(key), value, &below))
            };
            Value::Map(entries.map(part).collect())
        }
        (Value::List(all), Some(Value::List(sent))) if by_entry(rules) && !deep => {
            let is_there = |item: &&Value| all.iter().any(|there| field.normaliser.same(there, item));
            Value::List(sent.iter().filter(is_there).cloned().collect())
        }
        (Value::List(all), Some(Value::List(sent))) => {
            let part = |(at, value): (usize, &Value)| {
                own_below(field, sent.get(at), value, &below(rules, &Segment::Index(at)))
            };
            Value::List(all.iter().enumerate().map(part).collect())
        }
        (Value::Map(_), _) if by_entry(rules) => Value::Map(Map::new()),
        (Value::List(_), _) if by_entry(rules) => Value::List(Vec::new()),
        (other, _) => other.clone(),
    }
}

fn own_below(field: &Field, sent: Option<&Value>, reported: &Value, rules: &[&[Segment]]) -> Value {
    if rules.is_empty() { reported.clone() } else { own_parts(field, sent, reported, rules) }
}

/// Tells whether the entries of the value itself are owned one by one.
fn by_entry(rules: &[&[Segment]]) -> bool {
    rules.iter().any(|rule| matches!(rule, [] | [Segment::Deep]))
}

/// Returns the rules that lead on into one entry.
fn below<'r>(rules: &[&'r [Segment]], to: &Segment) -> Vec<&'r [Segment]> {
    let next = |rule: &&'r [Segment]| match rule.split_first()? {
        (Segment::Deep, _) => Some(*rule),
        (first, rest) => (first == to || *first == Segment::Every).then_some(rest),
    };
    rules.iter().filter_map(next).collect()
}

/// Returns the entries that were sent before or are wanted now; where a value is not one of a list or map, the wanted one.
/// What is reported of them tells whether a change has happened: a dropped entry that is still there says that it has not.
pub(crate) fn either(before: Option<&Value>, wanted: Option<&Value>) -> Option<Value> {
    match (before.map(Value::reveal), wanted.map(Value::reveal)) {
        (Some(Value::Map(before)), Some(Value::Map(wanted))) => {
            let dropped = before.iter().filter(|(key, _)| !wanted.contains_key(*key));
            let of_both = wanted
                .iter()
                .map(|(key, value)| (key.clone(), either(before.get(key), Some(value)).unwrap_or_default()));
            Some(Value::Map(
                dropped.map(|(key, value)| (key.clone(), value.clone())).chain(of_both).collect(),
            ))
        }
        (Some(Value::List(before)), Some(Value::List(wanted))) => {
            let dropped = before.iter().filter(|item| !wanted.contains(item));
            Some(Value::List(wanted.iter().chain(dropped).cloned().collect()))
        }
        (Some(before @ (Value::Map(_) | Value::List(_))), None) => Some(before.clone()),
        (_, wanted) => wanted.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::prelude::*;
    use crate::value::FieldPath;

    /// Something with parts that others write to.
    #[derive(Resource)]
    #[resource(kind = "demo:owned:Thing", idempotency = "token")]
    struct Thing {
        /// What it is like.
        #[resource(owned_entries = "spec.labels, spec.rules[*].tags")]
        spec: Input<serde_json::Value>,
        /// The id.
        id: Computed<String>,
    }

    fn owned(field: &Field, sent: serde_json::Value, reported: serde_json::Value) -> serde_json::Value {
        let (sent, reported) = (Value::from_json(sent), Value::from_json(reported));
        own(field, Some(&sent), &reported).exposed().unwrap()
    }

    #[test]
    fn of_marked_places_the_entries_that_were_sent_count_and_of_others_all() {
        let schema = Thing::schema();
        let field = schema.field("spec").unwrap();
        assert_eq!(
            owned(
                field,
                json!({"labels": {"a": 1, "gone": 1}, "rules": [{"tags": ["x", "y"]}]}),
                json!({"labels": {"a": 2, "theirs": 3}, "rules": [{"tags": ["z", "x"], "n": 1}], "size": 4}),
            ),
            json!({"labels": {"a": 2}, "rules": [{"tags": ["x"], "n": 1}], "size": 4})
        );
        assert_eq!(owned(field, json!({}), json!({"labels": {"theirs": 1}})), json!({"labels": {}}));
    }

    #[test]
    fn to_any_depth_what_was_not_sent_is_of_others() {
        let field = Field { owned_entries: vec![FieldPath::parse("spec.**").unwrap()], ..Field::of("spec") };
        assert_eq!(
            owned(
                &field,
                json!({"replicas": 1, "template": {"containers": [{"name": "web"}]}}),
                json!({"replicas": 2, "paused": false,
                       "template": {"containers": [{"name": "web", "pull": "Always"}], "grace": 30}}),
            ),
            json!({"replicas": 2, "template": {"containers": [{"name": "web"}]}})
        );
    }
}
