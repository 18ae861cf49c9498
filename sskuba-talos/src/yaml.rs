//! YAML as a tree that keeps the order of keys: what configs, secrets and client files are read into and written from.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

mod emit;
mod notation;
mod read;
mod scalar;

/// The key under which a mapping is laid below the one that it stands in.
const MERGE: &str = "<<";

/// The entries of a mapping, in the order of the file.
pub type Map = IndexMap<String, Node>;

/// A node of a YAML document. `Debug` shows its shape and no value: documents hold keys and tokens.
#[derive(Clone, PartialEq, Default)]
pub enum Node {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number that only fits without a sign.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// A number in another notation than the usual one, or a date, as it is written: `0600`, `1_000`, `1.10`, `2026-11-29`. To
    /// a field that holds a text it is that text.
    Number(String),
    /// A text.
    String(String),
    /// A sequence.
    Seq(Vec<Node>),
    /// A mapping; keys that are numbers or truth values are kept as their text.
    Map(Map),
}

/// Text that is not YAML, or YAML that no config may be.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// What, with line and column where they are known. It quotes nothing of the text but keys.
    pub message: String,
}

/// Reads all documents of a text, as Talos does; empty ones are left out.
///
/// # Errors
/// If it is not YAML, a mapping has a key twice, or it is larger or deeper nested than any config.
pub fn read(text: &str) -> Result<Vec<Node>, YamlError> {
    read::read(text)
}

/// Writes documents as Talos does, with `---` between them.
pub fn write<'a>(documents: impl IntoIterator<Item = &'a Node>) -> String {
    let all: Vec<String> = documents.into_iter().map(emit::write).collect();
    all.join("---\n")
}

impl Node {
    /// Returns the node under a key of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    /// Returns the node at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Returns the entries of a mapping.
    pub const fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the entries of a mapping, to be changed.
    pub const fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the entries of a mapping, taken out; none if it is anything else.
    pub fn into_map(self) -> Map {
        match self {
            Self::Map(map) => map,
            _ => Map::new(),
        }
    }

    /// Returns the items of a sequence.
    pub fn as_seq(&self) -> Option<&[Self]> {
        match self {
            Self::Seq(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value of a whole number, however it is written.
    pub fn integer(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some((*value).into()),
            Self::UInt(value) => Some((*value).into()),
            Self::Number(text) => notation::integer(text),
            _ => None,
        }
    }

    /// Returns a truth value as a field that holds one reads it: `yes` and `on` are such, too.
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::String(text) => notation::old_truth(text),
            _ => None,
        }
    }

    /// Returns the text of a scalar as a field that holds a text reads it.
    pub fn scalar(&self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Int(value) => Some(value.to_string()),
            Self::UInt(value) => Some(value.to_string()),
            Self::Float(value) => Some(emit::float(*value)),
            Self::Number(text) | Self::String(text) => Some(text.clone()),
            Self::Null | Self::Seq(_) | Self::Map(_) => None,
        }
    }

    /// Returns what kind of node it is, for messages.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a truth value",
            Self::Int(_) | Self::UInt(_) | Self::Float(_) | Self::Number(_) => "a number",
            Self::String(_) => "a text",
            Self::Seq(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<Map> for Node {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Node {
    fn from(items: Vec<T>) -> Self {
        Self::Seq(items.into_iter().map(Into::into).collect())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map(map) => f.debug_map().entries(map).finish(),
            Self::Seq(items) => f.debug_list().entries(items).finish(),
            scalar => f.write_str(scalar.kind()),
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Int(value) => to.serialize_i64(*value),
            Self::UInt(value) => to.serialize_u64(*value),
            Self::Float(value) => to.serialize_f64(*value),
            Self::Number(text) => match self.integer().and_then(notation::usual) {
                Some(number) => number.serialize(to),
                None => match text.parse() {
                    Ok(number) => to.serialize_f64(number),
                    Err(_) => to.serialize_str(text),
                },
            },
            Self::String(text) => to.serialize_str(text),
            Self::Seq(items) => to.collect_seq(items),
            Self::Map(map) => to.collect_map(map),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Tree)
    }
}

/// Builds a [`Node`] from whatever the text turns out to be.
struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML document")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        Node::deserialize(from)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(i64::try_from(value).map_or(Node::UInt(value), Node::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::Seq(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut map = Map::new();
        while let Some((key, value)) = entries.next_entry::<String, Node>()? {
            map.insert(key, value);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back_as_they_were_written() {
        let text = "b: 1\na: [x, 2.5, null, true]\nport: \"6443\"\nno: \"no\"\ndate: \"2026-11-25\"\nbig: 18446744073709551615\n---\nkind: K\nempty: {}\ntext: |\n  two\n  lines\n";
        let documents = read(text).unwrap();
        assert_eq!(documents.len(), 2);
        let keys: Vec<&str> = documents[0].as_map().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["b", "a", "port", "no", "date", "big"], "the order is kept");
        assert_eq!(documents[0].get("port").unwrap().as_str(), Some("6443"));
        assert_eq!(documents[1].get("text").unwrap().as_str(), Some("two\nlines\n"));
        assert_eq!(read(&write(&documents)).unwrap(), documents);
    }

    #[test]
    fn a_long_text_stays_on_its_line() {
        let (long, spaced) = ("A".repeat(5000), "word ".repeat(100));
        let mut map = Map::new();
        map.insert("a".to_owned(), long.as_str().into());
        map.insert("b".to_owned(), spaced.as_str().into());
        let text = write([&Node::Map(map.clone())]);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert_eq!(read(&text).unwrap(), [Node::Map(map)]);
    }

    #[test]
    fn what_is_not_yaml_is_an_error() {
        for text in ["a: 1\na: 2", "a: [", "a: b: c"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
        let bomb: String =
            (1..30).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{},", n - 1).repeat(9))).collect();
        assert!(read(&format!("a0: &a0 [x]\n{bomb}")).is_err(), "aliases that would fill the memory");
        assert_eq!(read("").unwrap(), []);
        assert_eq!(read("---\n---\na: 1\n").unwrap().len(), 1);
    }

    #[test]
    fn debug_shows_no_value() {
        let shown = format!("{:?}", read("token: canary\nlist: [canary]").unwrap());
        assert!(shown.contains("token") && !shown.contains("canary"), "{shown}");
    }
}
