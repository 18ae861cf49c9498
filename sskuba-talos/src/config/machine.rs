//! What a machine is to be.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sskuba_core::secret::Secret;

use super::network::Network;
use super::registries::Registries;
use super::storage::{Encryption, Install};
use crate::yaml::Node;

/// What a machine, or all of a pool or of a cluster, is to be.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Machine {
    /// How Talos gets on its disk.
    pub install: Install,
    /// The kubelet.
    pub kubelet: Kubelet,
    /// Names, addresses, routes and name servers.
    pub network: Network,
    /// Where images come from.
    pub registries: Registries,
    /// How its disk is encrypted.
    pub encryption: Encryption,
    /// Kernel parameters, e.g. `net.core.somaxconn`.
    pub sysctls: IndexMap<String, String>,
    /// Files of `/sys` with what is written to them, e.g. `devices.system.cpu.cpu0.cpufreq.scaling_governor`.
    pub sysfs: IndexMap<String, String>,
    /// Kernel modules that are loaded.
    pub kernel_modules: Vec<KernelModule>,
    /// Labels of the node. A worker's kubelet may not set those of `node-role.kubernetes.io`.
    pub labels: IndexMap<String, String>,
    /// Annotations of the node.
    pub annotations: IndexMap<String, String>,
    /// Taints of the node, `key: value:Effect`. Kubernetes takes a worker's only when it registers.
    pub taints: IndexMap<String, String>,
    /// Servers of time; Talos's default where there is none.
    pub time_servers: Vec<String>,
    /// Environment of Talos and its services: `http_proxy`, `https_proxy`, `no_proxy`.
    pub env: IndexMap<String, Secret<String>>,
    /// Where logs go.
    pub logging: Vec<LogDestination>,
    /// Files that are written.
    pub files: Vec<File>,
    /// More names and addresses for the machine API's certificate.
    pub certificate_sans: Vec<String>,
}

/// The kubelet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Kubelet {
    /// Its image; Sidero Labs' of the cluster's version where it is left out.
    pub image: Option<String>,
    /// Arguments, without the dashes.
    pub extra_args: IndexMap<String, String>,
    /// Fields of its configuration.
    pub extra_config: IndexMap<String, Node>,
    /// Folders of the machine that it sees.
    pub extra_mounts: Vec<Mount>,
    /// Ranges of the addresses that a node may have; `!` before a range excludes it.
    pub node_ip_subnets: Vec<String>,
    /// Addresses of the cluster's DNS.
    pub cluster_dns: Vec<String>,
    /// Whether it registers by its full name.
    pub register_with_fqdn: bool,
}

/// A folder that the kubelet sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Mount {
    /// Its path on the machine.
    pub source: String,
    /// Its path for the kubelet.
    pub destination: String,
    /// Options of the mount.
    #[serde(default)]
    pub options: Vec<String>,
}

impl Mount {
    /// Shows a folder to the kubelet at its own path, so that pods can mount volumes in it.
    pub fn shared(path: impl Into<String>) -> Self {
        let path = path.into();
        let options = ["bind", "rshared", "rw"].map(str::to_owned).to_vec();
        Self { source: path.clone(), destination: path, options }
    }
}

/// A kernel module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct KernelModule {
    /// Its name.
    pub name: String,
    /// Its parameters, `key=value`.
    pub parameters: Vec<String>,
}

impl KernelModule {
    /// Names a module that has no parameters.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), parameters: Vec::new() }
    }
}

/// Where logs go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct LogDestination {
    /// A `tcp` or `udp` URL; lines of JSON go there.
    pub endpoint: String,
    /// What every line says besides.
    #[serde(default)]
    pub extra_tags: IndexMap<String, String>,
}

impl LogDestination {
    /// Sends logs to a URL.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into(), extra_tags: IndexMap::new() }
    }
}

/// A file that is written when the machine starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct File {
    /// Its path.
    pub path: String,
    /// What is in it.
    pub content: Secret<String>,
    /// Its permissions, e.g. 0o644.
    pub permissions: u32,
    /// `create`, `append` or `overwrite`.
    pub op: String,
}

impl File {
    /// Creates a file that all may read.
    pub fn new(path: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            content: Secret::new(content.into()),
            permissions: 0o644,
            op: "create".to_owned(),
        }
    }
}

impl Machine {
    /// Lays what is more special over this: lists are appended, maps and single settings are overridden.
    #[must_use]
    pub fn with(mut self, special: &Self) -> Self {
        self.install.lay(&special.install);
        self.network.lay(&special.network);
        self.registries.lay(&special.registries);
        self.encryption.lay(&special.encryption);
        self.kubelet.lay(&special.kubelet);
        append(&mut self.kernel_modules, &special.kernel_modules);
        append(&mut self.time_servers, &special.time_servers);
        append(&mut self.logging, &special.logging);
        append(&mut self.files, &special.files);
        append(&mut self.certificate_sans, &special.certificate_sans);
        extend(&mut self.sysctls, &special.sysctls);
        extend(&mut self.sysfs, &special.sysfs);
        extend(&mut self.labels, &special.labels);
        extend(&mut self.annotations, &special.annotations);
        extend(&mut self.taints, &special.taints);
        extend(&mut self.env, &special.env);
        self
    }
}

impl Kubelet {
    fn lay(&mut self, special: &Self) {
        over(&mut self.image, &special.image);
        extend(&mut self.extra_args, &special.extra_args);
        extend(&mut self.extra_config, &special.extra_config);
        append(&mut self.extra_mounts, &special.extra_mounts);
        append(&mut self.node_ip_subnets, &special.node_ip_subnets);
        append(&mut self.cluster_dns, &special.cluster_dns);
        self.register_with_fqdn |= special.register_with_fqdn;
    }
}

/// Adds what is not there yet.
pub(super) fn append<T: Clone + PartialEq>(to: &mut Vec<T>, from: &[T]) {
    for item in from {
        if !to.contains(item) {
            to.push(item.clone());
        }
    }
}

/// Adds entries; those of the same key are replaced.
pub(super) fn extend<V: Clone>(to: &mut IndexMap<String, V>, from: &IndexMap<String, V>) {
    to.extend(from.iter().map(|(key, value)| (key.clone(), value.clone())));
}

/// Replaces a setting by one that is given.
pub(super) fn over<T: Clone>(to: &mut Option<T>, from: &Option<T>) {
    if from.is_some() {
        to.clone_from(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::network::Interface;

    #[test]
    fn what_is_special_is_laid_over_what_all_have() {
        let mut all = Machine::default();
        all.install.disk = Some("/dev/sda".into());
        all.time_servers = vec!["a".into()];
        all.sysctls.insert("x".into(), "1".into());
        all.network.interfaces = vec![Interface::named("eth0")];
        let mut special = Machine::default();
        special.install.disk = Some("/dev/nvme0n1".into());
        special.time_servers = vec!["a".into(), "b".into()];
        special.sysctls.insert("x".into(), "2".into());
        special.network.interfaces =
            vec![Interface::named("eth0").address("10.0.0.2/24"), Interface::named("eth1")];
        let laid = all.clone().with(&special);
        assert_eq!(laid.install.disk.as_deref(), Some("/dev/nvme0n1"));
        assert_eq!(laid.time_servers, ["a", "b"]);
        assert_eq!(laid.sysctls["x"], "2");
        assert_eq!(laid.network.interfaces, special.network.interfaces);
        assert_eq!(all.clone().with(&Machine::default()), all);
    }

    #[test]
    fn no_secret_of_an_input_is_shown() {
        let mut machine = Machine::default();
        machine.env.insert("http_proxy".into(), Secret::new("canary".into()));
        machine.files.push(File::new("/a", "canary"));
        machine.encryption.state =
            vec![crate::config::EncryptionKey::new(0, crate::config::KeyKind::Static("canary".into()))];
        let shown = format!("{machine:?} {}", serde_json::to_string(&machine).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_file_may_have_no_unknown_key() {
        let read =
            serde_json::from_str::<Machine>(r#"{"timeServers": ["a"], "kernelModules": [{"name": "b"}]}"#);
        assert_eq!(read.unwrap().kernel_modules, [KernelModule::new("b")]);
        assert!(serde_json::from_str::<Machine>(r#"{"timeserver": []}"#).is_err());
    }
}
