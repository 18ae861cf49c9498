//! Where objects are.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::schema::Schema;
use crate::value::{Map, Value};

/// Where the objects of a provider instance are: the service's own unique ids of an account and a region, of a
/// subscription, of a server. The same id asked for in another place is "not found", which must never be read as "gone".
///
/// ```
/// use sskuba_core::provider::Place;
///
/// let here = Place::of([("account", "123456789012"), ("region", "eu-west-1")]);
/// assert_eq!(here.to_string(), "account 123456789012, region eu-west-1");
/// assert!(Place::default().is_empty());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(BTreeMap<String, String>);

impl Place {
    /// Makes a place of its parts.
    pub fn of<K: Into<String>, V: Into<String>>(parts: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(parts.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// Returns what the settings of a provider instance say of it: the fields that its kind marks, as far as they are
    /// set and known.
    pub fn of_settings(schema: &Schema, settings: &Map) -> Self {
        let fields = schema.inputs().filter(|field| schema.is_place(field));
        let set = fields.filter_map(|field| Some((&*field.name, settings.get(&*field.name)?)));
        Self::of(set.filter_map(|(name, value)| match value.reveal() {
            Value::Null | Value::Unknown => None,
            Value::String(text) => Some((name, text.clone())),
            other => Some((name, other.masked().to_string())),
        }))
    }

    /// Tells whether nothing is said of it: of a provider whose objects are wherever the program runs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns its parts, in the order of their names.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Adds what another says of the same place; where both say something, the other has found it out.
    #[must_use]
    pub fn and(mut self, found: Self) -> Self {
        self.0.extend(found.0);
        self
    }

    /// Tells whether the two cannot be the same: they say different things of one part.
    pub fn contradicts(&self, other: &Self) -> bool {
        self.0.iter().any(|(key, value)| other.0.get(key).is_some_and(|other| other != value))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("the place where the program runs");
        }
        let parts: Vec<String> = self.0.iter().map(|(key, value)| format!("{key} {value}")).collect();
        f.write_str(&parts.join(", "))
    }
}
