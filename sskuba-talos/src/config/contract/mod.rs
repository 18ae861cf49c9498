//! The form of each contract. Each begins with the documents of the one before it and says what has moved since.

mod v1_11;
mod v1_12;
mod v1_13;

use super::document::Facts;
use crate::contract::Contract;
use crate::yaml::{Map, Node};

/// Writes the documents of the input's contract.
pub(super) fn documents(facts: &Facts<'_>) -> Vec<Node> {
    match facts.input.contract {
        Contract::V1_11 => v1_11::documents(facts),
        Contract::V1_12 => v1_12::documents(facts),
        Contract::V1_13 => v1_13::documents(facts),
    }
}

/// Returns the mapping at a path of keys of the first document.
fn section<'a>(documents: &'a mut [Node], path: &[&str]) -> Option<&'a mut Map> {
    let first = documents.first_mut()?.as_map_mut()?;
    path.iter().try_fold(first, |map, key| map.get_mut(*key)?.as_map_mut())
}

/// Takes what is at a path of keys out of the first document.
fn take(documents: &mut [Node], path: &[&str], key: &str) -> Option<Node> {
    section(documents, path)?.shift_remove(key)
}
