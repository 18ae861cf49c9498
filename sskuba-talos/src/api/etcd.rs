//! etcd as its members see it.

/// A member of etcd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdMember {
    /// Its id, which removing it needs.
    pub id: u64,
    /// The name of its host.
    pub hostname: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it.
    pub client_urls: Vec<String>,
    /// Whether it only follows and has no vote yet.
    pub learner: bool,
}

/// The state of the member on one machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdStatus {
    /// Its id.
    pub member_id: u64,
    /// The leader's id; 0 if there is none.
    pub leader: u64,
    /// Bytes of its database on disk.
    pub db_size: u64,
    /// Bytes of it that are in use.
    pub db_size_in_use: u64,
    /// How far its log is.
    pub raft_index: u64,
    /// How much of its log is applied.
    pub raft_applied_index: u64,
    /// The term of the leader.
    pub raft_term: u64,
    /// Whether it only follows and has no vote yet.
    pub learner: bool,
    /// What it says is wrong with it.
    pub errors: Vec<String>,
    /// The version of its storage, e.g. `3.6.0`; older machines say none.
    pub storage_version: String,
}

impl EtcdStatus {
    /// Tells whether it follows a leader and says of no error.
    pub const fn is_healthy(&self) -> bool {
        self.leader != 0 && self.errors.is_empty()
    }
}

/// What etcd raised an alarm for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alarm {
    /// The database is full.
    NoSpace {
        /// Whose.
        member_id: u64,
    },
    /// The database is damaged.
    Corrupt {
        /// Whose.
        member_id: u64,
    },
}
