//! What is recorded of a declared resource beside its values: edges and options.

use crate::address::Address;
use crate::graph::{DesiredGraph, NodeId};
use crate::state::Flags;

/// Returns the addresses that a resource depends on. Lookups are not recorded: what they depend on stands in
/// their place.
pub fn dependencies(graph: &DesiredGraph, id: NodeId) -> Vec<Address> {
    let mut found = Vec::new();
    let mut todo: Vec<NodeId> = graph.dag().dependencies(id).collect();
    while let Some(next) = todo.pop() {
        if graph.node(next).schema.is_lookup() {
            todo.extend(graph.dag().dependencies(next));
        } else {
            found.push(graph.node(next).address.clone());
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Returns the options that are recorded.
pub fn flags(graph: &DesiredGraph, id: NodeId) -> Flags {
    let node = graph.node(id);
    let millis = |bound: std::time::Duration| u64::try_from(bound.as_millis()).unwrap_or(u64::MAX);
    Flags {
        protect: node.lifecycle.protect,
        retain: node.lifecycle.retain_on_delete,
        deleted_with: node.deleted_with.map(|owner| graph.node(owner).address.clone()),
        hooks: node.lifecycle.hooks.clone(),
        delete_timeout: node.lifecycle.timeouts.delete.map(millis),
    }
}
