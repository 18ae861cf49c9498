//! How many calls may run at once: overall, per kind, and per provider, where the number follows what the
//! provider bears: one more for every round of successes, half after every "slow down".

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::graph::NodeId;
use crate::provider::Limits;

#[derive(Debug)]
struct Gate {
    running: usize,
    allowed: f64,
    most: f64,
    blocked: VecDeque<NodeId>,
}

impl Gate {
    fn new(most: usize) -> Self {
        let most = most.max(1) as f64;
        Self { running: 0, allowed: most, most, blocked: VecDeque::new() }
    }

    fn is_full(&self) -> bool {
        (self.running as f64) >= self.allowed.floor().max(1.0)
    }
}

/// What a call holds while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ticket {
    provider: Arc<str>,
    kind: Option<Arc<str>>,
}

/// All gates of a run.
#[derive(Debug, Default)]
pub(super) struct Gates {
    gates: HashMap<Arc<str>, Gate>,
}

impl Gates {
    /// Lets a step through, or keeps it until a call ends at the gate that is full.
    pub(super) fn enter(
        &mut self,
        step: NodeId,
        provider: &Arc<str>,
        limits: Limits,
        kind: &str,
        kind_limit: Option<usize>,
    ) -> Option<Ticket> {
        let kind: Option<Arc<str>> = kind_limit.map(|_| kind.into());
        let wanted = [Some((provider, limits.parallel)), kind.as_ref().zip(kind_limit)];
        for (name, most) in wanted.into_iter().flatten() {
            let gate = self.gates.entry(Arc::clone(name)).or_insert_with(|| Gate::new(most));
            if gate.is_full() {
                gate.blocked.push_back(step);
                return None;
            }
        }
        let ticket = Ticket { provider: Arc::clone(provider), kind };
        for name in ticket.names() {
            if let Some(gate) = self.gates.get_mut(name) {
                gate.running += 1;
            }
        }
        Some(ticket)
    }

    /// Returns all steps that wait at a gate; they wait no longer.
    pub(super) fn drain(&mut self) -> Vec<NodeId> {
        self.gates.values_mut().flat_map(|gate| gate.blocked.drain(..)).collect()
    }

    /// Returns the steps that waited at gates which have room by now; they wait no longer. Asked before a run waits for its
    /// calls: a step may get room and not use it, and then the next in the queue has to get it.
    pub(super) fn admit(&mut self) -> Vec<NodeId> {
        let mut freed = Vec::new();
        for gate in self.gates.values_mut() {
            let room = (gate.allowed.floor().max(1.0) as usize).saturating_sub(gate.running);
            freed.extend(gate.blocked.drain(..room.min(gate.blocked.len())));
        }
        freed
    }

    /// Takes a ticket back; if the provider was throttling, returns how many calls at once it gets from now on.
    pub(super) fn leave(&mut self, ticket: &Ticket, throttled: bool) -> Option<usize> {
        for name in ticket.names() {
            if let Some(gate) = self.gates.get_mut(name) {
                gate.running = gate.running.saturating_sub(1);
            }
        }
        let mut slowed = None;
        if let Some(gate) = self.gates.get_mut(&ticket.provider) {
            if throttled {
                gate.allowed = (gate.allowed.min((gate.running + 1) as f64) / 2.0).max(1.0);
                slowed = Some(gate.allowed as usize);
            } else {
                gate.allowed = (gate.allowed + 1.0 / gate.allowed).min(gate.most);
            }
        }
        slowed
    }
}

impl Ticket {
    fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        std::iter::once(&self.provider).chain(&self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_halves_and_success_adds() {
        let mut gates = Gates::default();
        let (provider, limits): (Arc<str>, _) =
            ("p".into(), Limits { parallel: 4, per_second: None, reads: 64 });
        let enter = |gates: &mut Gates, n| gates.enter(NodeId(n), &provider, limits, "k", None);
        let tickets: Vec<_> = (0..4).map(|n| enter(&mut gates, n).unwrap()).collect();
        assert_eq!(enter(&mut gates, 4), None);
        assert_eq!((gates.leave(&tickets[0], true), gates.admit()), (Some(2), vec![]));
        assert_eq!((gates.leave(&tickets[1], false), gates.admit()), (None, vec![]));
        assert_eq!((gates.leave(&tickets[2], false), gates.admit()), (None, vec![NodeId(4)]));
    }

    #[test]
    fn a_kind_has_a_limit_of_its_own() {
        let mut gates = Gates::default();
        let provider: Arc<str> = "p".into();
        let first = gates.enter(NodeId(0), &provider, Limits::default(), "k", Some(1)).unwrap();
        assert!(gates.enter(NodeId(1), &provider, Limits::default(), "k", Some(1)).is_none());
        assert!(gates.enter(NodeId(2), &provider, Limits::default(), "other", None).is_some());
        assert!(gates.enter(NodeId(3), &provider, Limits::default(), "k", Some(1)).is_none());
        assert_eq!((gates.leave(&first, false), gates.admit()), (None, vec![NodeId(1)]));
        // It did not go in after all: the next one may.
        assert_eq!(gates.admit(), [NodeId(3)]);
    }
}
