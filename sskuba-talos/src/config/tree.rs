//! Builds mappings that leave out what is not set, as Talos does.

use indexmap::IndexMap;
use sskuba_core::secret::Secret;

use crate::yaml::{Map, Node};

/// A mapping in the making.
#[derive(Default)]
pub(super) struct Tree(Map);

impl Tree {
    /// Sets a key.
    pub(super) fn set(mut self, key: &str, value: impl Into<Node>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// Sets a key if there is a value.
    pub(super) fn some(self, key: &str, value: Option<impl Into<Node>>) -> Self {
        match value {
            Some(value) => self.set(key, value),
            None => self,
        }
    }

    /// Sets a key to true, or leaves it out.
    pub(super) fn flag(self, key: &str, on: bool) -> Self {
        if on { self.set(key, true) } else { self }
    }

    /// Sets a key to a list of texts, or leaves it out where there are none.
    pub(super) fn texts(self, key: &str, texts: &[String]) -> Self {
        self.list(key, texts.iter().map(|text| text.as_str().into()))
    }

    /// Sets a key to a list, or leaves it out where that is empty.
    pub(super) fn list(self, key: &str, items: impl Iterator<Item = Node>) -> Self {
        let items: Vec<Node> = items.collect();
        if items.is_empty() { self } else { self.set(key, items) }
    }

    /// Sets a key to a mapping of texts, or leaves it out where there are none.
    pub(super) fn table(self, key: &str, entries: &IndexMap<String, String>) -> Self {
        self.entries(key, entries.iter().map(|(key, value)| (key.clone(), value.as_str().into())))
    }

    /// Sets a key to a mapping of secret texts, or leaves it out where there are none.
    pub(super) fn secrets(self, key: &str, entries: &IndexMap<String, Secret<String>>) -> Self {
        self.entries(key, entries.iter().map(|(key, value)| (key.clone(), value.expose().as_str().into())))
    }

    /// Sets a key to a mapping, or leaves it out where that is empty.
    pub(super) fn entries(self, key: &str, entries: impl Iterator<Item = (String, Node)>) -> Self {
        let map: Map = entries.collect();
        if map.is_empty() { self } else { self.set(key, map) }
    }

    /// Sets a key to a mapping that is being made, or leaves it out where that is empty.
    pub(super) fn tree(self, key: &str, tree: Self) -> Self {
        if tree.0.is_empty() { self } else { self.set(key, tree) }
    }
}

impl From<Tree> for Node {
    fn from(tree: Tree) -> Self {
        Self::Map(tree.0)
    }
}
