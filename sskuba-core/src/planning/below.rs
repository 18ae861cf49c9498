//! Questions about what lies below a resource, asked for many resources of one plan.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::declared::Declared;
use crate::address::Address;
use crate::graph::{Dag, NodeId};
use crate::state::Record;

/// What was found out so far, so that no part of a graph is walked for each resource above it anew.
#[derive(Default)]
pub(super) struct Below<'a> {
    /// The place of each node in the order of the edges.
    place: Vec<usize>,
    /// How much was walked in search of a node.
    spent: HashMap<NodeId, usize>,
    /// All that is above a node for which that was much.
    above: HashMap<NodeId, Vec<bool>>,
    /// The declared resources that were found behind addresses which are not declared any more, when so many resources
    /// were known to have moved.
    behind: HashMap<&'a Address, Rc<[NodeId]>>,
    moved: usize,
}

impl<'a> Below<'a> {
    /// Tells whether a node comes after another. Looks down from it, no deeper than the other can be; when that was
    /// done often, looks up from the other once and for all.
    fn is_after(&mut self, dag: &Dag, id: NodeId, other: NodeId) -> bool {
        if self.place.is_empty() {
            self.place = vec![0; dag.len()];
            dag.order().iter().enumerate().for_each(|(at, id)| self.place[id.index()] = at);
        }
        let spent = self.spent.entry(other).or_default();
        if *spent > dag.len() {
            let above = self.above.entry(other).or_insert_with(|| dag.closure([other], true));
            return above[id.index()];
        }
        let (mut seen, mut todo) = (HashSet::new(), vec![id]);
        while let Some(id) = todo.pop() {
            for dependency in dag.dependencies(id) {
                *spent += 1;
                if dependency == other {
                    return true;
                }
                let deep = self.place[dependency.index()] < self.place[other.index()];
                if !deep && seen.insert(dependency) {
                    todo.push(dependency);
                }
            }
        }
        false
    }
}

impl<'a> Declared<'a> {
    /// Returns the dependencies that are or may be deleted before they are made anew, and those that only the old
    /// generation uses while the new one comes after them.
    pub(super) fn deleted_below(&mut self, id: NodeId, record: &'a Record) -> Vec<NodeId> {
        if !self.deletes_first {
            return Vec::new();
        }
        let mut roots: Vec<NodeId> = self.replaced(id).filter(|d| self.goes_first(*d)).collect();
        let mut known: HashSet<NodeId> = roots.iter().copied().collect();
        for user in self.used_by(record) {
            let after = |this: &mut Self| this.below.is_after(this.request.graph.dag(), id, user);
            if self.goes_first(user) && known.insert(user) && after(self) {
                roots.push(user);
            }
        }
        roots
    }

    /// Returns the declared resources that a recorded generation uses, itself or through what is not declared any
    /// more.
    fn used_by(&mut self, record: &'a Record) -> Vec<NodeId> {
        if self.below.moved != self.moved.len() {
            self.below.moved = self.moved.len();
            self.below.behind.clear();
        }
        let mut found = Vec::new();
        for address in &record.dependencies {
            match self.declared_as(address) {
                Some(declared) => found.push(declared),
                None => found.extend(self.behind(address).iter()),
            }
        }
        found
    }

    /// Returns the resource that an address means now.
    fn declared_as(&self, address: &Address) -> Option<NodeId> {
        self.request.graph.find(address).or_else(|| self.moved.get(address).copied())
    }

    /// Returns the declared resources that what is recorded at an address, which is not declared any more, uses.
    fn behind(&mut self, address: &'a Address) -> Rc<[NodeId]> {
        if let Some(known) = self.below.behind.get(address) {
            return Rc::clone(known);
        }
        let (mut found, mut seen, mut todo) = (Vec::new(), HashSet::new(), vec![address]);
        while let Some(at) = todo.pop() {
            if !seen.insert(at) {
                continue;
            }
            if let Some(known) = self.below.behind.get(at) {
                found.extend(known.iter().copied());
            } else if let Some(declared) = self.declared_as(at) {
                found.push(declared);
            } else if let Some(record) = self.request.state.current(at) {
                todo.extend(&record.dependencies);
            }
        }
        found.sort_unstable();
        found.dedup();
        let found: Rc<[NodeId]> = found.into();
        self.below.behind.insert(address, Rc::clone(&found));
        found
    }
}
