//! Why a declared resource is replaced though its own inputs would not ask for it, and after whose replacement.

use std::collections::HashSet;

use super::declared::Declared;
use crate::graph::{Node, NodeId};
use crate::plan::{Action, Force, Order, Reason, Verdict, is_unknown_at};
use crate::schema::{Differing, TRIGGERS};
use crate::state::Record;
use crate::value::{FieldPath, Map, keep_each};

/// What may replace a resource.
pub(super) struct Causes {
    /// The dependencies that are or may be deleted before they are made anew and that this resource cannot outlive.
    /// Those that certainly are come first.
    pub(super) roots: Vec<NodeId>,
    /// The dependencies whose replacement would replace this resource too, in whatever order.
    pub(super) followed: Vec<NodeId>,
    /// The reason, if there is one.
    pub(super) force: Option<Force>,
}

impl<'a> Declared<'a> {
    /// Finds what may replace a resource.
    pub(super) fn causes(&mut self, id: NodeId, node: &Node, inputs: &Map, record: &Record) -> Causes {
        let moved = self.moved(node, record);
        let certain = |cause: &NodeId| self.steps[cause.index()].verdict == Verdict::Certain;
        let mut followed: Vec<NodeId> = self.replaced(id).collect();
        if !followed.is_empty() {
            let mut bound = self.bound(node, inputs, record);
            bound.extend(moved.iter().filter_map(|moved| moved.follows));
            followed.retain(|cause| bound.contains(cause));
            followed.sort_by_key(|cause| !certain(cause));
        }
        let mut roots = followed.clone();
        roots.retain(|cause| self.goes_first(*cause));
        let force = self.force(node, moved.map(|moved| moved.force), &roots);
        Causes { roots, followed, force }
    }

    fn force(&self, node: &Node, moved: Option<Force>, roots: &[NodeId]) -> Option<Force> {
        if self.selection.replace.matches(&node.address) {
            return Some(Force { reason: Reason::Requested, certain: true });
        }
        let owner = node.deleted_with.filter(|owner| self.is_replaced(*owner));
        let with = owner.map(|owner| (owner, true));
        let first = roots.first().map(|root| (*root, false));
        let certain = |cause: NodeId| self.steps[cause.index()].verdict == Verdict::Certain;
        let causes = with.into_iter().chain(first);
        let cause = causes.max_by_key(|(cause, with)| (certain(*cause), *with));
        if let Some(moved) =
            moved.filter(|moved| moved.certain || !cause.is_some_and(|(cause, _)| certain(cause)))
        {
            return Some(moved);
        }
        let (cause, with) = cause?;
        let address = self.steps[cause.index()].address.clone();
        let reason = if with {
            Reason::DeletedWith { owner: address }
        } else {
            Reason::DeletedFirst { because: address }
        };
        Some(Force { reason, certain: certain(cause) })
    }

    /// Returns the dependencies that this resource cannot outlive: a field that forces a replacement takes its value,
    /// not known yet, from them; or the object goes with theirs; or it holds theirs, which goes first. What is ignored binds
    /// nothing.
    fn bound(&self, node: &Node, inputs: &Map, record: &Record) -> HashSet<NodeId> {
        let mut bound: HashSet<NodeId> = node.deleted_with.into_iter().collect();
        for (name, expr) in &node.inputs {
            let Some(value) = inputs.get(&**name).filter(|value| value.has_unknown()) else { continue };
            let kept = keep_each(name, value, record.applied.get(&**name), &node.lifecycle.ignore_changes);
            let unknown_at = |path: &FieldPath| path.field() == *name && is_unknown_at(&kept, path.rest());
            let field = node.schema.field(name);
            let (sent, seen) = (&record.applied, &record.observed);
            let whole = *name == TRIGGERS
                || node.schema.replaces(&Differing { field: name, sent, seen, wanted: inputs });
            let parts = field.into_iter().flat_map(|field| &field.force_new_parts);
            let mut paths = parts.chain(&node.lifecycle.replace_on_changes);
            if whole && kept.has_unknown() || paths.any(unknown_at) {
                expr.references(&mut |node| {
                    bound.insert(NodeId(node.index()));
                });
            } else if field.is_some_and(|field| field.holds) && kept.has_unknown() {
                expr.references(&mut |node| {
                    let held = NodeId(node.index());
                    if self.goes_first(held) {
                        bound.insert(held);
                    }
                });
            }
        }
        bound
    }

    /// Returns the dependencies that are, or may be, replaced.
    pub(super) fn replaced(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.request.graph.dag().dependencies(id).filter(|d| self.is_replaced(*d))
    }

    fn is_replaced(&self, id: NodeId) -> bool {
        self.steps[id.index()].action == Action::Replace
    }

    pub(super) fn goes_first(&self, id: NodeId) -> bool {
        self.is_replaced(id) && self.steps[id.index()].order == Order::DeleteFirst
    }
}
