//! `$patch: delete`.

use crate::problem::Problem;
use crate::schema::{Identity, Type, schema};
use crate::yaml::{Map, Node};

/// What is to be deleted from a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Selector {
    /// Keys; the list itself where an item is meant.
    path: Vec<String>,
    /// A key and the text that it has in the item that is meant.
    item: Option<(String, String)>,
}

impl Selector {
    /// Returns whether the whole document is meant.
    pub(super) const fn is_whole(&self) -> bool {
        self.path.is_empty() && self.item.is_none()
    }
}

const KEY: &str = "$patch";

/// Returns whether a document says nothing but what it is.
pub(super) fn only(document: &Node) -> bool {
    document.as_map().is_some_and(|map| {
        map.iter().all(|(key, value)| {
            ["version", "kind", "name"].contains(&key.as_str())
                && !matches!(value, Node::Map(_) | Node::Seq(_))
        })
    })
}

/// Takes deletions out of a document; the other result is whether anything is left to merge.
///
/// # Errors
/// If something is to be deleted that cannot be.
pub(super) fn extract(document: &mut Node) -> Result<(Vec<Selector>, bool), String> {
    let mut found = Vec::new();
    let gone = walk(document, &mut Vec::new(), false, &mut found)?;
    let bare = ["apiVersion", "kind"].iter().any(|key| document.get(key).is_none());
    if gone && found.iter().any(Selector::is_whole) && bare {
        return Err("a document is deleted by its `apiVersion` and `kind`".to_owned());
    }
    Ok((found, !gone && !only(document)))
}

/// Walks down; returns whether the node is to go.
fn walk(
    node: &mut Node,
    path: &mut Vec<String>,
    in_list: bool,
    found: &mut Vec<Selector>,
) -> Result<bool, String> {
    match node {
        Node::Map(map) => {
            if map.get(KEY).and_then(Node::as_str) == Some("delete") {
                if in_list {
                    return Err(
                        "keys of an item of a list cannot be deleted; replace or delete the item".to_owned()
                    );
                }
                found.push(Selector { path: path.clone(), item: None });
                return Ok(true);
            }
            children(map, path, in_list, found)
        }
        Node::Seq(items) => {
            let had = !items.is_empty();
            let mut kept = Vec::with_capacity(items.len());
            for mut item in std::mem::take(items) {
                if !take_item(&mut item, path, found)? {
                    kept.push(item);
                }
            }
            *items = kept;
            Ok(had && items.is_empty())
        }
        _ => Ok(false),
    }
}

fn children(
    map: &mut Map,
    path: &mut Vec<String>,
    in_list: bool,
    found: &mut Vec<Selector>,
) -> Result<bool, String> {
    let had = !map.is_empty();
    let mut gone = Vec::new();
    for (key, value) in map.iter_mut() {
        path.push(key.clone());
        if walk(value, path, in_list, found)? {
            gone.push(key.clone());
        }
        path.pop();
    }
    for key in gone {
        map.shift_remove(&key);
    }
    Ok(had && map.is_empty())
}

/// Takes an item that is to be deleted: the first of its other keys says which it is.
fn take_item(item: &mut Node, path: &mut Vec<String>, found: &mut Vec<Selector>) -> Result<bool, String> {
    let deleted = item.get(KEY).and_then(Node::as_str) == Some("delete");
    let (true, Some(map)) = (deleted, item.as_map()) else {
        return walk(item, path, true, found);
    };
    let Some((key, value)) = map.iter().find(|(key, _)| *key != KEY) else {
        return Err(format!("{}: an item is deleted by one of its keys, and there is none", path.join(".")));
    };
    found.push(Selector { path: path.clone(), item: Some((key.clone(), text(value))) });
    Ok(true)
}

/// Returns the text of a scalar; another node has none.
fn text(node: &Node) -> String {
    node.scalar().unwrap_or_default()
}

/// Deletes from a document.
pub(super) fn apply(
    document: &mut Node,
    identity: &Identity,
    selector: &Selector,
    path: &str,
) -> Result<(), Problem> {
    let structure = schema().kinds.get(&identity.kind).map(|kind| kind.structure.clone()).unwrap_or_default();
    let deleted = remove(document, &Type::Struct(structure), &selector.path, selector.item.as_ref());
    let shown = format!("{path}{}", selector.path.join("."));
    if deleted { Ok(()) } else { Err(Problem::new(shown, "there is nothing of the kind to delete")) }
}

/// Removes what a path leads to; a known key of a mapping may be absent, anything else must be there.
fn remove(node: &mut Node, kind: &Type, path: &[String], item: Option<&(String, String)>) -> bool {
    let Some((key, rest)) = path.split_first() else {
        return item.is_some_and(|item| remove_item(node, kind, item));
    };
    let absent = *node == Node::Null;
    match kind {
        Type::Pointer(inner) => !absent && remove(node, inner, path, item),
        Type::Special(_, inner) => remove(node, inner, path, item),
        Type::Struct(name) => {
            let Some(field) = schema().structure(name).and_then(|structure| structure.fields.get(key)) else {
                return false;
            };
            let mut nothing = Node::Null;
            let slot = node.as_map_mut().and_then(|map| map.get_mut(key)).unwrap_or(&mut nothing);
            if !rest.is_empty() || item.is_some() {
                return remove(slot, &field.kind, rest, item);
            }
            if let Some(map) = node.as_map_mut() {
                map.shift_remove(key);
            }
            true
        }
        Type::Map(_) | Type::Any => {
            let Some(map) = node.as_map_mut().filter(|map| map.contains_key(key)) else { return false };
            if rest.is_empty() && item.is_none() {
                return map.shift_remove(key).is_some();
            }
            let inner = if let Type::Map(inner) = kind { inner } else { kind };
            map.get_mut(key).is_some_and(|value| remove(value, inner, rest, item))
        }
        _ => false,
    }
}

/// Removes the first item whose key has a text.
fn remove_item(node: &mut Node, kind: &Type, (key, wanted): &(String, String)) -> bool {
    let Type::List(inner) = kind.plain() else { return false };
    let Type::Struct(name) = inner.plain() else { return false };
    let textual = schema()
        .structure(name)
        .and_then(|structure| structure.fields.get(key))
        .is_some_and(|field| matches!(field.kind.plain(), Type::Text | Type::Form(_)));
    let Node::Seq(items) = node else { return false };
    // A text that is not set is empty.
    let same = |item: &Node| item.get(key).map(text).unwrap_or_default() == *wanted;
    match items.iter().position(same) {
        Some(index) if textual => {
            items.remove(index);
            true
        }
        _ => false,
    }
}
