//! Compares inputs, field by field and, where fields are maps and lists, part by part.

use super::action::FieldChange;
use super::owned::{either, own};
use crate::schema::{Field, Normaliser, Schema};
use crate::value::{FieldPath, Map, Segment, Value, keep, parts};

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

/// A part of a field that differs, or may.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// Where it is.
    pub(crate) path: FieldPath,
    /// What is there.
    pub(crate) from: Option<Value>,
    /// What should be.
    pub(crate) to: Option<Value>,
    /// Whether it differs, or it cannot be told yet.
    pub(crate) difference: Difference,
}

impl Part {
    /// Tells whether what differs lies at or below one of these paths.
    pub(crate) fn touches(&self, paths: &[FieldPath]) -> bool {
        paths.iter().any(|path| {
            path.covers(&self.path) || path.below(&self.path).is_some_and(|below| self.differs_at(below))
        })
    }

    /// Tells whether the values differ, or may, where a path leads inside them.
    fn differs_at(&self, below: &[Segment]) -> bool {
        let found = |value: &Option<Value>| {
            let mut found = Vec::new();
            if let Some(value) = value {
                parts(value, below, &mut found);
            }
            found.into_iter().cloned().collect::<Vec<_>>()
        };
        self.to.as_ref().is_some_and(|to| is_unknown_at(to, below)) || found(&self.from) != found(&self.to)
    }

    pub(crate) fn into_change(self, replaces: bool) -> FieldChange {
        FieldChange { field: self.path.to_string(), from: self.from, to: self.to, replaces }
    }
}

/// Tells whether what is unknown of a value lies where a path leads, or may.
pub(crate) fn is_unknown_at(value: &Value, path: &[Segment]) -> bool {
    match (value.reveal(), path.split_first()) {
        (Value::Unknown, _) => true,
        (value, None) => value.has_unknown(),
        (Value::Map(map), Some((Segment::Key(key), rest))) => {
            map.get(key).is_some_and(|part| is_unknown_at(part, rest))
        }
        (Value::List(items), Some((Segment::Index(at), rest))) => {
            items.get(*at).is_some_and(|part| is_unknown_at(part, rest))
        }
        (Value::Map(map), Some((Segment::Every, rest))) => map.values().any(|part| is_unknown_at(part, rest)),
        (Value::List(items), Some((Segment::Every, rest))) => {
            items.iter().any(|part| is_unknown_at(part, rest))
        }
        (value, Some((Segment::Deep, _))) => value.has_unknown(),
        _ => false,
    }
}

/// Returns the parts in which two values of a field differ, or may: entries of maps by their key, items of lists of one
/// length by their place. Of what is secret only that it differs.
fn differences(field: &Field, from: Option<&Value>, to: Option<&Value>) -> Vec<Part> {
    let difference = compare(field, from, to);
    if difference == Difference::None {
        return Vec::new();
    }
    let whole = Part { path: FieldPath::of(&*field.name), from: from.cloned(), to: to.cloned(), difference };
    let mut found = Vec::new();
    // A set has no places, and what a function compares has no parts that mean anything alone.
    if !matches!(field.normaliser, Normaliser::Set | Normaliser::Function(_)) {
        split(field, &whole.path, (from, to), &mut found);
    }
    if found.is_empty() { vec![whole] } else { found }
}

fn split(field: &Field, path: &FieldPath, values: (Option<&Value>, Option<&Value>), found: &mut Vec<Part>) {
    match values {
        (Some(Value::Map(old)), Some(Value::Map(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                split(field, &path.join(Segment::Key(key.clone())), (old.get(key), new.get(key)), found);
            }
        }
        (Some(Value::List(old)), Some(Value::List(new))) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                split(field, &path.join(Segment::Index(at)), (Some(old), Some(new)), found);
            }
        }
        (from, to) => {
            let difference = match (from, to) {
                (_, Some(to)) if to.has_unknown() => Difference::Unknown,
                (Some(from), Some(to)) if field.normaliser.same(from, to) => return,
                (None, None) => return,
                _ => Difference::Changed,
            };
            found.push(Part { path: path.clone(), from: from.cloned(), to: to.cloned(), difference });
        }
    }
}

/// Tells whether a provider reports just what is wanted: every input that it gives back at all, and none that is not
/// wanted. `before` is what was sent earlier: of lists and maps that others write to, no entry of it may be left.
pub fn agree(schema: &Schema, before: &Map, wanted: &Map, reported: &Map) -> bool {
    schema.inputs().filter(|field| !field.write_only).all(|field| {
        let (wanted, reported) = (wanted.get(&*field.name), reported.get(&*field.name));
        if field.owned_entries.is_empty() {
            return compare(field, reported, wanted) == Difference::None;
        }
        let ours = either(before.get(&*field.name), wanted);
        let reported = reported.map(|reported| own(field, ours.as_ref(), reported));
        compare(field, reported.as_deref(), wanted) == Difference::None
    })
}

/// Returns the parts of a field that are reported otherwise than they were sent, `from` as reported and `to` as sent. What
/// was not sent, or is not reported, is no drift; of what others write to, the entries that were sent count.
pub(crate) fn drift(field: &Field, sent: Option<&Value>, seen: Option<&Value>) -> Vec<Part> {
    let (Some(sent), Some(seen)) = (sent, seen) else { return Vec::new() };
    if field.write_only {
        return Vec::new();
    }
    let mut parts = differences(field, Some(&own(field, Some(sent), seen)), Some(sent));
    parts.retain(|part| part.difference == Difference::Changed);
    parts
}

/// Tells whether a field is reported otherwise than it was sent.
pub(crate) fn drifts(field: &Field, sent: Option<&Value>, seen: Option<&Value>) -> bool {
    !drift(field, sent, seen).is_empty()
}

/// Returns what an imported object has of a field that the program sets to `wanted`, or not at all.
pub(crate) fn imported(field: &Field, wanted: Option<&Value>, reported: Option<&Value>) -> Option<Value> {
    let reported = reported.filter(|value| **value != Value::Null);
    match (wanted, reported) {
        // What a service does not give back is taken to be as declared.
        (Some(wanted), _) if field.write_only => Some(wanted.clone()),
        (None, _) if field.write_only || field.cloud_default => None,
        (wanted, Some(reported)) => Some(own(field, wanted, reported).into_owned()),
        (_, None) => None,
    }
}

/// Returns the inputs that the next call is to send: those that are wanted, with what is to be ignored as it is recorded.
pub(crate) fn with_ignored(mut inputs: Map, applied: &Map, ignored: &[FieldPath]) -> Map {
    for path in ignored {
        let wanted = inputs.remove(path.field());
        if let Some(kept) = keep(wanted, applied.get(path.field()), path.rest()) {
            inputs.insert(path.field().to_owned(), kept);
        }
    }
    inputs
}

/// Returns the parts in which `to` differs from `from`, or may; in the order of the schema.
pub(crate) fn changes(schema: &Schema, from: &Map, to: &Map) -> Vec<Part> {
    schema
        .inputs()
        .flat_map(|field| differences(field, from.get(&*field.name), to.get(&*field.name)))
        .collect()
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

    /// An update that was to remove an entry and was interrupted has happened when that is gone, whatever others have.
    #[test]
    fn a_report_agrees_when_the_entries_that_were_dropped_are_gone_and_those_of_others_do_not_count() {
        let tags = |tags: &[&str]| -> Map {
            let tags = tags.iter().map(|tag| ((*tag).to_owned(), Value::from("x")));
            [("tags".to_owned(), Value::Map(tags.collect()))].into()
        };
        let schema = Disk::schema();
        let (before, wanted) = (tags(&["kept", "dropped"]), tags(&["kept"]));
        assert!(agree(&schema, &before, &wanted, &tags(&["kept", "theirs"])));
        assert!(!agree(&schema, &before, &wanted, &tags(&["kept", "dropped", "theirs"])));
        assert!(!agree(&schema, &before, &wanted, &tags(&["theirs"])));
    }
}
