//! Keys and types of a document.

use sskuba_core::suggest::suggestion;

use super::format;
use super::kinds::Identity;
use super::table::{Struct, Type, schema};
use crate::problem::{Problem, join};
use crate::yaml::{Map, Node};

/// Returns where paths of a document begin.
pub(crate) fn document_path(identity: &Identity) -> String {
    match (identity.is_main(), identity.name.as_str()) {
        (true, _) => String::new(),
        (false, "") => format!("{}: ", identity.kind),
        (false, name) => format!("{}/{name}: ", identity.kind),
    }
}

/// Finds keys that a document cannot have and values of a wrong type.
pub(crate) fn check(document: &Node, problems: &mut Vec<Problem>) {
    let identity = match Identity::of(document) {
        Ok(identity) => identity,
        Err(what) => return problems.push(Problem::new("", what)),
    };
    let path = document_path(&identity);
    let Some(map) = document.as_map() else {
        return problems.push(Problem::new(path, "a document must be a mapping"));
    };
    let Some(kind) = schema().kinds.get(&identity.kind) else {
        let known = suggestion(&identity.kind, schema().kinds.keys().map(String::as_str));
        return problems.push(Problem::new(path, format!("Talos has no such kind of document{known}")));
    };
    let Some(structure) = schema().structure(&kind.structure) else { return };
    // The document of machine and cluster may say its version either way.
    let extra = |key: &str| identity.is_main() && key == "apiVersion";
    keys(map, structure, &path, extra, problems);
}

fn keys(
    map: &Map,
    structure: &Struct,
    path: &str,
    extra: impl Fn(&str) -> bool,
    problems: &mut Vec<Problem>,
) {
    for (key, value) in map {
        match structure.fields.get(key) {
            Some(field) => walk(value, &field.kind, &join(path, key), problems),
            None if extra(key) => {}
            None => {
                let known = suggestion(key, structure.fields.keys().map(String::as_str));
                problems.push(Problem::new(join(path, key), format!("there is no such key{known}")));
            }
        }
    }
}

fn walk(node: &Node, kind: &Type, path: &str, problems: &mut Vec<Problem>) {
    let wanted = match (kind.plain(), node) {
        (_, Node::Null) => return,
        (Type::Any, Node::Map(_)) => return,
        (Type::Any, _) => "a mapping",
        (Type::Text, node) if is_scalar(node) => return,
        (Type::Text, _) => "a text",
        (Type::Truth, node) if node.truth().is_some() => return,
        (Type::Truth, _) => "`true` or `false`",
        (Type::Number(least, most), node) => return number(node, *least, *most, path, problems),
        (Type::List(inner), Node::Seq(items)) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, inner, &format!("{path}[{index}]"), problems);
            }
            return;
        }
        (Type::List(_), _) => "a list",
        (Type::Map(inner), Node::Map(map)) => {
            for (key, value) in map {
                walk(value, inner, &format!("{path}[{key:?}]"), problems);
            }
            return;
        }
        (Type::Struct(name), Node::Map(map)) => {
            let Some(structure) = schema().structure(name) else { return };
            return keys(map, structure, path, |_| false, problems);
        }
        (Type::Map(_) | Type::Struct(_), _) => "a mapping",
        (Type::Form(form), node) => {
            if let Err(what) = format::check(form, node) {
                problems.push(Problem::new(path, what));
            }
            return;
        }
        // `plain` returns neither.
        (Type::Pointer(_) | Type::Special(..), _) => return,
    };
    problems.push(Problem::new(path, format!("must be {wanted} and is {}", node.kind())));
}

const fn is_scalar(node: &Node) -> bool {
    matches!(
        node,
        Node::String(_) | Node::Bool(_) | Node::Int(_) | Node::UInt(_) | Node::Float(_) | Node::Number(_)
    )
}

fn number(node: &Node, least: i64, most: u64, path: &str, problems: &mut Vec<Problem>) {
    let Some(value) = node.integer() else {
        let what = format!("must be a whole number and is {}", node.kind());
        return problems.push(Problem::new(path, what));
    };
    let within = (i128::from(least)..=i128::from(most)).contains(&value);
    if !within {
        let least = if least == i64::MIN { String::new() } else { format!("from {least} ") };
        problems.push(Problem::new(path, format!("must be a number {least}up to {most}")));
    }
}

/// Finds documents that may not be together.
pub(crate) fn conflicts(documents: &[Node]) -> Vec<Problem> {
    let identities: Vec<Identity> =
        documents.iter().filter_map(|document| Identity::of(document).ok()).collect();
    let mut problems = Vec::new();
    for (index, identity) in identities.iter().enumerate() {
        let path = document_path(identity);
        let earlier = &identities[..index];
        if earlier.contains(identity) {
            problems.push(Problem::new(path.clone(), "this document is there twice"));
        }
        let Some(kind) = schema().kinds.get(&identity.kind) else { continue };
        for other in earlier {
            if other.name == identity.name && kind.conflicts.contains(&other.kind) {
                let what = format!("there is a {} of this name, and only one of them may be", other.kind);
                problems.push(Problem::new(path.clone(), what));
            }
        }
    }
    problems
}
