//! One machine: its config, its version, and what it does when it is asked.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use tokio::sync::{broadcast, watch};
use tokio::time::sleep;
use tonic::{Request, Status};

use super::fleet::Clusters;
use super::serve::Roles;
use super::trouble::Trouble;
use crate::api::Stage;
use crate::client::proto::machine as proto;
use crate::yaml::{self, Node as Yaml};

/// How long a machine is off the network when it restarts.
pub(super) const OUTAGE: Duration = Duration::from_millis(150);

/// How long a machine that restarts still answers.
const LAST_WORD: Duration = Duration::from_millis(100);

/// The lives of a machine: each restart ends one.
#[derive(Debug, Clone)]
pub(super) struct Lives {
    count: watch::Sender<u64>,
    away: Arc<Mutex<Option<Duration>>>,
}

impl Default for Lives {
    fn default() -> Self {
        Self { count: watch::channel(0).0, away: Arc::new(Mutex::new(Some(Duration::ZERO))) }
    }
}

impl Lives {
    /// Drops every connection, and comes back after a time, or not.
    pub(super) fn restart(&self, away: Option<Duration>) {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner) = away;
        self.count.send_modify(|life| *life += 1);
    }

    /// Returns how long the machine stays away before its next life; none if it stays away.
    pub(super) fn away(&self) -> Option<Duration> {
        *self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees the end of the present life.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }
}

/// The parts of the machine's section that Talos applies without a reboot, as its `CanApplyImmediate` has them.
const AT_ONCE: [&str; 19] = [
    "acceptedCAs",
    "ca",
    "certSANs",
    "controlPlane",
    "features",
    "install",
    "kernel",
    "kubelet",
    "logging",
    "network",
    "nodeAnnotations",
    "nodeLabels",
    "nodeTaints",
    "pods",
    "registries",
    "seccompProfiles",
    "sysctls",
    "sysfs",
    "time",
];

/// The components of Kubernetes, and their sections in the config.
const COMPONENTS: [(&str, &str); 4] = [
    ("kube-apiserver", "apiServer"),
    ("kube-controller-manager", "controllerManager"),
    ("kube-scheduler", "scheduler"),
    ("kube-proxy", "proxy"),
];

/// What a config says of whose machine it is.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) text: String,
    pub(super) control_plane: bool,
    /// The id of the cluster, or the OS CA where it has none.
    pub(super) cluster: String,
    /// The OS CA in PEM.
    pub(super) ca: String,
    /// Authorities that clients may have theirs from besides, in PEM.
    pub(super) accepted: Vec<String>,
    /// Its key; workers have none.
    pub(super) ca_key: Option<String>,
    pub(super) sans: Vec<String>,
}

impl Config {
    /// Reads a config; the text says what is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let documents = yaml::read(text).map_err(|error| error.message)?;
        let machine = documents.iter().find_map(|document| document.get("machine"));
        let machine = machine.ok_or("no machine section")?;
        let control_plane = match machine.get("type").and_then(Yaml::as_str) {
            Some("controlplane") => true,
            Some("worker") => false,
            other => {
                // As Talos does, it quotes what it does not like, and more than that.
                let token = machine.get("token").and_then(Yaml::as_str).unwrap_or_default();
                return Err(format!("unknown machine type {other:?} in machine: token: {token}"));
            }
        };
        let decoded = |path: &str, text: Option<&str>| {
            let bytes = STANDARD.decode(text.unwrap_or_default());
            let bytes = bytes.map_err(|_| format!("machine.{path} is no base64"))?;
            String::from_utf8(bytes).map_err(|_| format!("machine.{path} is no PEM"))
        };
        let pem = |key| decoded(&format!("ca.{key}"), machine.at(&["ca", key]).and_then(Yaml::as_str));
        let (ca, ca_key) = (pem("crt")?, pem("key")?);
        let accepted = machine.get("acceptedCAs").and_then(Yaml::as_seq).unwrap_or_default().iter();
        let accepted = accepted.map(|pair| decoded("acceptedCAs", pair.get("crt").and_then(Yaml::as_str)));
        let accepted = accepted.collect::<Result<Vec<_>, _>>()?;
        let id = documents.iter().find_map(|document| document.at(&["cluster", "id"])?.as_str());
        let cluster = id.map_or_else(|| ca.clone(), str::to_owned);
        if ca.is_empty() || control_plane == ca_key.is_empty() {
            return Err("a control plane has an issuing CA with its key, a worker has one without".to_owned());
        }
        let sans = machine.get("certSANs").and_then(Yaml::as_seq).unwrap_or_default();
        let sans = sans.iter().filter_map(Yaml::as_str).map(str::to_owned).collect();
        let ca_key = Some(ca_key).filter(|key| !key.is_empty());
        Ok(Self { text: text.to_owned(), control_plane, cluster, ca, accepted, ca_key, sans })
    }

    /// Returns the images of Kubernetes' components, by their names; a worker has none.
    pub(super) fn components(&self) -> Vec<(&'static str, String)> {
        let documents = yaml::read(&self.text).unwrap_or_default();
        let image = |section| {
            documents.iter().find_map(|document| document.at(&["cluster", section, "image"])?.as_str())
        };
        let named = COMPONENTS.iter().filter_map(|(name, section)| Some((*name, image(section)?.to_owned())));
        named.collect()
    }

    /// Says what is changed by another config, for those who look at the order of changes: a component, or more.
    pub(super) fn changed_by(&self, other: &Self) -> String {
        let mut documents = yaml::read(&self.text).unwrap_or_default();
        for ((name, image), (_, section)) in other.components().into_iter().zip(COMPONENTS) {
            let old = documents.iter_mut().find_map(|document| {
                document.as_map_mut()?.get_mut("cluster")?.as_map_mut()?.get_mut(section)?.as_map_mut()
            });
            let Some(old) = old.filter(|old| old.get("image").and_then(Yaml::as_str) != Some(&image)) else {
                continue;
            };
            old.insert("image".to_owned(), image.as_str().into());
            if yaml::read(&other.text).unwrap_or_default() == documents {
                return name.to_owned();
            }
            break;
        }
        "config".to_owned()
    }

    /// Tells whether a change to another config takes effect only as the machine starts: where anything differs but what
    /// Talos applies at once.
    pub(super) fn reboots_for(&self, other: &Self) -> bool {
        let rest = |text: &str| -> Option<Yaml> {
            let documents = yaml::read(text).ok()?;
            let mut machine = documents.iter().find_map(|document| document.get("machine"))?.clone();
            machine.as_map_mut()?.retain(|key, _| !AT_ONCE.contains(&key.as_str()));
            Some(machine)
        };
        rest(&self.text) != rest(&other.text)
    }
}

/// What changes on a machine.
#[derive(Debug)]
pub(super) struct State {
    pub(super) config: Option<Config>,
    /// The config that the next start brings into force.
    pub(super) staged: Option<Config>,
    /// The config that a platform hands to the machine where it has none.
    pub(super) user_data: Option<Config>,
    pub(super) member: Option<u64>,
    /// Bootstraps that come too early from now on.
    pub(super) early: u32,
    pub(super) tag: String,
    /// The version that the next start brings.
    pub(super) installed: Option<String>,
    pub(super) pulled: Vec<String>,
    pub(super) events: Vec<proto::Event>,
    pub(super) trouble: Trouble,
}

/// A machine.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// Its address.
    pub(super) host: String,
    pub(super) clusters: Arc<Clusters>,
    pub(super) news: broadcast::Sender<proto::Event>,
    pub(super) lives: Lives,
    state: Mutex<State>,
}

impl Node {
    pub(super) fn new((name, host): (String, String), tag: String, clusters: Arc<Clusters>) -> Self {
        let state = State {
            config: None,
            staged: None,
            user_data: None,
            member: None,
            early: 1,
            tag,
            installed: None,
            pulled: Vec::new(),
            events: Vec::new(),
            trouble: Trouble::default(),
        };
        Self {
            name,
            host,
            clusters,
            news: broadcast::channel(64).0,
            lives: Lives::default(),
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts into the version that was installed and with the config that was staged; returns the config.
    pub(super) fn begin_life(&self) -> Option<Config> {
        let mut state = self.state();
        if let Some(tag) = state.installed.take() {
            state.tag = tag;
        }
        if let Some(staged) = state.staged.take() {
            state.config = Some(staged);
        }
        if state.config.is_none() {
            state.config = state.user_data.clone();
        }
        let config = state.config.clone();
        drop(state);
        if let Some((config, key)) =
            config.as_ref().and_then(|config| Some((config, config.ca_key.as_ref()?)))
        {
            self.clusters.keep(&config.ca, key);
        }
        config
    }

    /// Lets a call in, or fails it as the machine is told to.
    pub(super) async fn admit<T>(&self, request: &Request<T>, reads: bool) -> Result<(), Status> {
        let (delay, cut, refused) = {
            let mut state = self.state();
            let trouble = &mut state.trouble;
            let cut = trouble.drop_next > 0;
            trouble.drop_next = trouble.drop_next.saturating_sub(1);
            let refused = trouble.refuse_next.as_mut().filter(|(left, _)| *left > 0).map(|(left, code)| {
                *left -= 1;
                *code
            });
            (trouble.delay, cut, refused)
        };
        sleep(delay).await;
        if cut {
            self.lives.restart(Some(Duration::ZERO));
            sleep(Duration::from_secs(60)).await;
        }
        if let Some(code) = refused {
            return Err(Status::new(code, "as it was told to"));
        }
        // Machines that pass calls on are many; here a call is for the machine itself, or there is no way.
        let node = request.metadata().get("node").and_then(|node| node.to_str().ok());
        if let Some(node) = node.filter(|node| *node != self.name) {
            return Err(Status::unavailable(format!("no way to node {node}")));
        }
        let state = self.state();
        let roles = request.extensions().get::<Roles>();
        let has = |role| roles.is_some_and(|roles| roles.0.iter().any(|own| own == role));
        // In maintenance mode everybody reads.
        let may = has("os:admin") || reads && (has("os:reader") || state.config.is_none());
        if state.trouble.deny || !may {
            return Err(Status::permission_denied("not authorized"));
        }
        Ok(())
    }

    /// Takes a call that only control planes answer.
    pub(super) fn control_plane(&self, api: &str) -> Result<Config, Status> {
        let state = self.state();
        let config = state
            .config
            .clone()
            .ok_or_else(|| Status::unimplemented(format!("machine type is not set, cannot use {api} API")))?;
        if config.control_plane {
            return Ok(config);
        }
        Err(Status::unimplemented(format!("{api} is only available on control plane nodes")))
    }

    /// Takes a call that more than half of etcd's members have to agree to; returns the cluster's name.
    pub(super) fn with_quorum(&self, api: &str) -> Result<String, Status> {
        let cluster = self.with_etcd(api)?;
        match self.clusters.has_quorum(&cluster) {
            true => Ok(cluster),
            false => Err(Status::unavailable("etcdserver: request timed out")),
        }
    }

    /// Takes a call that needs etcd; returns the cluster's name.
    pub(super) fn with_etcd(&self, api: &str) -> Result<String, Status> {
        let config = self.control_plane(api)?;
        self.clusters.settle();
        let unhealthy = self.state().trouble.etcd_unhealthy;
        let started = self.clusters.with(&config.cluster, |cluster| cluster.is_bootstrapped());
        if unhealthy || !started {
            return Err(Status::unavailable("error reading from server: EOF"));
        }
        Ok(config.cluster)
    }

    /// Joins etcd if it was started elsewhere in the cluster.
    pub(super) fn settle(&self) {
        let mut state = self.state();
        let Some(config) = state.config.clone().filter(|config| config.control_plane) else { return };
        if state.member.is_some() {
            return;
        }
        let joined = self
            .clusters
            .with(&config.cluster, |cluster| cluster.is_bootstrapped().then(|| cluster.join(&self.name)));
        state.member = joined;
    }

    /// Says where the machine is, and whether it is ready.
    pub(super) fn stage(&self) -> (Stage, bool) {
        self.settle();
        let state = self.state();
        let Some(config) = &state.config else { return (Stage::Maintenance, false) };
        let started = self.clusters.with(&config.cluster, |cluster| cluster.is_bootstrapped());
        let ready = started && !state.trouble.etcd_unhealthy;
        (if config.control_plane && !started { Stage::Booting } else { Stage::Running }, ready)
    }

    /// Tells whoever listens what happens.
    pub(super) fn tell<M: Message>(&self, name: &str, message: &M) {
        let mut state = self.state();
        let event = proto::Event {
            metadata: None,
            data: Some(prost_types::Any {
                type_url: format!("talos/runtime/{name}"),
                value: message.encode_to_vec(),
            }),
            id: format!("{:020}", state.events.len() + 1),
            actor_id: String::new(),
        };
        state.events.push(event.clone());
        // Nobody listening is no failure.
        let _ = self.news.send(event);
    }

    /// Tells that a sequence begins, and restarts.
    pub(super) fn sequence(&self, name: &str) {
        self.ends(name, Some(OUTAGE));
    }

    /// Tells that a sequence begins, and restarts after a time, or never.
    pub(super) fn ends(&self, name: &str, away: Option<Duration>) {
        let action = proto::sequence_event::Action::Start.into();
        let event = proto::SequenceEvent { sequence: name.to_owned(), action, error: None };
        self.tell("machine.SequenceEvent", &event);
        let lives = self.lives.clone();
        tokio::spawn(async move {
            sleep(LAST_WORD).await;
            lives.restart(away);
        });
    }
}
