//! Keys and types of a document.

use sskuba_core::suggest::suggestion;

use super::format;
use super::kinds::Identity;
use super::table::{Schema, Struct, Type, schema, schema_of};
use crate::contract::Contract;
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

/// Finds keys that a document cannot have and values of a wrong type, as the newest contract has them.
pub(crate) fn check(document: &Node, problems: &mut Vec<Problem>) {
    check_for(document, Contract::default(), problems);
}

/// Finds keys that a document cannot have and values of a wrong type in a contract.
pub(crate) fn check_for(document: &Node, contract: Contract, problems: &mut Vec<Problem>) {
    let identity = match Identity::of(document) {
        Ok(identity) => identity,
        Err(what) => return problems.push(Problem::new("", what)),
    };
    let path = document_path(&identity);
    let Some(map) = document.as_map() else {
        return problems.push(Problem::new(path, "a document must be a mapping"));
    };
    if !schema().kinds.contains_key(&identity.kind) {
        let known = suggestion(&identity.kind, schema().kinds.keys().map(String::as_str));
        return problems.push(Problem::new(path, format!("Talos has no such kind of document{known}")));
    }
    let mut walk = Walk { schema: schema_of(contract), contract, problems };
    // A kind that came later is named with the contract that brought it.
    let Some(kind) = walk.schema.kinds.get(&identity.kind) else { return };
    // The document of machine and cluster may say its version either way.
    let extra = |key: &str| identity.is_main() && key == "apiVersion";
    walk.keys(map, &kind.structure, &path, extra);
}

/// A walk over a document with the table of a contract.
struct Walk<'a> {
    schema: &'static Schema,
    contract: Contract,
    problems: &'a mut Vec<Problem>,
}

impl Walk<'_> {
    fn keys(&mut self, map: &Map, name: &str, path: &str, extra: impl Fn(&str) -> bool) {
        let Some(structure) = self.schema.structure(name) else { return };
        for (key, value) in map {
            match structure.fields.get(key) {
                Some(field) => self.value(value, &field.kind, &join(path, key)),
                None if extra(key) => {}
                None => self.unknown(key, name, structure, path),
            }
        }
    }

    /// Says that there is no such key, or not yet.
    fn unknown(&mut self, key: &str, name: &str, structure: &Struct, path: &str) {
        let later = Contract::ALL.iter().filter(|contract| **contract > self.contract).find(|contract| {
            let structure = schema_of(**contract).structure(name);
            structure.is_some_and(|structure| structure.fields.contains_key(key))
        });
        let what = match later {
            Some(first) => format!("Talos {} has no such key; it came with {first}", self.contract),
            None => {
                let known = suggestion(key, structure.fields.keys().map(String::as_str));
                format!("there is no such key{known}")
            }
        };
        self.problems.push(Problem::new(join(path, key), what));
    }

    fn value(&mut self, node: &Node, kind: &Type, path: &str) {
        let wanted = match (kind.plain(), node) {
            (_, Node::Null) => return,
            (Type::Any, Node::Map(_)) => return,
            (Type::Any, _) => "a mapping",
            (Type::Text, node) if is_scalar(node) => return,
            (Type::Text, _) => "a text",
            (Type::Truth, node) if node.truth().is_some() => return,
            (Type::Truth, _) => "`true` or `false`",
            (Type::Number(least, most), node) => return number(node, *least, *most, path, self.problems),
            (Type::List(inner), Node::Seq(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, inner, &format!("{path}[{index}]"));
                }
                return;
            }
            (Type::List(_), _) => "a list",
            (Type::Map(inner), Node::Map(map)) => {
                for (key, value) in map {
                    self.value(value, inner, &format!("{path}[{key:?}]"));
                }
                return;
            }
            (Type::Struct(name), Node::Map(map)) => return self.keys(map, name, path, |_| false),
            (Type::Map(_) | Type::Struct(_), _) => "a mapping",
            (Type::Form(form), node) => {
                if let Err(what) = format::check(form, node, self.schema) {
                    self.problems.push(Problem::new(path, what));
                }
                return;
            }
            // `plain` returns neither.
            (Type::Pointer(_) | Type::Special(..), _) => return,
        };
        self.problems.push(Problem::new(path, format!("must be {wanted} and is {}", node.kind())));
    }
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
