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

/// Tells whether a provider reports just what is wanted: every input, and none that is not wanted.
pub fn agree(schema: &Schema, wanted: &Map, reported: &Map) -> bool {
    schema.inputs().all(|field| {
        let (wanted, reported) = (wanted.get(field.name), reported.get(field.name));
        compare(field, wanted, reported) == Difference::None
    })
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
