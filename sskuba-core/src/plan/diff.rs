//! Compares inputs field by field.

use super::action::FieldChange;
use crate::schema::{Field, Schema};
use crate::value::{Map, Value};

/// How the two values of a field compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Difference {
    /// They mean the same.
    None,
    /// They differ.
    Changed,
    /// It cannot be told yet.
    Unknown,
}

pub(crate) fn compare(field: &Field, from: Option<&Value>, to: Option<&Value>) -> Difference {
    match (from, to) {
        (None, None) => Difference::None,
        // The service chooses where the program is silent.
        (_, None) if field.cloud_default => Difference::None,
        (_, Some(to)) if to.has_unknown() => Difference::Unknown,
        (Some(from), Some(to)) if field.normaliser.same(from, to) => Difference::None,
        // Nothing and an empty collection mean the same.
        (None, Some(value)) | (Some(value), None) if is_empty(value) => Difference::None,
        _ => Difference::Changed,
    }
}

fn is_empty(value: &Value) -> bool {
    match value.reveal() {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Tells whether a provider reports just what is wanted: every input that it gives back at all, and none that is not
/// wanted.
pub fn agree(schema: &Schema, wanted: &Map, reported: &Map) -> bool {
    schema.inputs().filter(|field| !field.write_only).all(|field| {
        let (wanted, reported) = (wanted.get(field.name), reported.get(field.name));
        compare(field, reported, wanted) == Difference::None
    })
}

/// Tells whether a field is reported otherwise than it was sent. What was not sent, or is not reported, is no drift; of
/// what others write to, the entries that were sent count.
pub(crate) fn drifts(field: &Field, sent: Option<&Value>, seen: Option<&Value>) -> bool {
    let (Some(sent), Some(seen)) = (sent, seen) else { return false };
    if field.write_only {
        return false;
    }
    if field.owned_entries {
        return !has_entries(field, seen, sent);
    }
    compare(field, Some(seen), Some(sent)) == Difference::Changed
}

/// Tells whether a list or map has all entries of another.
fn has_entries(field: &Field, all: &Value, some: &Value) -> bool {
    match (all.reveal(), some.reveal()) {
        (Value::Map(all), Value::Map(some)) => some
            .iter()
            .all(|(key, value)| all.get(key).is_some_and(|there| field.normaliser.same(there, value))),
        (Value::List(all), Value::List(some)) => {
            let has = |item: &Value| all.iter().any(|there| field.normaliser.same(there, item));
            some.iter().all(has)
        }
        (_, some) => is_empty(some) || field.normaliser.same(all, some),
    }
}

/// Returns what an imported object has of a field that the program sets to `wanted`, or not at all.
pub(crate) fn imported(field: &Field, wanted: Option<&Value>, reported: Option<&Value>) -> Option<Value> {
    let reported = reported.filter(|value| **value != Value::Null);
    match (wanted, reported) {
        // What a service does not give back is taken to be as declared.
        (Some(wanted), _) if field.write_only => Some(wanted.clone()),
        (None, _) if field.write_only || field.cloud_default => None,
        (wanted, Some(reported)) if field.owned_entries => Some(own_entries(wanted, reported)),
        (_, reported) => reported.cloned(),
    }
}

/// Returns those entries of a list or map that the program sets, too.
fn own_entries(wanted: Option<&Value>, reported: &Value) -> Value {
    match (wanted.map(Value::reveal), reported.reveal()) {
        (Some(Value::Map(wanted)), Value::Map(all)) => {
            let own = all.iter().filter(|(key, _)| wanted.contains_key(*key));
            Value::Map(own.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        (Some(Value::List(wanted)), Value::List(all)) => {
            Value::List(all.iter().filter(|item| wanted.contains(item)).cloned().collect())
        }
        (_, Value::Map(_)) => Value::Map(Map::new()),
        (_, Value::List(_)) => Value::List(Vec::new()),
        (_, other) => other.clone(),
    }
}

/// Returns the inputs that the next call is to send: those that are wanted, with the fields that are to be ignored
/// taken from what is recorded.
pub(crate) fn with_ignored(mut inputs: Map, applied: &Map, ignored: &[String]) -> Map {
    for field in ignored {
        match applied.get(field) {
            Some(value) => inputs.insert(field.clone(), value.clone()),
            None => inputs.remove(field),
        };
    }
    inputs
}

/// Returns the fields in which `to` differs from `from`, or may; in the order of the schema.
pub(crate) fn changes(
    schema: &Schema,
    from: &Map,
    to: &Map,
    replaces: impl Fn(&Field) -> bool,
) -> Vec<(FieldChange, Difference)> {
    let mut found = Vec::new();
    for field in schema.inputs() {
        let (old, new) = (from.get(field.name), to.get(field.name));
        let difference = compare(field, old, new);
        if difference != Difference::None {
            let change = FieldChange {
                field: field.name.to_owned(),
                from: old.cloned(),
                to: new.cloned(),
                replaces: replaces(field),
            };
            found.push((change, difference));
        }
    }
    found
}

/// Returns the fields in which other parts are secret than before, with whether any part is now. What is not known yet
/// is not compared.
pub(crate) fn secrecy_changes(from: &Map, to: &Map) -> Vec<(String, bool)> {
    let differs = |from: &Value, to: &Value| {
        (from.has_secret() || to.has_secret()) && !to.has_unknown() && from.masked() != to.masked()
    };
    let both = to.iter().filter_map(|(name, to)| Some((name, from.get(name)?, to)));
    both.filter(|(_, from, to)| differs(from, to))
        .map(|(name, _, to)| (name.clone(), to.has_secret()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// A disk.
    #[derive(Resource)]
    #[resource(kind = "demo:diff:Disk", idempotency = "token")]
    struct Disk {
        /// Where it is.
        #[resource(cloud_default)]
        zone: Option<Input<String>>,
        /// A note.
        note: Option<Input<String>>,
        /// A key.
        #[resource(write_only)]
        key: Option<Input<String>>,
        /// Labels.
        #[resource(default, owned_entries)]
        tags: Input<std::collections::BTreeMap<String, String>>,
        /// The id.
        id: Computed<String>,
    }

    fn field(name: &str) -> Field {
        Disk::schema().field(name).unwrap().clone()
    }

    #[test]
    fn what_the_service_chose_where_the_program_is_silent_is_no_difference() {
        let (there, here) = (Value::from("zone-b"), Value::from("zone-a"));
        assert_eq!(compare(&field("zone"), Some(&there), None), Difference::None);
        assert_eq!(compare(&field("zone"), Some(&there), Some(&here)), Difference::Changed);
        assert_eq!(compare(&field("note"), Some(&there), None), Difference::Changed);
        assert_eq!(imported(&field("zone"), None, Some(&there)), None);
        assert_eq!(imported(&field("note"), None, Some(&there)), Some(there));
    }

    #[test]
    fn what_was_set_and_is_reported_otherwise_is_drift_but_for_what_is_never_reported_or_is_of_others() {
        let (sent, null) = (Value::from("sent"), Value::Null);
        assert!(drifts(&field("note"), Some(&sent), Some(&null)));
        assert!(!drifts(&field("note"), Some(&sent), None), "it is not reported");
        assert!(!drifts(&field("note"), None, Some(&sent)), "the program says nothing of it");
        assert!(!drifts(&field("key"), Some(&sent), Some(&null)));
        let tags =
            |tags: &[&str]| Value::Map(tags.iter().map(|tag| ((*tag).to_owned(), "x".into())).collect());
        assert!(!drifts(&field("tags"), Some(&tags(&["a"])), Some(&tags(&["a", "theirs"]))));
        assert!(drifts(&field("tags"), Some(&tags(&["a"])), Some(&tags(&["theirs"]))));
    }
}
