//! What a replacement that deletes first waits for, beyond what the records say.

use std::collections::HashSet;

use super::orders::Edge;
use crate::graph::{DesiredGraph, NodeId};
use crate::plan::{Order, Step};

/// Returns the edges from each old generation that is deleted first to those that cannot outlive it.
pub(super) fn cascades(steps: &[Step]) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (delete, step) in deleted_first(steps) {
        let deletes = step.cascade.iter().filter_map(|member| steps[member.index()].delete_step);
        // What goes with its owner, without a call, goes after it.
        edges.extend(deletes.filter(|id| steps[id.index()].calls).map(|other| (delete, other)));
    }
    edges
}

/// Returns the edges from the old generations that are deleted because of another one to what the new ones need: so
/// none is gone when that fails. What is made after the same replacement is not waited for.
pub(super) fn needs(graph: &DesiredGraph, steps: &[Step]) -> Vec<Edge> {
    let pairs =
        |(id, step): (NodeId, &Step)| step.cascade.iter().map(|member| (*member, id)).collect::<Vec<_>>();
    let numbered = (0_u32..).map(NodeId).zip(steps);
    let because: HashSet<(NodeId, NodeId)> = numbered.flat_map(pairs).collect();
    let members: HashSet<NodeId> = because.iter().map(|(member, _)| *member).collect();
    let mut edges = Vec::new();
    for (id, step) in (0_u32..).map(NodeId).zip(steps) {
        let Some(delete) = step.delete_step.filter(|_| members.contains(&id)) else { continue };
        let others = graph.dag().dependencies(id).filter(|other| !because.contains(&(id, *other)));
        // What is made and cannot be used yet may still be given up.
        let usable = |other: NodeId| steps[other.index()].ready_step.unwrap_or(other);
        edges.extend(others.map(|other| (delete, usable(other))));
    }
    edges
}

fn deleted_first(steps: &[Step]) -> impl Iterator<Item = (NodeId, &Step)> {
    let first = steps.iter().filter(|step| step.order == Order::DeleteFirst);
    first.filter_map(|step| Some((step.delete_step?, step)))
}
