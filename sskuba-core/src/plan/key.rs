//! Keys: which object it is, where a kind has at most one with certain values in a place.

use crate::address::{Address, Kind};
use crate::schema::{Field, Schema, Text};
use crate::state::{PlaceId, Record};
use crate::value::{Map, Value};

/// The place in which a key is unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Within {
    /// A place that the stack knows.
    Place(PlaceId),
    /// Wherever a provider instance works; none for the default one.
    Instance(Option<Address>),
}

impl Within {
    /// Returns a place that the stack knows; else wherever a provider instance works.
    pub fn new(place: Option<PlaceId>, instance: Option<&Address>) -> Self {
        place.map_or_else(|| Self::Instance(instance.cloned()), Self::Place)
    }

    /// Returns the place of a recorded object.
    pub fn of(record: &Record) -> Self {
        Self::new(record.place, record.provider.as_ref())
    }
}

/// The value of one key of an object. Equal keys of two objects of a kind mean that they are the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    kind: Kind,
    number: usize,
    within: Within,
    values: Vec<u8>,
}

/// What is known of the keys of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Those that are known. An object has not the keys of which a field is not set.
    pub known: Vec<Key>,
    /// Whether there may be another one: a field is not known yet.
    pub unknown: bool,
}

impl Keys {
    /// Returns the keys of an object with these inputs.
    pub fn of(schema: &Schema, inputs: &Map, within: &Within) -> Self {
        let mut keys = Self::default();
        for (number, fields) in schema.unique.iter().enumerate() {
            let mut values = Vec::with_capacity(64);
            let state =
                fields.iter().map(|name| add(schema.field(name), inputs.get(&**name), &mut values)).max();
            match state {
                Some(Part::Known) => {
                    let (kind, within) = (schema.kind.clone(), within.clone());
                    keys.known.push(Key { kind, number, within, values });
                }
                Some(Part::Unknown) => keys.unknown = true,
                Some(Part::Absent) | None => {}
            }
        }
        keys
    }

    /// Returns the keys of a recorded object.
    pub fn recorded(schema: &Schema, record: &Record) -> Self {
        Self::of(schema, &record.applied, &Within::of(record))
    }

    /// Tells whether a recorded object may be another one, as far as it is recorded where it is.
    pub fn may_meet(&self, other: &Self) -> bool {
        self.known.iter().any(|key| other.known.iter().any(|other| key.may_be(other)))
    }

    /// Tells whether two objects are one.
    pub fn meet(&self, other: &Self) -> bool {
        self.known.iter().any(|key| other.known.contains(key))
    }
}

impl Key {
    /// Tells whether it is the same, or may be, because where its object is, is not recorded.
    fn may_be(&self, other: &Self) -> bool {
        let same = (&self.kind, self.number, &self.values) == (&other.kind, other.number, &other.values);
        same && (self.within == other.within || matches!(self.within, Within::Instance(_)))
    }
}

/// What is known of a part of a key; what is worst is last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Known,
    Unknown,
    Absent,
}

fn add(field: Option<&Field>, value: Option<&Value>, values: &mut Vec<u8>) -> Part {
    match (field, value) {
        (_, None | Some(Value::Null)) | (None, _) => Part::Absent,
        (_, Some(value)) if value.has_unknown() => Part::Unknown,
        (Some(field), Some(value)) => {
            // The length first, so that two fields cannot share out their texts in two ways.
            let start = values.len();
            values.extend([0; 8]);
            field.normaliser.apply(value).canonical(&mut |part| values.extend_from_slice(part));
            let length = (values.len() - start) as u64;
            values[start..start + 8].copy_from_slice(&length.to_le_bytes());
            Part::Known
        }
    }
}

/// Writes the keys that inputs give an object, for people: `table rtb-1, destination 0.0.0.0/0`. Secrets are masked.
pub fn describe(schema: &Schema, inputs: &Map) -> String {
    let text = |name: &Text| inputs.get(&**name).map(|value| format!("{name} {}", plain(value)));
    let key =
        |fields: &Vec<Text>| fields.iter().map(text).collect::<Option<Vec<_>>>().map(|all| all.join(", "));
    schema.unique.iter().filter_map(key).collect::<Vec<_>>().join("; ")
}

fn plain(value: &Value) -> String {
    match value.masked() {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}
