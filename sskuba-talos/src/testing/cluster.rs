//! What the machines of one cluster have in common: etcd.

use std::collections::BTreeMap;

/// The state of one cluster, which its OS CA names.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// Names of hosts by the ids of their members.
    pub(super) members: BTreeMap<u64, String>,
    /// The leader; 0 before etcd was started.
    pub(super) leader: u64,
    /// How many members there ever were.
    born: u64,
}

impl Cluster {
    /// Tells whether etcd was started and still has somebody.
    pub(super) fn is_bootstrapped(&self) -> bool {
        !self.members.is_empty()
    }

    /// Takes a member in; returns its id.
    pub(super) fn join(&mut self, hostname: &str) -> u64 {
        self.born += 1;
        let id = 0x1000 + self.born;
        self.members.insert(id, hostname.to_owned());
        if self.leader == 0 {
            self.leader = id;
        }
        id
    }

    /// Lets a member go, and finds another leader where it led.
    pub(super) fn leave(&mut self, id: u64) -> bool {
        let known = self.members.remove(&id).is_some();
        if self.leader == id {
            self.leader = self.members.keys().next().copied().unwrap_or_default();
        }
        known
    }

    /// Makes another member the leader; returns it, or nothing if there is none.
    pub(super) fn forfeit(&mut self, id: u64) -> Option<String> {
        if self.leader != id {
            return None;
        }
        let (next, name) = self.members.iter().find(|(other, _)| **other != id)?;
        self.leader = *next;
        Some(name.clone())
    }
}
