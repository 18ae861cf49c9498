//! Values: what JSON can say, plus *unknown* (not known before the apply) and *secret*.
//!
//! A `Value` implements neither `Serialize` nor `Display`, so a secret cannot leave by accident: it is written
//! masked with [`Value::masked`], in the clear with [`Value::exposed`], or sealed by the state's format.

mod limits;
mod made_of;
mod map;
mod path;
mod secrecy;
mod typed;

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use zeroize::Zeroize;

pub use self::limits::{MOST_BYTES, MOST_DEPTH, Measure};
pub(crate) use self::limits::{check_map, take_excess};
pub(crate) use self::made_of::{MadeOf, SHORTEST};
pub use self::map::Map;
pub use self::path::{FieldPath, PathError, Segment};
pub(crate) use self::path::{keep, keep_each, parts};
pub(crate) use self::secrecy::becomes_secret;
pub(crate) use self::typed::Faults;
use crate::secret::{self, CARRIER, MASK};

/// What the preview shows for a value that only the apply will know.
pub const UNKNOWN: &str = "(known after apply)";

/// A value of a resource's field. Its `Debug` reads like JSON, with secrets masked.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A text.
    String(String),
    /// A sequence.
    List(Vec<Value>),
    /// Fields by name.
    Map(Map),
    /// A value that is masked wherever it is shown and sealed wherever it is stored.
    Secret(Hidden),
    /// A value that is not known before something else has been applied.
    Unknown,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::String(s) => write!(f, "{s:?}"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Map(map) => map.fmt(f),
            Self::Secret(hidden) => hidden.fmt(f),
            Self::Unknown => f.write_str(UNKNOWN),
        }
    }
}

/// The inside of a secret value; zeroed when dropped.
#[derive(Clone)]
pub struct Hidden {
    value: Box<Value>,
    /// What it was made of, as far as that is known: a service may repeat a part alone.
    made_of: Option<Arc<MadeOf>>,
}

/// Two secrets are equal if their values are, whatever they were made of.
impl PartialEq for Hidden {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        wipe(&mut self.value);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::List(items) => items.iter_mut().for_each(wipe),
        Value::Map(map) => map.values_mut().for_each(wipe),
        Value::Number(number) => *number = 0.into(),
        _ => {}
    }
}

/// Says why a typed value and a [`Value`] could not be turned into each other. Never holds a value's text when
/// a secret is involved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(pub String);

impl Value {
    /// Turns a typed value into a `Value`; secrets inside stay secret.
    ///
    /// # Errors
    /// If `T` serialises to something JSON cannot say, such as a number that is none or a map whose keys are not
    /// texts, or to more than a value may be (see [`Measure`]).
    pub fn of<T: Serialize + ?Sized>(typed: &T) -> Result<Self, ValueError> {
        let value = secret::exposing(|| typed::value_of(typed))?;
        value.measure().check()?;
        Ok(value)
    }

    /// Reads this value as a `T`; secrets are opened on the way, so let `T` hold them as `Secret`.
    ///
    /// # Errors
    /// If the value has another shape, or is not known yet.
    pub fn get<T: DeserializeOwned>(&self) -> Result<T, ValueError> {
        read(self.exposed()?, self.has_secret())
    }

    /// Reads this value as a `T`, as [`Value::get`] does, without a copy of its texts.
    ///
    /// # Errors
    /// As [`Value::get`].
    pub fn take<T: DeserializeOwned>(self) -> Result<T, ValueError> {
        let hide = self.has_secret();
        read(self.into_exposed()?, hide)
    }

    /// Turns JSON into a value; the carriers of secrets become secrets.
    pub fn from_json(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(b) => Self::Bool(b),
            Json::Number(n) => Self::Number(n),
            Json::String(s) => Self::String(s),
            Json::Array(items) => Self::List(items.into_iter().map(Self::from_json).collect()),
            Json::Object(mut map) => {
                if map.len() == 1
                    && let Some(inner) = map.remove(CARRIER)
                {
                    return Self::from_json(inner).into_secret();
                }
                Self::Map(map.into_iter().map(|(k, v)| (k, Self::from_json(v))).collect())
            }
        }
    }

    /// Marks the value as secret.
    #[must_use]
    pub fn into_secret(self) -> Self {
        match self {
            Self::Secret(_) | Self::Unknown | Self::Null => self,
            other => Self::Secret(Hidden { value: Box::new(other), made_of: None }),
        }
    }

    /// Returns the JSON with secrets in the clear. For providers and for sealing alone.
    ///
    /// # Errors
    /// If a part is not known yet.
    pub fn exposed(&self) -> Result<Json, ValueError> {
        Ok(match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Number(n) => Json::Number(n.clone()),
            Self::String(s) => Json::String(s.clone()),
            Self::List(items) => Json::Array(items.iter().map(Self::exposed).collect::<Result<_, _>>()?),
            Self::Map(map) => Json::Object(exposed_map(map)?),
            Self::Secret(hidden) => hidden.value.exposed()?,
            Self::Unknown => return Err(ValueError("is not known yet".into())),
        })
    }

    /// Turns into the JSON with secrets in the clear; see [`Value::exposed`].
    fn into_exposed(self) -> Result<Json, ValueError> {
        Ok(match self {
            Self::String(s) => Json::String(s),
            Self::List(items) => {
                Json::Array(items.into_iter().map(Self::into_exposed).collect::<Result<_, _>>()?)
            }
            Self::Map(map) => {
                let open = |(key, value): (String, Self)| Ok((key, value.into_exposed()?));
                Json::Object(map.into_iter().map(open).collect::<Result<_, _>>()?)
            }
            rest => rest.exposed()?,
        })
    }

    /// Returns the JSON that may be shown: secrets masked, unknown parts named as such.
    pub fn masked(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(b) => Json::Bool(*b),
            Self::Number(n) => Json::Number(n.clone()),
            Self::String(s) => Json::String(s.clone()),
            Self::List(items) => Json::Array(items.iter().map(Self::masked).collect()),
            Self::Map(map) => Json::Object(map.iter().map(|(k, v)| (k.clone(), v.masked())).collect()),
            Self::Secret(_) => MASK.into(),
            Self::Unknown => UNKNOWN.into(),
        }
    }

    /// Opens the outermost secret, if it is one.
    pub fn reveal(&self) -> &Self {
        match self {
            Self::Secret(hidden) => hidden.value.reveal(),
            other => other,
        }
    }

    /// Opens the outermost secret, if it is one, without a copy.
    fn into_revealed(self) -> Self {
        match self {
            Self::Secret(mut hidden) => std::mem::take(&mut *hidden.value).into_revealed(),
            other => other,
        }
    }

    /// Tells whether any part is secret.
    pub fn has_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::List(items) => items.iter().any(Self::has_secret),
            Self::Map(map) => map.values().any(Self::has_secret),
            _ => false,
        }
    }

    /// Tells whether any part is unknown.
    pub fn has_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::List(items) => items.iter().any(Self::has_unknown),
            Self::Map(map) => map.values().any(Self::has_unknown),
            _ => false,
        }
    }

    /// Returns the text, if the value is one; opens a secret.
    pub fn as_str(&self) -> Option<&str> {
        match self.reveal() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Names the value's sort, for messages.
    pub fn sort(&self) -> &'static str {
        match self.reveal() {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Secret(_) => "a secret",
            Self::Unknown => "unknown",
        }
    }

    /// Feeds a canonical form to `sink`: the same bytes for equal values, other bytes for different ones.
    /// Whether a value is secret does not count.
    pub fn canonical(&self, sink: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Null => sink(b"n"),
            Self::Bool(b) => sink(if *b { b"t" } else { b"f" }),
            Self::Number(n) => text(b"#", &canonical_number(n), sink),
            Self::String(s) => text(b"s", s, sink),
            Self::List(items) => {
                text(b"l", &items.len().to_string(), sink);
                items.iter().for_each(|item| item.canonical(sink));
            }
            Self::Map(map) => canonical_map(map, sink),
            Self::Secret(hidden) => hidden.value.canonical(sink),
            Self::Unknown => sink(b"?"),
        }
    }
}

fn read<T: DeserializeOwned>(json: Json, hide: bool) -> Result<T, ValueError> {
    serde_json::from_value(json).map_err(|error| {
        ValueError(if hide { "has another type (its text is secret)".into() } else { error.to_string() })
    })
}

/// Feeds the canonical form of a map to `sink`; see [`Value::canonical`].
pub fn canonical_map(map: &Map, sink: &mut dyn FnMut(&[u8])) {
    text(b"m", &map.len().to_string(), sink);
    for (key, value) in map {
        text(b"k", key, sink);
        value.canonical(sink);
    }
}

fn text(tag: &[u8], text: &str, sink: &mut dyn FnMut(&[u8])) {
    sink(tag);
    sink(&(text.len() as u64).to_le_bytes());
    sink(text.as_bytes());
}

/// Writes whole numbers alike, however they were spelt (`1`, `1.0`).
fn canonical_number(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => format!("{float:.0}"),
        _ => number.to_string(),
    }
}

/// Returns a map's JSON with secrets in the clear; see [`Value::exposed`].
///
/// # Errors
/// If a part is not known yet.
pub fn exposed_map(map: &Map) -> Result<serde_json::Map<String, Json>, ValueError> {
    map.iter()
        .map(|(key, value)| {
            let json = value.exposed().map_err(|error| ValueError(format!("`{key}` {error}")))?;
            Ok((key.clone(), json))
        })
        .collect()
}

/// Reads a map as a `T`; see [`Value::get`].
///
/// # Errors
/// If a field is missing or has another type, or is not known yet.
pub fn get_map<T: DeserializeOwned>(map: &Map) -> Result<T, ValueError> {
    let hide = map.values().any(Value::has_secret);
    serde_json::from_value(Json::Object(exposed_map(map)?)).map_err(|error| {
        ValueError(if hide {
            "a field has another type (texts are secret)".into()
        } else {
            error.to_string()
        })
    })
}

/// Turns a typed struct into a map; see [`Value::of`].
///
/// # Errors
/// If `T` does not serialise to an object.
pub fn map_of<T: Serialize + ?Sized>(typed: &T) -> Result<Map, ValueError> {
    match Value::of(typed)? {
        Value::Map(map) => Ok(map),
        other => Err(ValueError(format!("is {}, not a map", other.sort()))),
    }
}

/// Turns a typed struct into as much of a map as can be recorded, and returns the fields that cannot, and why.
///
/// # Errors
/// If `T` does not serialise to an object.
pub(crate) fn fields_of<T: Serialize + ?Sized>(typed: &T) -> Result<(Map, Faults), ValueError> {
    secret::exposing(|| typed::fields_of(typed))
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

macro_rules! from_integers {
    ($($ty:ty),*) => { $(impl From<$ty> for Value {
        fn from(n: $ty) -> Self {
            Self::Number(n.into())
        }
    })* };
}

from_integers!(i32, i64, u8, u16, u32, u64);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn digest(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.canonical(&mut |part| bytes.extend_from_slice(part));
        bytes
    }

    #[test]
    fn secrets_stay_secret_through_types_and_back() {
        #[derive(Serialize)]
        struct Login {
            user: String,
            password: Secret<String>,
        }
        let value = Value::of(&Login { user: "ann".into(), password: "canary".into() }).unwrap();
        assert!(value.has_secret());
        assert!(!format!("{value:?}{}", value.masked()).contains("canary"));
        assert!(value.exposed().unwrap().to_string().contains("canary"));
        let error = value.get::<Vec<u8>>().unwrap_err().to_string();
        assert!(!error.contains("canary"), "{error}");
    }

    #[test]
    fn equal_numbers_have_one_canonical_form() {
        let parse = |text| Value::from_json(serde_json::from_str(text).unwrap());
        assert_eq!(digest(&parse("1")), digest(&parse("1.0")));
        assert_ne!(digest(&parse("[1,[2]]")), digest(&parse("[[1],2]")));
        assert_ne!(digest(&parse(r#"{"a":"b"}"#)), digest(&parse(r#"{"ab":""}"#)));
    }

    #[test]
    fn debug_reads_like_json_and_masks_secrets() {
        let mut map =
            Map::from([("a".to_owned(), Value::from_json(serde_json::json!([1, true, null, "x\"y"])))]);
        map.insert("key".into(), Value::from("canary").into_secret());
        map.insert("later".into(), Value::Unknown);
        let expected = r#"{"a": [1, true, null, "x\"y"], "key": (secret), "later": (known after apply)}"#;
        assert_eq!(format!("{:?}", Value::Map(map)), expected);
    }

    #[test]
    fn an_unknown_part_is_named() {
        let map: Map = [("id".to_string(), Value::Unknown)].into();
        assert_eq!(exposed_map(&map).unwrap_err().to_string(), "`id` is not known yet");
    }
}
