//! The ready-set: which steps may start now. Pure; the dispatcher owns one and feeds it what happened.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use super::dag::{Dag, NodeId};

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Not wanted unless it is activated; nothing waits for it.
    Dormant,
    /// Something that it needs is not done.
    Waiting,
    /// It was handed out.
    Running,
    /// It ended well.
    Done,
    /// It ended badly.
    Failed,
    /// Something that it needs failed or was skipped.
    Skipped,
}

/// The state of a walk over a [`Dag`] of steps.
#[derive(Debug)]
pub struct Frontier {
    dag: Arc<Dag>,
    marks: Vec<Mark>,
    missing: Vec<u32>,
    priority: Vec<u64>,
    ready: BinaryHeap<(u64, std::cmp::Reverse<NodeId>)>,
    open: usize,
    /// Steps that wait for a dormant one which is certain to wake, by the dormant one.
    expected: HashMap<NodeId, Vec<NodeId>>,
    /// The dormant step that each step is to wake.
    wakes: HashMap<NodeId, NodeId>,
    /// Steps that wait for another though the graph has no such edge, by the other.
    held: HashMap<NodeId, Vec<NodeId>>,
}

impl Frontier {
    /// Starts a walk; among ready steps the higher priority goes first, then the lower number.
    pub fn new(dag: Arc<Dag>, priority: Vec<u64>, dormant: impl Fn(NodeId) -> bool) -> Self {
        let count = dag.len();
        let ids = || (0..count).map(|i| NodeId(u32::try_from(i).unwrap_or(u32::MAX)));
        let marks: Vec<Mark> =
            ids().map(|id| if dormant(id) { Mark::Dormant } else { Mark::Waiting }).collect();
        let open = marks.iter().filter(|mark| **mark == Mark::Waiting).count();
        let (missing, ready) = (vec![0; count], BinaryHeap::new());
        let (expected, wakes, held) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut frontier = Self { dag, missing, marks, priority, ready, open, expected, wakes, held };
        for id in ids() {
            frontier.missing[id.index()] = frontier.count_missing(id);
            frontier.offer(id);
        }
        frontier
    }

    fn count_missing(&self, id: NodeId) -> u32 {
        let blocks = |d: &NodeId| matches!(self.marks[d.index()], Mark::Waiting | Mark::Running);
        u32::try_from(self.dag.dependencies(id).filter(blocks).count()).unwrap_or(u32::MAX)
    }

    fn offer(&mut self, id: NodeId) {
        if self.marks[id.index()] == Mark::Waiting && self.missing[id.index()] == 0 {
            self.ready.push((self.priority[id.index()], std::cmp::Reverse(id)));
        }
    }

    /// Returns where a step stands.
    pub fn mark(&self, id: NodeId) -> Mark {
        self.marks[id.index()]
    }

    /// Returns how many steps have not ended.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Hands out the ready step of the highest priority.
    pub fn pop(&mut self) -> Option<NodeId> {
        while let Some((_, std::cmp::Reverse(id))) = self.ready.pop() {
            if self.marks[id.index()] == Mark::Waiting && self.missing[id.index()] == 0 {
                self.marks[id.index()] = Mark::Running;
                return Some(id);
            }
        }
        None
    }

    /// Takes a step back that was handed out and could not start; it is ready again.
    pub fn put_back(&mut self, id: NodeId) {
        if self.marks[id.index()] == Mark::Running {
            self.marks[id.index()] = Mark::Waiting;
            self.offer(id);
        }
    }

    /// Takes a step back that was handed out; it is ready again when those open steps have ended well, and skipped
    /// when one of them has not.
    pub fn hold(&mut self, id: NodeId, on: &[NodeId]) {
        let open = |id: &&NodeId| matches!(self.marks[id.index()], Mark::Waiting | Mark::Running);
        let on: Vec<NodeId> = on.iter().filter(open).copied().collect();
        for other in on {
            self.held.entry(other).or_default().push(id);
            self.missing[id.index()] += 1;
        }
        self.put_back(id);
    }

    /// Lets a skipped step go on all the same, when what it needs and is still open has ended.
    pub fn revive(&mut self, id: NodeId) {
        if self.marks[id.index()] == Mark::Skipped {
            self.marks[id.index()] = Mark::Waiting;
            self.open += 1;
            self.missing[id.index()] = self.count_missing(id);
            self.offer(id);
        }
    }

    /// Says that `owner` will wake a dormant step for sure: what depends on that waits for it from now on.
    pub fn expect(&mut self, dormant: NodeId, owner: NodeId) {
        let dag = Arc::clone(&self.dag);
        let waits = |id: &NodeId| *id != owner && self.marks[id.index()] == Mark::Waiting;
        let waiting: Vec<NodeId> = dag.dependants(dormant).filter(waits).collect();
        for id in &waiting {
            self.missing[id.index()] += 1;
        }
        if !waiting.is_empty() {
            self.expected.insert(dormant, waiting);
            self.wakes.insert(owner, dormant);
        }
    }

    /// Lets go on what waits for a dormant step.
    fn expect_no_more(&mut self, dormant: NodeId) {
        for id in self.expected.remove(&dormant).unwrap_or_default() {
            self.release(id);
        }
    }

    /// Lets go on all that waits for dormant steps or is held; tells whether anything did.
    pub fn expect_nothing(&mut self) -> bool {
        let dormant: Vec<NodeId> = self.expected.keys().copied().collect();
        dormant.iter().for_each(|id| self.expect_no_more(*id));
        let held: Vec<NodeId> = std::mem::take(&mut self.held).into_values().flatten().collect();
        held.iter().for_each(|id| self.release(*id));
        !dormant.is_empty() || !held.is_empty()
    }

    /// Wakes a dormant step: it runs when what it needs is done, and what depends on it waits for it. Returns what is
    /// skipped because something that it needs failed.
    pub fn activate(&mut self, id: NodeId) -> Vec<NodeId> {
        if self.marks[id.index()] != Mark::Dormant {
            return Vec::new();
        }
        self.marks[id.index()] = Mark::Waiting;
        self.open += 1;
        let dag = Arc::clone(&self.dag);
        for dependant in dag.dependants(id) {
            self.missing[dependant.index()] += 1;
        }
        self.expect_no_more(id);
        self.missing[id.index()] = self.count_missing(id);
        let lost = |d: NodeId| matches!(self.marks[d.index()], Mark::Failed | Mark::Skipped);
        if dag.dependencies(id).any(lost) {
            return self.skip(id);
        }
        self.offer(id);
        Vec::new()
    }

    /// Ends a step well.
    pub fn complete(&mut self, id: NodeId) {
        if !self.end(id, Mark::Done) {
            return;
        }
        let dag = Arc::clone(&self.dag);
        let held = self.held.remove(&id).unwrap_or_default();
        for dependant in dag.dependants(id).chain(held) {
            self.release(dependant);
        }
    }

    fn release(&mut self, id: NodeId) {
        let missing = &mut self.missing[id.index()];
        *missing = missing.saturating_sub(1);
        self.offer(id);
    }

    /// Ends a step badly; returns all that is skipped because of it.
    pub fn fail(&mut self, id: NodeId) -> Vec<NodeId> {
        self.fail_past(id, |_| false)
    }

    /// Ends a step badly of which not all that waits for it needs that it ends well: `goes_on` says what does not. Returns all
    /// that is skipped.
    pub fn fail_past(&mut self, id: NodeId, goes_on: impl Fn(NodeId) -> bool) -> Vec<NodeId> {
        if self.end(id, Mark::Failed) { self.skip_dependants(id, goes_on) } else { Vec::new() }
    }

    fn end(&mut self, id: NodeId, mark: Mark) -> bool {
        let open = matches!(self.marks[id.index()], Mark::Waiting | Mark::Running);
        if open {
            self.marks[id.index()] = mark;
            self.open -= 1;
            if let Some(dormant) = self.wakes.remove(&id) {
                self.expect_no_more(dormant);
            }
        }
        open
    }

    /// Skips an open step; returns it and all that is skipped because of it.
    pub fn skip(&mut self, id: NodeId) -> Vec<NodeId> {
        if self.end(id, Mark::Skipped) {
            let mut skipped = self.skip_dependants(id, |_| false);
            skipped.insert(0, id);
            skipped
        } else {
            Vec::new()
        }
    }

    /// Skips what waits for a step, but for those that go on without it.
    fn skip_dependants(&mut self, id: NodeId, goes_on: impl Fn(NodeId) -> bool) -> Vec<NodeId> {
        let dag = Arc::clone(&self.dag);
        let mut skipped = Vec::new();
        let held = self.held.remove(&id).unwrap_or_default();
        let waiting = dag.dependants(id).chain(held);
        let (released, mut todo): (Vec<NodeId>, Vec<NodeId>) = waiting.partition(|id| goes_on(*id));
        released.into_iter().for_each(|id| self.release(id));
        while let Some(id) = todo.pop() {
            match self.marks[id.index()] {
                Mark::Waiting => {
                    self.end(id, Mark::Skipped);
                    skipped.push(id);
                    todo.extend(dag.dependants(id).chain(self.held.remove(&id).unwrap_or_default()));
                }
                // What was never wanted must not wake up behind a failure.
                Mark::Dormant => self.marks[id.index()] = Mark::Skipped,
                _ => {}
            }
        }
        skipped.sort_unstable();
        skipped
    }

    /// Skips all that has not been handed out but for what is to be kept; returns it.
    pub fn skip_rest(&mut self, keep: &HashSet<NodeId>) -> Vec<NodeId> {
        let ids = (0..self.marks.len()).filter(|i| self.marks[*i] == Mark::Waiting);
        let ids = ids.map(|i| NodeId(u32::try_from(i).unwrap_or(u32::MAX)));
        let rest: Vec<NodeId> = ids.filter(|id| !keep.contains(id)).collect();
        for &id in &rest {
            self.end(id, Mark::Skipped);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frontier(nodes: usize, edges: &[(u32, u32)], dormant: &[u32]) -> Frontier {
        let dag = Dag::new(nodes, edges.iter().map(|(a, b)| (NodeId(*a), NodeId(*b)))).unwrap();
        let priority = dag.remaining(|_| 1);
        Frontier::new(Arc::new(dag), priority, |id| dormant.contains(&id.0))
    }

    #[test]
    fn a_failure_skips_what_needs_it_and_nothing_else() {
        let mut f = frontier(4, &[(1, 0), (2, 1)], &[]);
        assert_eq!(f.pop(), Some(NodeId(0)));
        assert_eq!(f.fail(NodeId(0)), [NodeId(1), NodeId(2)]);
        assert_eq!(f.pop(), Some(NodeId(3)));
        f.complete(NodeId(3));
        assert_eq!((f.pop(), f.open()), (None, 0));
    }

    #[test]
    fn a_failure_that_is_gone_past_skips_only_what_needs_it() {
        // 1 and 2 wait for 0, 3 waits for 1, 4 for 2; 5 sleeps.
        let edges = [(1, 0), (2, 0), (3, 1), (4, 2), (5, 0)];
        let mut f = frontier(6, &edges, &[5]);
        assert_eq!(f.pop(), Some(NodeId(0)));
        assert_eq!(f.fail_past(NodeId(0), |id| id == NodeId(1)), [NodeId(2), NodeId(4)]);
        assert_eq!((f.mark(NodeId(0)), f.mark(NodeId(5))), (Mark::Failed, Mark::Skipped));
        assert_eq!((f.pop(), f.pop()), (Some(NodeId(1)), None));
        f.complete(NodeId(1));
        assert_eq!(f.pop(), Some(NodeId(3)));
        assert!(f.fail_past(NodeId(3), |_| true).is_empty());
        assert_eq!(f.open(), 0);
    }

    #[test]
    fn nothing_waits_for_a_dormant_step_until_it_is_activated() {
        let mut f = frontier(3, &[(2, 1), (2, 0)], &[1]);
        assert_eq!(f.pop(), Some(NodeId(0)));
        f.activate(NodeId(1));
        f.complete(NodeId(0));
        assert_eq!(f.pop(), Some(NodeId(1)));
        assert_eq!(f.pop(), None);
        f.complete(NodeId(1));
        assert_eq!(f.pop(), Some(NodeId(2)));
    }

    #[test]
    fn a_step_put_back_waits_for_what_it_woke_or_is_skipped_with_it() {
        for fails in [false, true] {
            let mut f = frontier(2, &[(0, 1)], &[1]);
            assert_eq!(f.pop(), Some(NodeId(0)));
            f.put_back(NodeId(0));
            f.activate(NodeId(1));
            assert_eq!(f.pop(), Some(NodeId(1)));
            assert_eq!(f.pop(), None);
            if fails {
                assert_eq!(f.fail(NodeId(1)), [NodeId(0)]);
            } else {
                f.complete(NodeId(1));
                assert_eq!(f.pop(), Some(NodeId(0)));
                f.complete(NodeId(0));
            }
            assert_eq!(f.open(), 0);
        }
    }

    #[test]
    fn what_needs_a_step_that_is_certain_to_wake_waits_for_it_or_for_its_owner() {
        for wakes in [true, false] {
            // 2 needs 1, which is dormant until 0 wakes it.
            let mut f = frontier(3, &[(0, 1), (2, 1)], &[1]);
            f.expect(NodeId(1), NodeId(0));
            assert_eq!(f.pop(), Some(NodeId(0)));
            assert_eq!(f.pop(), None);
            if wakes {
                f.put_back(NodeId(0));
                f.activate(NodeId(1));
                assert_eq!((f.pop(), f.pop()), (Some(NodeId(1)), None));
                f.complete(NodeId(1));
                assert_eq!((f.pop(), f.pop()), (Some(NodeId(0)), Some(NodeId(2))));
            } else {
                f.complete(NodeId(0));
                assert_eq!(f.pop(), Some(NodeId(2)));
            }
        }
        let mut f = frontier(3, &[(0, 1), (2, 1)], &[1]);
        f.expect(NodeId(1), NodeId(0));
        assert!(f.expect_nothing() && !f.expect_nothing());
        assert_eq!((f.pop(), f.pop()), (Some(NodeId(0)), Some(NodeId(2))));
    }

    proptest! {
        #[test]
        fn every_step_runs_once_after_all_it_needs(
            edges in proptest::collection::vec((1_u32..40, 0_u32..39), 0..120),
            fails in proptest::collection::vec(0_u32..40, 0..4),
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|(a, b)| a > b).collect();
            let mut f = frontier(40, &edges, &[]);
            let mut ended = [false; 40];
            while let Some(id) = f.pop() {
                for (a, b) in &edges {
                    if *a == id.0 {
                        prop_assert_eq!(f.mark(NodeId(*b)), Mark::Done);
                    }
                }
                prop_assert!(!std::mem::replace(&mut ended[id.index()], true));
                if fails.contains(&id.0) {
                    for skipped in f.fail(id) {
                        prop_assert!(!std::mem::replace(&mut ended[skipped.index()], true));
                    }
                } else {
                    f.complete(id);
                }
            }
            prop_assert_eq!(f.open(), 0);
            prop_assert!(ended.iter().all(|e| *e));
        }
    }
}
