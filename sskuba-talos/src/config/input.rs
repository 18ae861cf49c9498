//! What a cluster is to be.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::kubernetes::{AdmissionPlugin, Component, Etcd, InlineManifest};
use super::machine::Machine;
use crate::contract::Contract;
use crate::yaml::Node;

/// What a cluster is to be, and what all of its machines have in common.
///
/// What is left out is as Talos would have it. Lists and maps of a [`Machine`] of a pool are added to those here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Input {
    /// The cluster's name.
    pub name: String,
    /// Where the Kubernetes API is for all: an `https` URL, mostly with port 6443.
    pub endpoint: String,
    /// The version of Kubernetes, without `v`; where it is empty, no images are named and Talos takes its own default.
    pub kubernetes: String,
    /// The form of the config: the version of Talos that the machines run.
    pub contract: Contract,
    /// Names and addresses, besides those that Talos finds, for the certificates of the machine API and the API server.
    pub certificate_sans: Vec<String>,
    /// Ranges that pods get addresses from; 10.244.0.0/16 where there is none.
    pub pod_subnets: Vec<String>,
    /// Ranges that services get addresses from; 10.96.0.0/12 where there is none.
    pub service_subnets: Vec<String>,
    /// The domain of the cluster's DNS; `cluster.local` where it is left out.
    pub dns_domain: Option<String>,
    /// The pod network; Flannel where it is left out.
    pub cni: Option<Cni>,
    /// How members find each other.
    pub discovery: Discovery,
    /// Whether members talk through a mesh of WireGuard links.
    pub kube_span: Option<bool>,
    /// The port of each machine's own load balancer for the API server; 7445 where it is left out, 0 for none.
    pub kube_prism_port: Option<u16>,
    /// The port of the API server on its machine; 6443 where it is left out.
    pub local_api_server_port: Option<u16>,
    /// Whether ordinary pods may run on the control plane.
    pub allow_scheduling_on_control_planes: bool,
    /// The API server.
    pub api_server: Component,
    /// The controller manager.
    pub controller_manager: Component,
    /// The scheduler.
    pub scheduler: Component,
    /// The proxy; a CNI that replaces it wants it disabled.
    pub proxy: Component,
    /// The store.
    pub etcd: Etcd,
    /// Admission plugins; one of the name of a default (`PodSecurity`) replaces it.
    pub admission: Vec<AdmissionPlugin>,
    /// What the API server records, a `Policy` of `audit.k8s.io/v1`; the metadata of every request where it is left out.
    pub audit_policy: Option<Node>,
    /// Where the manifests of an external cloud provider are; an empty list only enables it.
    pub external_cloud_provider: Option<Vec<String>>,
    /// Where manifests are that the control plane applies when it starts.
    pub extra_manifests: Vec<String>,
    /// Headers to fetch them with.
    pub extra_manifest_headers: IndexMap<String, sskuba_core::secret::Secret<String>>,
    /// Manifests that the control plane applies when it starts.
    pub inline_manifests: Vec<InlineManifest>,
    /// Whether machines log far more.
    pub debug: bool,
    /// What all machines have in common.
    pub machine: Machine,
}

/// The pod network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Cni {
    /// Talos installs Flannel.
    Flannel,
    /// Nobody does before the cluster is up.
    None,
    /// The control plane applies manifests from these URLs.
    Custom(Vec<String>),
}

/// How members of the cluster find each other.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Discovery {
    /// True where they do not; an air-gapped cluster wants this, or an endpoint of its own.
    pub disabled: bool,
    /// The discovery service; Sidero Labs' public one where it is left out.
    pub endpoint: Option<String>,
}

impl Input {
    /// Describes a cluster by its name, the URL of its API and a version of Kubernetes.
    pub fn new(name: impl Into<String>, endpoint: impl Into<String>, kubernetes: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            endpoint: endpoint.into(),
            kubernetes: kubernetes.into(),
            ..Self::default()
        }
    }

    /// Sets the form of the config.
    #[must_use]
    pub const fn contract(mut self, contract: Contract) -> Self {
        self.contract = contract;
        self
    }

    /// Adds names and addresses for certificates.
    #[must_use]
    pub fn certificate_sans(mut self, sans: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.certificate_sans.extend(sans.into_iter().map(Into::into));
        self
    }

    /// Sets the ranges of pods and of services.
    #[must_use]
    pub fn subnets(mut self, pods: &[&str], services: &[&str]) -> Self {
        self.pod_subnets = pods.iter().map(|&range| range.to_owned()).collect();
        self.service_subnets = services.iter().map(|&range| range.to_owned()).collect();
        self
    }

    /// Sets the pod network.
    #[must_use]
    pub fn cni(mut self, cni: Cni) -> Self {
        self.cni = Some(cni);
        self
    }

    /// Sets the disk that all machines install to.
    #[must_use]
    pub fn install_disk(mut self, disk: impl Into<String>) -> Self {
        self.machine.install.disk = Some(disk.into());
        self
    }

    /// Sets what all machines have in common.
    #[must_use]
    pub fn machine(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }
}
