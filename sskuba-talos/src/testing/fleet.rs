//! The machines of a test, and what is done to them from outside.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sskuba_core::secret::Secret;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::Code;

use super::cluster::Cluster;
use super::node::{Config, Node, OUTAGE};
use super::serve::{self, Keys};
use crate::api::{Fingerprint, Target};

/// The clusters that machines of a fleet belong to, and the keys of their OS CAs.
#[derive(Debug, Default)]
pub(super) struct Clusters {
    clusters: Mutex<HashMap<String, Cluster>>,
    keys: Mutex<HashMap<String, String>>,
    nodes: Mutex<Vec<Weak<Node>>>,
    history: Mutex<Vec<String>>,
}

impl Clusters {
    /// Works on the cluster of an OS CA.
    pub(super) fn with<T>(&self, ca: &str, work: impl FnOnce(&mut Cluster) -> T) -> T {
        let mut clusters = self.clusters.lock().unwrap_or_else(PoisonError::into_inner);
        work(clusters.entry(ca.to_owned()).or_default())
    }

    /// Keeps a CA's key, as control planes do for workers.
    pub(super) fn keep(&self, ca: &str, key: &str) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(ca.to_owned(), key.to_owned());
    }

    /// Lets every control plane join the etcd of its cluster, where that was started.
    pub(super) fn settle(&self) {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        nodes.iter().filter_map(Weak::upgrade).for_each(|node| node.settle());
    }

    /// Tells whether more than half of etcd's members are not on machines that are off the network. A machine that was wiped
    /// counts, though its member is dead: of that the machines of Talos's own code, which are played the same, know as little.
    pub(super) fn has_quorum(&self, ca: &str) -> bool {
        let members: Vec<u64> = self.with(ca, |cluster| cluster.members.keys().copied().collect());
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let off = nodes.iter().filter_map(Weak::upgrade).filter(|node| node.lives.away().is_none());
        let lost = off.filter_map(|node| node.state().member).filter(|id| members.contains(id)).count();
        members.len() - lost > members.len() / 2
    }

    /// Returns where the machine of a name is.
    pub(super) fn host(&self, name: &str) -> Option<String> {
        let nodes = self.nodes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        nodes.iter().filter_map(Weak::upgrade).find(|node| node.name == name).map(|node| node.host.clone())
    }

    /// Notes what was done to a machine.
    pub(super) fn note(&self, what: String) {
        self.history.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Returns a CA's key.
    pub(super) fn key(&self, ca: &str) -> Option<String> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(ca).cloned()
    }
}

/// Machines that know each other: those with one OS CA are one cluster. A worker has no certificate before a
/// control plane of its cluster has its config.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use sskuba_talos::client::{Identity, Machine};
/// use sskuba_talos::testing::Fleet;
///
/// let fleet = Fleet::default();
/// let fake = fleet.start("node-1", "v1.13.9").await?;
/// let machine = Machine::connect(fake.target(), Identity::ANYONE);
/// assert_eq!(machine.version().await?.tag, "v1.13.9");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct Fleet(Arc<Clusters>);

impl Fleet {
    /// Returns what was done to machines, in its order: `node-1: config`, `node-1: upgrade`, `node-1: reset`.
    pub fn history(&self) -> Vec<String> {
        self.0.history.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a machine without a config on a free port of an address of its own, `127.0.0.2` and so on, where this machine
    /// has these; of 127.0.0.1 otherwise.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(&self, name: &str, tag: &str) -> io::Result<FakeMachine> {
        self.started(name, tag, None).await
    }

    /// Starts a machine that a platform hands a config to wherever it has none: it is never in maintenance mode.
    ///
    /// # Errors
    /// If no port can be had, or the config is none.
    pub async fn boot(&self, name: &str, tag: &str, config: &Secret<String>) -> io::Result<FakeMachine> {
        let config = Config::read(config.expose()).map_err(io::Error::other)?;
        self.started(name, tag, Some(config)).await
    }

    async fn started(&self, name: &str, tag: &str, user_data: Option<Config>) -> io::Result<FakeMachine> {
        let count = self.0.nodes.lock().unwrap_or_else(PoisonError::into_inner).len();
        let own = Ipv4Addr::new(127, 0, 0, u8::try_from(count + 2).unwrap_or(1));
        let listener = match TcpListener::bind((own, 0)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?,
        };
        let address = listener.local_addr()?;
        let host = address.ip().to_string();
        let node = Arc::new(Node::new((name.to_owned(), host), tag.to_owned(), Arc::clone(&self.0)));
        node.state().user_data = user_data;
        self.0.nodes.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&node));
        let keys = Keys::new(name).map_err(io::Error::other)?;
        let fingerprint = keys.fingerprint;
        let serving = tokio::spawn(serve::live(Arc::clone(&node), keys, listener, address));
        Ok(FakeMachine { node, address, fingerprint, serving })
    }
}

/// A machine that exists only in this process. Dropped, it is gone.
#[derive(Debug)]
pub struct FakeMachine {
    node: Arc<Node>,
    address: SocketAddr,
    fingerprint: Fingerprint,
    serving: JoinHandle<()>,
}

impl FakeMachine {
    /// Returns where it is.
    pub fn target(&self) -> Target {
        #[expect(clippy::expect_used, reason = "an address of a socket is one")]
        self.address.to_string().parse().expect("a target")
    }

    /// Returns the fingerprint of its key in maintenance mode.
    pub const fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Cuts the connection at each of the next calls, before they do anything.
    pub fn drop_next(&self, calls: u32) {
        self.node.state().trouble.drop_next = calls;
    }

    /// Answers the next calls with a code.
    pub fn refuse_next(&self, calls: u32, code: Code) {
        self.node.state().trouble.refuse_next = Some((calls, code));
    }

    /// Takes longer for every call.
    pub fn delay(&self, time: Duration) {
        self.node.state().trouble.delay = time;
    }

    /// Denies every call, or no longer.
    pub fn deny(&self, deny: bool) {
        self.node.state().trouble.deny = deny;
    }

    /// Lets its etcd not answer, or answer again.
    pub fn etcd_unhealthy(&self, unhealthy: bool) {
        self.node.state().trouble.etcd_unhealthy = unhealthy;
    }

    /// Lets the installer fail, or not any more.
    pub fn installer_fails(&self, fails: bool) {
        self.node.state().trouble.installer_fails = fails;
    }

    /// Says how many bootstraps from now on come too early.
    pub fn bootstraps_too_early(&self, calls: u32) {
        self.node.state().early = calls;
    }

    /// Takes it off the network.
    pub fn disappear(&self) {
        self.node.lives.restart(None);
    }

    /// Brings it back.
    pub fn appear(&self) {
        self.node.lives.restart(Some(OUTAGE));
    }
}

impl Drop for FakeMachine {
    fn drop(&mut self) {
        self.node.lives.restart(None);
        self.serving.abort();
    }
}
