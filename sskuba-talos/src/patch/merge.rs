//! How two values become one, by their type.

use crate::locator;
use crate::problem::{Problem, join};
use crate::schema::{Identity, Struct, Type, duration, schema};
use crate::yaml::{Map, Node};

/// Lays a document of a patch over one of a config.
pub(super) fn document(
    left: &mut Node,
    right: &Node,
    identity: &Identity,
    path: &str,
) -> Result<(), Problem> {
    let structure = schema().kinds.get(&identity.kind).and_then(|kind| schema().structure(&kind.structure));
    match structure {
        Some(structure) => fields(left, right.as_map(), structure, path),
        None => Err(Problem::new(path, "Talos has no such kind of document")),
    }
}

/// How a value is laid over another.
#[derive(Clone, Copy, Default)]
struct Way {
    /// It replaces a list or mapping, rather than adding to it.
    replace: bool,
    /// It counts though it is empty or zero, because it could have been left out.
    explicit: bool,
}

/// Merges the known keys of two mappings.
fn fields(left: &mut Node, right: Option<&Map>, structure: &Struct, path: &str) -> Result<(), Problem> {
    if *left == Node::Null {
        *left = Node::Map(Map::new());
    }
    let Some(map) = left.as_map_mut() else { return Err(mismatch(path)) };
    for (key, field) in &structure.fields {
        let right = right.and_then(|right| right.get(key)).filter(|value| **value != Node::Null);
        let mut own = map.get(key).cloned().unwrap_or_default();
        let had = own != Node::Null;
        let way = Way { replace: field.replace, explicit: false };
        value(&mut own, right, &field.kind, way, &join(path, key))?;
        // What was not there and was given nothing stays away.
        match (own, had) {
            (Node::Null, _) => drop(map.shift_remove(key)),
            (Node::Map(own), false) if own.is_empty() && right.is_none() => {}
            (own, _) => drop(map.insert(key.clone(), own)),
        }
    }
    Ok(())
}

fn value(left: &mut Node, right: Option<&Node>, kind: &Type, way: Way, path: &str) -> Result<(), Problem> {
    let absent = *left == Node::Null;
    match (kind, right) {
        (Type::Pointer(_), None) => Ok(()),
        (Type::Pointer(_), Some(right)) if absent => {
            *left = right.clone();
            Ok(())
        }
        (Type::Pointer(inner), Some(_)) => value(left, right, inner, Way { explicit: true, ..way }, path),
        (Type::Special(name, inner), right) => special(left, right, name, inner, way, path),
        (Type::Struct(name), right) => structure(left, right, name, way, path),
        // A plain truth value cannot be told from one that was left out.
        (Type::Truth, right) => {
            *left = right.cloned().unwrap_or_default();
            Ok(())
        }
        (Type::Form(form), right) => {
            form_value(left, right, form, way);
            Ok(())
        }
        (_, None) => Ok(()),
        (Type::List(_), Some(Node::Seq(items))) => {
            match left {
                Node::Seq(own) if !way.replace => own.extend(items.iter().cloned()),
                _ => *left = Node::Seq(items.clone()),
            }
            Ok(())
        }
        (Type::Map(inner), Some(Node::Map(entries))) => table(left, entries, inner, way, path),
        (Type::Any, Some(right)) => {
            if absent || way.replace {
                *left = right.clone();
                return Ok(());
            }
            anything(left, right, path)
        }
        (Type::Text | Type::Number(..), Some(right)) => {
            if way.explicit || !zero(right) {
                *left = right.clone();
            }
            Ok(())
        }
        _ => Err(mismatch(path)),
    }
}

fn structure(left: &mut Node, right: Option<&Node>, name: &str, way: Way, path: &str) -> Result<(), Problem> {
    // A certificate and its key belong together: the one that a patch leaves out is emptied.
    if name.starts_with("PEMEncoded") {
        if let Some(Node::Map(given)) = right {
            let keys = schema().structure(name).into_iter().flat_map(|structure| structure.fields.keys());
            let filled = keys.map(|key| (key.clone(), given.get(key).cloned().unwrap_or_else(|| "".into())));
            *left = Node::Map(filled.collect());
        }
        return Ok(());
    }
    match (right, schema().structure(name)) {
        (Some(right), _) if way.replace => {
            *left = right.clone();
            Ok(())
        }
        (right, Some(known)) => fields(left, right.and_then(Node::as_map), known, path),
        (_, None) => Err(mismatch(path)),
    }
}

/// Merges mappings with any keys.
fn table(left: &mut Node, entries: &Map, inner: &Type, way: Way, path: &str) -> Result<(), Problem> {
    let own = match left {
        Node::Map(own) if !way.replace => own,
        _ => {
            *left = Node::Map(entries.clone());
            return Ok(());
        }
    };
    for (key, right) in entries {
        match own.get_mut(key) {
            Some(left) if *left != Node::Null => {
                let path = format!("{path}[{key:?}]");
                value(left, Some(right).filter(|right| **right != Node::Null), inner, Way::default(), &path)?;
            }
            _ => drop(own.insert(key.clone(), right.clone())),
        }
    }
    Ok(())
}

/// Merges what Talos has no types for: both sides must be of one kind.
fn anything(left: &mut Node, right: &Node, path: &str) -> Result<(), Problem> {
    match (left, right) {
        (Node::Map(own), Node::Map(entries)) => {
            for (key, right) in entries {
                match own.get_mut(key) {
                    Some(left) if *left != Node::Null => anything(left, right, &join(path, key))?,
                    _ => drop(own.insert(key.clone(), right.clone())),
                }
            }
        }
        (Node::Seq(own), Node::Seq(items)) => own.extend(items.iter().cloned()),
        (left @ Node::Bool(_), right @ Node::Bool(_)) => *left = right.clone(),
        (left @ Node::String(_), right @ Node::String(_))
        | (
            left @ (Node::Int(_) | Node::UInt(_) | Node::Number(_)),
            right @ (Node::Int(_) | Node::UInt(_) | Node::Number(_)),
        )
        | (left @ Node::Float(_), right @ Node::Float(_)) => {
            if !zero(right) {
                *left = right.clone();
            }
        }
        _ => return Err(mismatch(path)),
    }
    Ok(())
}

/// Lists whose items are found by a key, and arguments, each of which is replaced.
fn special(
    left: &mut Node,
    right: Option<&Node>,
    name: &str,
    inner: &Type,
    way: Way,
    path: &str,
) -> Result<(), Problem> {
    let Some(right) = right else { return Ok(()) };
    if name == "Args" {
        let Node::Map(entries) = right else { return Err(mismatch(path)) };
        match left {
            Node::Map(own) => own.extend(entries.iter().map(|(key, value)| (key.clone(), value.clone()))),
            _ if entries.is_empty() => {}
            left => *left = Node::Map(entries.clone()),
        }
        return Ok(());
    }
    let (Type::List(item), Node::Seq(given)) = (inner, right) else {
        return value(left, Some(right), inner, way, path);
    };
    if *left == Node::Null {
        *left = Node::Seq(Vec::new());
    }
    let Node::Seq(own) = left else { return Err(mismatch(path)) };
    for right in given {
        let found = own.iter().position(|left| same(name, left, right));
        match found {
            Some(index) if name == "ImageVerificationRules" => own[index] = right.clone(),
            Some(index) => {
                value(&mut own[index], Some(right), item, Way::default(), &format!("{path}[{index}]"))?;
            }
            None => own.push(right.clone()),
        }
    }
    Ok(())
}

/// Returns whether two items of a list are the same thing.
fn same(list: &str, left: &Node, right: &Node) -> bool {
    let field = |node: &Node, key: &str| node.get(key).filter(|value| !zero(value)).cloned();
    let equal = |key: &str| field(left, key) == field(right, key);
    match list {
        "NetworkDeviceList" if field(right, "interface").is_some() => equal("interface"),
        "NetworkDeviceList" => match (left.get("deviceSelector"), right.get("deviceSelector")) {
            (Some(left), Some(right)) => {
                // Talos compares where this one is kept, not what it is.
                let physical = |node: &Node| node.get("physical").is_some();
                left == right && !physical(left) && !physical(right)
            }
            _ => false,
        },
        "VlanList" => equal("vlanId"),
        "AdmissionPluginConfigList" => equal("name"),
        "ConfigFileList" => equal("mountPath"),
        "ImageVerificationRules" => equal("image"),
        _ => false,
    }
}

/// Values with a form of their own.
fn form_value(left: &mut Node, right: Option<&Node>, form: &str, way: Way) {
    match (form, right) {
        // Talos lays a size over another though the patch has none.
        ("ByteSize", right) => *left = right.cloned().unwrap_or_default(),
        (_, None) => {}
        ("URL" | "Endpoint", Some(Node::String(right))) => {
            let merged = left.as_str().and_then(|left| url(left, right));
            *left = Node::String(merged.unwrap_or_else(|| right.clone()));
        }
        (_, Some(right)) if way.explicit => *left = right.clone(),
        (form, Some(right)) => {
            let text = right.as_str().unwrap_or_default();
            let nothing = match schema().values(form) {
                Some(values) => values.first().is_some_and(|first| first.eq_ignore_ascii_case(text)),
                None if form == "Duration" => duration(text) == Some(0.0),
                None => text.is_empty() && right.as_str().is_some(),
            };
            if !nothing {
                *left = right.clone();
            }
        }
    }
}

/// Talos merges URLs part by part: what the new one lacks, it has from the old one.
fn url(left: &str, right: &str) -> Option<String> {
    let (old, new) = (locator::parse(left)?, locator::parse(right)?);
    let whole = right.split_once("://").map_or(right, |(_, rest)| rest);
    let without_path = new.path.is_empty() && !old.path.is_empty() && !whole.contains(['?', '#']);
    (without_path && !new.host.is_empty()).then(|| format!("{right}{}", old.path))
}

/// Returns whether a value is what a field has that is not set.
fn zero(node: &Node) -> bool {
    match node {
        Node::Null => true,
        Node::String(text) => text.is_empty(),
        Node::Int(_) | Node::UInt(_) | Node::Number(_) => node.integer() == Some(0),
        Node::Float(number) => *number == 0.0,
        _ => false,
    }
}

fn mismatch(path: &str) -> Problem {
    Problem::new(path, "the value is of another type than the one that it is laid over")
}
