//! How entries and records become bytes: a version, a checksum, JSON whose secrets are sealed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::ids::{self, sealed_ids, secret_ids};
use super::journal::{Entry, Intent};
use super::plain::{Plain, is_plain};
use super::record::Record;
use super::seal::DataKey;
use crate::address::Token;
use crate::clock::IdSource;
use crate::provider::Place;
use crate::value::{Map, Value, check_map};

/// The version of the format that this release writes.
pub const FORMAT: u8 = 2;

/// The key that marks a sealed value. Keys of users' maps that begin with `$` get a second one.
const SEALED: &str = "$sealed";

/// The key, beside that, of what the value was made of, sealed as well.
const PARTS: &str = "$parts";

/// How deep a value may be and be read with all that is round it: the parser of JSON stops at 128.
const READABLE: usize = 100;

/// Why bytes could not be read as what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A newer release wrote it.
    #[error(
        "it has format {found}, this release reads up to {FORMAT}; run the release that wrote it, or a newer one"
    )]
    Newer {
        /// The format that was found.
        found: u8,
    },
    /// The bytes were changed or cut.
    #[error("{0}")]
    Damaged(String),
    /// A secret could not be opened.
    #[error(transparent)]
    Sealed(#[from] super::seal::SealError),
}

/// Turns entries and records of one stack into bytes and back.
#[derive(Debug, Clone)]
pub struct Codec {
    key: Option<DataKey>,
    ids: Arc<dyn IdSource>,
    /// Secrets that cannot be opened are left out instead of refused or masked.
    forgetting: bool,
}

type Sealed = serde_json::Map<String, Json>;

impl Codec {
    /// Makes a codec. Without a key, sealed values are read as secrets whose text is not there, and secrets
    /// cannot be written.
    pub fn new(key: Option<DataKey>, ids: Arc<dyn IdSource>) -> Self {
        Self { key, ids, forgetting: false }
    }

    /// Leaves out the secrets that cannot be opened: for what is mended after they were lost.
    #[must_use]
    pub fn forgetting(self) -> Self {
        Self { forgetting: true, ..self }
    }

    /// Returns the key.
    pub fn key(&self) -> Option<&DataKey> {
        self.key.as_ref()
    }

    /// Writes an entry.
    ///
    /// # Errors
    /// If a value is not known, or is secret and there is no key.
    pub fn encode(&self, mut entry: Entry) -> Result<Vec<u8>, FormatError> {
        let token = entry.token();
        secret_ids(&mut entry, |id, token| self.seal_id(id, token))?;
        wrap(&entry.try_map(|map| self.seal_map(&map, token))?)
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// If the bytes are damaged, newer, or sealed to another key.
    pub fn decode(&self, bytes: &[u8]) -> Result<Entry, FormatError> {
        let json = checked(bytes)?;
        if is_plain(json) {
            return parse::<Entry<Plain>>(json)?.try_map(|map| Ok(map.0));
        }
        let mut entry: Entry<Sealed> = parse(json)?;
        let token = entry.token();
        sealed_ids(&mut entry, |id, token| self.open_id(id, token))?;
        entry.try_map(|map| self.open_map(map, token))
    }

    /// Writes a record.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn encode_record(&self, record: &Record) -> Result<Vec<u8>, FormatError> {
        wrap(&self.sealed(record)?)
    }

    /// Reads a record.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    pub fn decode_record(&self, bytes: &[u8]) -> Result<Record, FormatError> {
        let json = checked(bytes)?;
        if is_plain(json) {
            return parse::<Record<Plain>>(json)?.try_map(|map| Ok(map.0));
        }
        self.opened(parse(json)?)
    }

    /// Writes a record as JSON for people and exports; secrets are sealed.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn record_to_json(&self, record: &Record) -> Result<Json, FormatError> {
        serde_json::to_value(self.sealed(record)?).map_err(|error| damaged(&error.to_string()))
    }

    /// Reads a record from the JSON of an export.
    ///
    /// # Errors
    /// If it is not one, or is sealed to another key.
    pub fn record_from_json(&self, json: Json) -> Result<Record, FormatError> {
        let record = serde_json::from_value(json).map_err(|error| damaged(&error.to_string()))?;
        self.opened(record)?.try_map(fitting)
    }

    /// Writes what an export holds besides records; secrets are sealed.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn intent_to_json(&self, intent: &Intent) -> Result<Json, FormatError> {
        let sealed = intent.clone().try_map(|map| self.seal_map(&map, Some(intent.token)))?;
        serde_json::to_value(sealed).map_err(|error| damaged(&error.to_string()))
    }

    /// Reads an open call from the JSON of an export.
    ///
    /// # Errors
    /// As [`Codec::record_from_json`].
    pub fn intent_from_json(&self, json: Json) -> Result<Intent, FormatError> {
        let intent: Intent<Sealed> =
            serde_json::from_value(json).map_err(|error| damaged(&error.to_string()))?;
        let token = intent.token;
        intent.try_map(|map| fitting(self.open_map(map, Some(token))?))
    }

    /// Writes a map that belongs to the stack as a whole as JSON for exports.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn map_to_json(&self, map: &Map) -> Result<Json, FormatError> {
        self.seal_map(map, None).map(Json::Object)
    }

    /// Reads a map that belongs to the stack as a whole from the JSON of an export.
    ///
    /// # Errors
    /// As [`Codec::record_from_json`].
    pub fn map_from_json(&self, json: Json) -> Result<Map, FormatError> {
        match json {
            Json::Object(map) => fitting(self.open_map(map, None)?),
            _ => Err(damaged("it is not an object")),
        }
    }

    /// Writes a map that belongs to the stack as a whole.
    ///
    /// # Errors
    /// As [`Codec::encode`].
    pub fn encode_map(&self, map: &Map) -> Result<Vec<u8>, FormatError> {
        wrap(&self.seal_map(map, None)?)
    }

    /// Reads a map that belongs to the stack as a whole.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    pub fn decode_map(&self, bytes: &[u8]) -> Result<Map, FormatError> {
        self.open_map(unwrap(bytes)?, None)
    }

    /// Writes the places of the stack.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn encode_places(&self, places: &[Place]) -> Result<Vec<u8>, FormatError> {
        wrap(&places)
    }

    /// Reads the places of the stack.
    ///
    /// # Errors
    /// As [`Codec::decode`].
    pub fn decode_places(&self, bytes: &[u8]) -> Result<Vec<Place>, FormatError> {
        unwrap(bytes)
    }

    fn sealed(&self, record: &Record) -> Result<Record<Sealed>, FormatError> {
        let mut record = record.clone();
        if record.id_is_secret() {
            self.seal_id(&mut record.id, record.token)?;
        }
        let token = record.token;
        record.try_map(|map| self.seal_map(&map, Some(token)))
    }

    fn opened(&self, mut record: Record<Sealed>) -> Result<Record, FormatError> {
        let token = record.token;
        if record.id.starts_with(ids::SEALED) {
            self.open_id(&mut record.id, token)?;
        }
        record.try_map(|map| self.open_map(map, Some(token)))
    }

    fn seal_id(&self, id: &mut String, token: Token) -> Result<(), FormatError> {
        let key = self.key.as_ref();
        let key =
            key.ok_or_else(|| damaged("an id with a secret cannot be recorded without the stack's key"))?;
        let text = key.seal(self.ids.as_ref(), "an id", &aad(Some(token)), id.as_bytes());
        *id = format!("{}{text}", ids::SEALED);
        Ok(())
    }

    /// Opens a sealed id. Without a key it is shown as one; it is never left out, because no object goes without.
    fn open_id(&self, id: &mut String, token: Token) -> Result<(), FormatError> {
        let what = format!("the id of generation {token}");
        *id = match &self.key {
            Some(key) => {
                let plain = key.open(&what, &aad(Some(token)), &id[ids::SEALED.len()..])?;
                String::from_utf8(plain.to_vec()).map_err(|_| damaged("an id holds no text"))?
            }
            None if self.forgetting => {
                return Err(super::seal::SealError { what, why: "there is no key" }.into());
            }
            None => "(sealed)".to_owned(),
        };
        Ok(())
    }

    /// Seals the secrets of a map. What would be nested too deep to be read again is refused: each way in has a lower
    /// limit, and this is the last one.
    fn seal_map(&self, map: &Map, token: Option<Token>) -> Result<Sealed, FormatError> {
        if let Some((name, _)) = map.iter().find(|(_, value)| value.measure().depth > READABLE) {
            return Err(damaged(&format!(
                "`{name}` is nested more than {READABLE} deep, and could not be read again"
            )));
        }
        self.seal_fields(map, token)
    }

    fn seal_fields(&self, map: &Map, token: Option<Token>) -> Result<Sealed, FormatError> {
        map.iter().map(|(key, value)| Ok((escape(key), self.seal(value, token)?))).collect()
    }

    fn seal(&self, value: &Value, token: Option<Token>) -> Result<Json, FormatError> {
        Ok(match value {
            Value::Null => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Number(n) => Json::Number(n.clone()),
            Value::String(s) => Json::String(s.clone()),
            Value::List(items) => {
                Json::Array(items.iter().map(|item| self.seal(item, token)).collect::<Result<_, _>>()?)
            }
            Value::Map(map) => Json::Object(self.seal_fields(map, token)?),
            Value::Unknown => return Err(damaged("a value that is not known cannot be recorded")),
            Value::Secret(_) => {
                let Some(key) = &self.key else {
                    return Err(damaged("a secret cannot be recorded without the stack's key"));
                };
                let json = value.exposed().map_err(|error| damaged(&error.to_string()))?;
                let plain = zeroize::Zeroizing::new(json.to_string().into_bytes());
                let text = key.seal(self.ids.as_ref(), "a value", &aad(token), &plain);
                let mut sealed = Sealed::from_iter([(SEALED.to_owned(), Json::String(text))]);
                let parts = value.parts_to_record();
                if !parts.is_empty() {
                    let plain =
                        serde_json::to_vec(&parts.iter().map(|part| part.as_str()).collect::<Vec<_>>());
                    let plain =
                        plain.map(zeroize::Zeroizing::new).map_err(|error| damaged(&error.to_string()))?;
                    let text = key.seal(self.ids.as_ref(), "a value's parts", &aad_of_parts(token), &plain);
                    sealed.insert(PARTS.to_owned(), Json::String(text));
                }
                Json::Object(sealed)
            }
        })
    }

    fn open_map(&self, map: Sealed, token: Option<Token>) -> Result<Map, FormatError> {
        let open = |(key, value)| Ok(self.open(value, token)?.map(|value| (unescape(key), value)));
        map.into_iter().filter_map(|field| open(field).transpose()).collect()
    }

    /// Reads a value; none if it is a secret that is left out.
    fn open(&self, json: Json, token: Option<Token>) -> Result<Option<Value>, FormatError> {
        Ok(Some(match json {
            Json::Null => Value::Null,
            Json::Bool(b) => Value::Bool(b),
            Json::Number(n) => Value::Number(n),
            Json::String(s) => Value::String(s),
            Json::Array(items) => {
                let items = items.into_iter().map(|item| Ok(self.open(item, token)?.unwrap_or(Value::Null)));
                Value::List(items.collect::<Result<_, FormatError>>()?)
            }
            Json::Object(map) => match map.get(SEALED) {
                Some(Json::String(text)) => match self.unseal(text, token) {
                    Err(FormatError::Sealed(_)) if self.forgetting => return Ok(None),
                    opened => match (map.get(PARTS), &self.key) {
                        (Some(Json::String(parts)), Some(key)) => {
                            opened?.into_secret_of_recorded(parts_of(key, parts, token)?)
                        }
                        _ => opened?,
                    },
                },
                _ => Value::Map(self.open_map(map, token)?),
            },
        }))
    }

    fn unseal(&self, text: &str, token: Option<Token>) -> Result<Value, FormatError> {
        let Some(key) = &self.key else {
            let why = "there is no key";
            let lost = || super::seal::SealError { what: "a value".to_owned(), why };
            return if self.forgetting {
                Err(lost().into())
            } else {
                Ok(Value::from("(sealed)").into_secret())
            };
        };
        let what = token.map_or_else(|| "the stack".to_owned(), |token| format!("generation {token}"));
        let plain = key.open(&what, &aad(token), text)?;
        let json = serde_json::from_slice(&plain).map_err(|_| damaged("a secret holds no JSON"))?;
        Ok(Value::from_json(json).into_secret())
    }
}

/// Checks what comes from a document against the limits that hold for all values.
fn fitting(map: Map) -> Result<Map, FormatError> {
    check_map(&map).map_err(|error| damaged(&error.to_string()))?;
    Ok(map)
}

/// Opens the texts that a sealed value was made of.
fn parts_of(
    key: &DataKey,
    sealed: &str,
    token: Option<Token>,
) -> Result<Vec<zeroize::Zeroizing<String>>, FormatError> {
    let plain = key.open("the parts of a value", &aad_of_parts(token), sealed)?;
    let parts: Vec<String> =
        serde_json::from_slice(&plain).map_err(|_| damaged("the parts of a secret are no texts"))?;
    Ok(parts.into_iter().map(zeroize::Zeroizing::new).collect())
}

/// A sealed value must not be taken for the parts of one.
fn aad_of_parts(token: Option<Token>) -> Vec<u8> {
    [&aad(token)[..], b"/parts"].concat()
}

fn aad(token: Option<Token>) -> Vec<u8> {
    token.map_or_else(|| b"stack".to_vec(), |token| token.as_bytes().to_vec())
}

fn escape(key: &str) -> String {
    if key.starts_with('$') { format!("${key}") } else { key.to_owned() }
}

fn unescape(key: String) -> String {
    key.strip_prefix("$$").map(|rest| format!("${rest}")).unwrap_or(key)
}

fn damaged(why: &str) -> FormatError {
    FormatError::Damaged(why.to_owned())
}

/// Writes the version, the checksum and the JSON.
pub(crate) fn wrap<T: Serialize>(value: &T) -> Result<Vec<u8>, FormatError> {
    let mut bytes = vec![FORMAT, 0, 0, 0, 0];
    serde_json::to_writer(&mut bytes, value).map_err(|error| damaged(&error.to_string()))?;
    let sum = crc32fast::hash(&bytes[5..]);
    bytes[1..5].copy_from_slice(&sum.to_be_bytes());
    Ok(bytes)
}

/// Checks the version and the checksum and reads the JSON.
pub(crate) fn unwrap<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormatError> {
    parse(checked(bytes)?)
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<T, FormatError> {
    // As a whole: text by text takes longer.
    let json = std::str::from_utf8(json).map_err(|error| damaged(&error.to_string()))?;
    serde_json::from_str(json).map_err(|error| damaged(&error.to_string()))
}

/// Checks the version and the checksum; returns the JSON.
fn checked(bytes: &[u8]) -> Result<&[u8], FormatError> {
    let Some((head, body)) = bytes.split_first_chunk::<5>() else {
        return Err(damaged("it is cut short"));
    };
    let [version, sum @ ..] = *head;
    if version > FORMAT {
        return Err(FormatError::Newer { found: version });
    }
    if version == 0 || crc32fast::hash(body) != u32::from_be_bytes(sum) {
        return Err(damaged("its checksum does not fit its bytes"));
    }
    Ok(body)
}

/// Writes bytes as text, for exports.
pub fn to_text(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Reads bytes from text.
///
/// # Errors
/// If the text is not base64.
pub fn from_text(text: &str) -> Result<Vec<u8>, FormatError> {
    BASE64.decode(text.trim()).map_err(|error| damaged(&error.to_string()))
}
