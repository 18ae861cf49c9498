//! An immutable directed acyclic graph with typed indices.

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

/// The number of a node, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// Returns the number as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    fn petgraph(self) -> NodeIndex {
        NodeIndex::new(self.index())
    }
}

/// A cycle: each node depends on the next, the last on the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<NodeId>);

/// A graph whose edges run from a node to what it depends on.
#[derive(Debug, Clone, Default)]
pub struct Dag {
    graph: DiGraph<(), (), u32>,
    order: Vec<NodeId>,
}

impl Dag {
    /// Builds the graph of `nodes` nodes and the given edges (dependant, dependency); repeated edges count once.
    ///
    /// # Errors
    /// The first cycle that is met, as a path.
    pub fn new(nodes: usize, edges: impl IntoIterator<Item = (NodeId, NodeId)>) -> Result<Self, Cycle> {
        let mut edges: Vec<_> = edges.into_iter().collect();
        edges.sort_unstable();
        edges.dedup();
        let mut graph = DiGraph::with_capacity(nodes, edges.len());
        for _ in 0..nodes {
            graph.add_node(());
        }
        for (dependant, dependency) in edges {
            graph.add_edge(dependant.petgraph(), dependency.petgraph(), ());
        }
        let mut dag = Self { graph, order: Vec::with_capacity(nodes) };
        dag.sort()?;
        Ok(dag)
    }

    /// Orders the nodes, dependencies first; among equals the lower number first.
    fn sort(&mut self) -> Result<(), Cycle> {
        let count = self.len();
        let mut missing: Vec<usize> = (0..count).map(|i| self.dependencies(node(i)).count()).collect();
        let mut next: Vec<NodeId> = (0..count).filter(|i| missing[*i] == 0).map(node).collect();
        let mut at = 0;
        while at < next.len() {
            let id = next[at];
            at += 1;
            let dependants: Vec<NodeId> = self.dependants(id).collect();
            for dependant in dependants.into_iter().rev() {
                missing[dependant.index()] -= 1;
                if missing[dependant.index()] == 0 {
                    next.push(dependant);
                }
            }
        }
        if next.len() < count {
            return Err(self.find_cycle(&missing));
        }
        self.order = next;
        Ok(())
    }

    /// Walks from a node that never became free along dependencies that did not either, until one repeats.
    fn find_cycle(&self, missing: &[usize]) -> Cycle {
        let stuck = |id: &NodeId| missing[id.index()] > 0;
        let mut path: Vec<NodeId> = Vec::new();
        let mut place = vec![usize::MAX; self.len()];
        let mut at = (0..self.len()).map(node).find(stuck);
        while let Some(id) = at {
            if place[id.index()] != usize::MAX {
                return Cycle(path.split_off(place[id.index()]));
            }
            place[id.index()] = path.len();
            path.push(id);
            at = self.dependencies(id).find(stuck);
        }
        Cycle(path)
    }

    /// Returns the number of nodes.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Tells whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of edges.
    pub fn edge_count(&self) -> usize {
        self.graph.edge_count()
    }

    /// Returns the nodes, dependencies before dependants.
    pub fn order(&self) -> &[NodeId] {
        &self.order
    }

    /// Returns what a node depends on.
    pub fn dependencies(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.graph.edges_directed(id.petgraph(), Direction::Outgoing).map(|e| node(e.target().index()))
    }

    /// Returns what depends on a node.
    pub fn dependants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.graph.edges_directed(id.petgraph(), Direction::Incoming).map(|e| node(e.source().index()))
    }

    /// Marks `from` and all that it depends on, or with `up` all that depends on it.
    pub fn closure(&self, from: impl IntoIterator<Item = NodeId>, up: bool) -> Vec<bool> {
        let mut marked = vec![false; self.len()];
        let mut todo: Vec<NodeId> = from.into_iter().collect();
        while let Some(id) = todo.pop() {
            if !std::mem::replace(&mut marked[id.index()], true) {
                if up { todo.extend(self.dependants(id)) } else { todo.extend(self.dependencies(id)) }
            }
        }
        marked
    }

    /// Returns for each node the sum of `weight` along the heaviest path from it through its dependants,
    /// itself included.
    pub fn remaining(&self, weight: impl Fn(NodeId) -> u64) -> Vec<u64> {
        let mut remaining = vec![0_u64; self.len()];
        for &id in self.order.iter().rev() {
            let after = self.dependants(id).map(|d| remaining[d.index()]).max().unwrap_or(0);
            remaining[id.index()] = after.saturating_add(weight(id));
        }
        remaining
    }
}

fn node(index: usize) -> NodeId {
    NodeId(u32::try_from(index).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dag(nodes: usize, edges: &[(u32, u32)]) -> Result<Dag, Cycle> {
        Dag::new(nodes, edges.iter().map(|(a, b)| (NodeId(*a), NodeId(*b))))
    }

    #[test]
    fn order_puts_dependencies_first() {
        let dag = dag(4, &[(0, 1), (1, 2), (0, 3), (0, 3)]).unwrap();
        let place = |n: u32| dag.order().iter().position(|id| id.0 == n).unwrap();
        assert!(place(2) < place(1) && place(1) < place(0) && place(3) < place(0));
        assert_eq!(dag.edge_count(), 3);
    }

    #[test]
    fn a_cycle_is_its_path_without_what_leads_there() {
        let cycle = dag(5, &[(0, 1), (1, 2), (2, 3), (3, 1), (4, 0)]).unwrap_err();
        assert_eq!(cycle.0, [NodeId(1), NodeId(2), NodeId(3)]);
        assert_eq!(dag(1, &[(0, 0)]).unwrap_err().0, [NodeId(0)]);
    }

    #[test]
    fn remaining_is_the_longest_path() {
        let dag = dag(4, &[(1, 0), (2, 1), (3, 0)]).unwrap();
        assert_eq!(dag.remaining(|id| u64::from(id.0) + 1), [6, 5, 3, 4]);
    }
}
