//! A value of a config with its path; what is not there is empty, as it is to Talos.

use crate::problem::join;
use crate::yaml::Node;

/// A value, which may be absent, and where it is or would be.
#[derive(Clone)]
pub(super) struct Field<'a> {
    node: Option<&'a Node>,
    path: String,
}

impl<'a> Field<'a> {
    /// Begins at a document.
    pub(super) fn root(node: &'a Node, path: &str) -> Self {
        Self { node: Some(node).filter(|node| **node != Node::Null), path: path.to_owned() }
    }

    /// Returns its path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Returns the value under a key.
    pub(super) fn get(&self, key: &str) -> Self {
        let node = self.node.and_then(|node| node.get(key)).filter(|node| **node != Node::Null);
        Self { node, path: join(&self.path, key) }
    }

    /// Returns the value at keys with dots between them.
    pub(super) fn at(&self, path: &str) -> Self {
        path.split('.').fold(self.clone(), |field, key| field.get(key))
    }

    /// Returns the items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.node.and_then(Node::as_seq).unwrap_or_default();
        let item = |(index, node): (usize, &'a Node)| Self {
            node: Some(node).filter(|node| **node != Node::Null),
            path: format!("{}[{index}]", self.path),
        };
        items.iter().enumerate().map(item).collect()
    }

    /// Returns the entries of a mapping.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        let entries = self.node.and_then(Node::as_map).into_iter().flatten();
        let entry = |(key, node): (&'a String, &'a Node)| {
            let node = Some(node).filter(|node| **node != Node::Null);
            (key.as_str(), Self { node, path: format!("{}[{key:?}]", self.path) })
        };
        entries.map(entry).collect()
    }

    /// Returns whether there is a value.
    pub(super) const fn given(&self) -> bool {
        self.node.is_some()
    }

    /// Returns the text of a scalar; that of anything else is empty.
    pub(super) fn text(&self) -> String {
        self.node.and_then(Node::scalar).unwrap_or_default()
    }

    /// Returns a truth value.
    pub(super) fn truth(&self) -> Option<bool> {
        self.node.and_then(Node::truth)
    }

    /// Returns whether it is true; what is absent is not.
    pub(super) fn on(&self) -> bool {
        self.truth() == Some(true)
    }

    /// Returns a whole number; what is absent is zero.
    pub(super) fn number(&self) -> i64 {
        let value = self.node.and_then(Node::integer).unwrap_or_default();
        i64::try_from(value).unwrap_or(i64::MAX)
    }

    /// Returns whether it says nothing: absent, an empty text, or an empty list or mapping of such.
    pub(super) fn blank(&self) -> bool {
        self.node.is_none_or(blank)
    }
}

fn blank(node: &Node) -> bool {
    match node {
        Node::Null => true,
        Node::String(text) => text.is_empty(),
        Node::Int(_) | Node::UInt(_) | Node::Number(_) => node.integer() == Some(0),
        Node::Seq(items) => items.is_empty(),
        Node::Map(map) => map.values().all(blank),
        _ => false,
    }
}
