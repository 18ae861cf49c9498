//! Joins orders that may contradict each other. Firm edges stand; a weak one is given up where it would close a
//! cycle with edges that are no weaker.
//!
//! Weak edges are added rank by rank, the firmest first. Only those inside a strongly connected component can close
//! a cycle; there the nodes are placed one after the other, and where none is free, one goes first that waits for the
//! fewest weak edges, which are given up. After that less may be connected, so it is looked at again before more is
//! given up, and each time twice as many nodes may go first: a number of rounds that is logarithmic in the nodes.

use std::collections::BTreeSet;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::graph::{Cycle, Dag, NodeId};

/// From a node to what it depends on.
pub(super) type Edge = (NodeId, NodeId);

/// Joins the edges of `nodes` nodes; of weak ones that contradict each other, those of the lowest rank are given up.
///
/// # Errors
/// A cycle of firm edges.
pub(super) fn join(nodes: usize, mut firm: Vec<Edge>, weak: Vec<(u8, Edge)>) -> Result<Dag, Cycle> {
    let all = firm.iter().copied().chain(weak.iter().map(|(_, edge)| *edge));
    if let Ok(dag) = Dag::new(nodes, all) {
        return Ok(dag);
    }
    Dag::new(nodes, firm.iter().copied())?;
    let ranks: BTreeSet<u8> = weak.iter().map(|(rank, _)| *rank).collect();
    for rank in ranks.into_iter().rev() {
        let mut these: Vec<Edge> = weak.iter().filter(|(r, _)| *r == rank).map(|(_, edge)| *edge).collect();
        let mut quota = 1;
        while give_up(nodes, &firm, &mut these, quota) {
            quota *= 2;
        }
        firm.append(&mut these);
    }
    Dag::new(nodes, firm)
}

/// Gives weak edges up that close cycles, until in each component as many nodes as `quota` says went first; tells
/// whether any did.
fn give_up(nodes: usize, firm: &[Edge], weak: &mut Vec<Edge>, quota: usize) -> bool {
    let component = components(nodes, firm.iter().chain(&*weak));
    let inside = |edge: &Edge| component[edge.0.index()] == component[edge.1.index()];
    if !weak.iter().any(inside) {
        return false;
    }
    let mut walk = Walk::new(nodes);
    firm.iter().filter(|edge| inside(edge)).for_each(|edge| walk.add(edge, 0));
    weak.iter().filter(|edge| inside(edge)).for_each(|edge| walk.add(edge, 1));
    let place = walk.run(&component, vec![quota; nodes]);
    let went_first = |edge: &Edge| {
        let [from, to] = [edge.0, edge.1].map(|id| place[id.index()]);
        from != UNPLACED && from <= to
    };
    weak.retain(|edge| !inside(edge) || !went_first(edge));
    true
}

/// Returns the number of each node's strongly connected component.
fn components<'a>(nodes: usize, edges: impl Iterator<Item = &'a Edge>) -> Vec<usize> {
    let mut graph: DiGraph<(), (), u32> = DiGraph::with_capacity(nodes, 0);
    (0..nodes).for_each(|_| {
        graph.add_node(());
    });
    for (from, to) in edges {
        graph.add_edge(NodeIndex::new(from.index()), NodeIndex::new(to.index()), ());
    }
    let mut component = vec![0; nodes];
    for (number, members) in kosaraju_scc(&graph).into_iter().enumerate() {
        members.into_iter().for_each(|node| component[node.index()] = number);
    }
    component
}

/// The place of a node that the walk did not come to.
const UNPLACED: usize = usize::MAX;

/// Places nodes, each after what it depends on.
struct Walk {
    /// Who waits for each node, and whether by a firm edge (0) or a weak one (1).
    waiting: Vec<Vec<(usize, usize)>>,
    /// How many firm and how many weak edges of each node lead to what is not placed yet.
    missing: Vec<[usize; 2]>,
    place: Vec<usize>,
    free: Vec<usize>,
    /// Nodes that only weak edges keep, and how many.
    held: BTreeSet<(usize, usize)>,
}

impl Walk {
    fn new(nodes: usize) -> Self {
        Self {
            waiting: vec![Vec::new(); nodes],
            missing: vec![[0; 2]; nodes],
            place: vec![UNPLACED; nodes],
            free: Vec::new(),
            held: BTreeSet::new(),
        }
    }

    fn add(&mut self, edge: &Edge, sort: usize) {
        self.waiting[edge.1.index()].push((edge.0.index(), sort));
        self.missing[edge.0.index()][sort] += 1;
    }

    /// Returns the place of each node. Where nothing is free, a node is placed that weak edges alone keep, for as long
    /// as its component's quota lasts.
    fn run(mut self, component: &[usize], mut quota: Vec<usize>) -> Vec<usize> {
        (0..self.missing.len()).rev().for_each(|node| self.offer(node));
        let mut placed = 0;
        while let Some(node) = self.next(component, &mut quota) {
            self.place[node] = placed;
            placed += 1;
            for (dependant, sort) in std::mem::take(&mut self.waiting[node]) {
                if self.place[dependant] == UNPLACED {
                    self.held.remove(&(self.missing[dependant][1], dependant));
                    self.missing[dependant][sort] -= 1;
                    self.offer(dependant);
                }
            }
        }
        self.place
    }

    fn offer(&mut self, node: usize) {
        match self.missing[node] {
            [0, 0] => self.free.push(node),
            [0, weak] => drop(self.held.insert((weak, node))),
            _ => {}
        }
    }

    fn next(&mut self, component: &[usize], quota: &mut [usize]) -> Option<usize> {
        if let Some(node) = self.free.pop() {
            return Some(node);
        }
        while let Some((_, node)) = self.held.pop_first() {
            let left = &mut quota[component[node]];
            if *left > 0 {
                *left -= 1;
                return Some(node);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn edges(pairs: &[(u32, u32)]) -> Vec<Edge> {
        pairs.iter().map(|(a, b)| (NodeId(*a), NodeId(*b))).collect()
    }

    fn of(dag: &Dag) -> HashSet<Edge> {
        dag.order().iter().flat_map(|id| dag.dependencies(*id).map(|to| (*id, to))).collect()
    }

    #[test]
    fn the_weakest_edge_of_a_cycle_is_given_up_and_no_other() {
        let firm = edges(&[(1, 0), (2, 1)]);
        let weak = [(2, (0, 3)), (1, (3, 2)), (2, (4, 0)), (0, (4, 1))]
            .map(|(rank, (a, b))| (rank, (NodeId(a), NodeId(b))));
        let dag = join(5, firm, weak.to_vec()).unwrap();
        assert_eq!(of(&dag), edges(&[(1, 0), (2, 1), (0, 3), (4, 0), (4, 1)]).into_iter().collect());
    }

    #[test]
    fn a_cycle_of_firm_edges_is_an_error() {
        assert_eq!(
            join(3, edges(&[(0, 1), (1, 0)]), vec![(0, (NodeId(2), NodeId(0)))]).unwrap_err().0.len(),
            2
        );
    }

    // Both sizes take minutes if anything is done anew for each of the cycles.
    const MANY: u32 = 20_000;

    #[test]
    fn many_contradictions_are_settled_at_once() {
        let at = |i: u32| (4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3);
        let firm = (0..MANY).map(at).flat_map(|(a, b, c, d)| [(b, a), (c, b), (d, c)]).collect::<Vec<_>>();
        let weak = (0..MANY).map(at).map(|(a, _, _, d)| (0, (NodeId(a), NodeId(d))));
        let dag = join(4 * MANY as usize, edges(&firm), weak.collect()).unwrap();
        assert_eq!(dag.edge_count(), firm.len());
    }

    #[test]
    fn many_contradictions_along_one_long_chain_are_settled_in_a_few_rounds() {
        let chain =
            (1..MANY).map(|i| (i, i - 1)).chain((MANY..2 * MANY).map(|i| (i, MANY - 1))).collect::<Vec<_>>();
        let weak = (MANY..2 * MANY).map(|i| (0, (NodeId(0), NodeId(i))));
        let back = (1..MANY).map(|i| (0, (NodeId(i - 1), NodeId(i))));
        let dag = join(2 * MANY as usize, edges(&chain), weak.chain(back).collect()).unwrap();
        assert_eq!(dag.edge_count(), chain.len());
    }

    proptest! {
        #[test]
        fn what_closes_no_cycle_with_edges_as_firm_stays(
            all in prop::collection::vec((0_u8..4, 0_u32..12, 0_u32..12), 0..50),
        ) {
            let firm: Vec<_> = all.iter().filter(|(rank, a, b)| *rank == 3 && a > b).map(|(_, a, b)| (*a, *b)).collect();
            let weak: Vec<_> = all.iter().filter(|edge| edge.0 < 3).map(|(r, a, b)| (*r, (NodeId(*a), NodeId(*b)))).collect();
            let kept = of(&join(12, edges(&firm), weak.clone()).unwrap());
            prop_assert!(edges(&firm).iter().all(|edge| kept.contains(edge)));
            for (rank, edge) in &weak {
                let as_firm = weak.iter().filter(|(other, _)| other >= rank).map(|(_, edge)| *edge);
                let among: Vec<_> = edges(&firm).into_iter().chain(as_firm).collect();
                let component = components(12, among.iter());
                prop_assert!(component[edge.0.index()] == component[edge.1.index()] || kept.contains(edge));
            }
        }
    }
}
