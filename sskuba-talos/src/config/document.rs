//! The machine's and the cluster's sections, in the form that all contracts begin with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::input::{Cni, Input};
use super::kubernetes::Component;
use super::machine::Machine;
use super::role::Role;
use super::tree::Tree;
use crate::secrets::{Bundle, CertificateAndKey};
use crate::yaml::{Map, Node};

/// All that a config is made from.
pub(super) struct Facts<'a> {
    pub(super) input: &'a Input,
    pub(super) role: &'a Role,
    /// What all machines have in common, with what sets the pool apart laid over it.
    pub(super) machine: Machine,
    pub(super) bundle: &'a Bundle,
}

impl<'a> Facts<'a> {
    pub(super) fn new(input: &'a Input, role: &'a Role, bundle: &'a Bundle) -> Self {
        Self { input, role, machine: input.machine.clone().with(&role.pool().machine), bundle }
    }

    /// Returns whether the machine is of the control plane.
    pub(super) const fn leads(&self) -> bool {
        self.role.is_control_plane()
    }

    /// Names an image of the cluster's version of Kubernetes.
    pub(super) fn image(&self, own: Option<&String>, name: &str) -> Option<String> {
        let versioned = || format!("{name}:v{}", self.input.kubernetes);
        own.cloned().or_else(|| (!self.input.kubernetes.is_empty()).then(versioned))
    }

    /// Returns an authority: with its key for the control plane, without for workers.
    fn authority(&self, pair: &CertificateAndKey) -> Tree {
        let key = if self.leads() { pair.key.expose().as_str() } else { "" };
        authority(&pair.certificate, key)
    }
}

/// Writes a certificate and a key.
pub(super) fn authority(certificate: &str, key: &str) -> Tree {
    Tree::default().set("crt", STANDARD.encode(certificate)).set("key", STANDARD.encode(key))
}

/// Writes the section of the cluster.
pub(super) fn cluster(facts: &Facts<'_>) -> Tree {
    let (input, bundle) = (facts.input, facts.bundle);
    let port = input.local_api_server_port.filter(|_| facts.leads());
    let endpoint = Tree::default()
        .set("endpoint", input.endpoint.as_str())
        .some("localAPIServerPort", port.map(i64::from));
    let shared = Tree::default()
        .set("id", bundle.cluster.id.as_str())
        .set("secret", bundle.cluster.secret.expose().as_str())
        .set("controlPlane", endpoint)
        .set("clusterName", input.name.as_str())
        .set("network", network(input))
        .set("token", bundle.tokens.bootstrap.expose().as_str())
        .set("ca", facts.authority(&bundle.certificates.kubernetes))
        .set("discovery", discovery(input));
    if facts.leads() { control_plane(facts, shared) } else { shared }
}

fn network(input: &Input) -> Tree {
    let cni = input.cni.as_ref().map(|cni| match cni {
        Cni::Flannel => Tree::default().set("name", "flannel"),
        Cni::None => Tree::default().set("name", "none"),
        Cni::Custom(urls) => Tree::default().set("name", "custom").texts("urls", urls),
    });
    let ranges = |given: &[String], default: &str| -> Node {
        if given.is_empty() { vec![default].into() } else { given.to_vec().into() }
    };
    Tree::default()
        .some("cni", cni)
        .set("dnsDomain", input.dns_domain.as_deref().unwrap_or("cluster.local"))
        .set("podSubnets", ranges(&input.pod_subnets, "10.244.0.0/16"))
        .set("serviceSubnets", ranges(&input.service_subnets, "10.96.0.0/12"))
}

fn discovery(input: &Input) -> Tree {
    let service = Tree::default().some("endpoint", input.discovery.endpoint.as_deref());
    // The Kubernetes registry is deprecated, and off wherever Talos generates.
    let registries =
        Tree::default().set("kubernetes", Tree::default().set("disabled", true)).set("service", service);
    Tree::default().set("enabled", !input.discovery.disabled).set("registries", registries)
}

/// Adds what only the control plane knows.
fn control_plane(facts: &Facts<'_>, shared: Tree) -> Tree {
    let (input, certificates) = (facts.input, &facts.bundle.certificates);
    let account = STANDARD.encode(certificates.service_account.expose());
    let part = |own: &Component, image: &str| component(facts, own, image);
    let etcd = Tree::default()
        .some("image", input.etcd.image.as_deref())
        .set("ca", facts.authority(&certificates.etcd))
        .table("extraArgs", &input.etcd.extra_args)
        .texts("advertisedSubnets", &input.etcd.advertised_subnets);
    let external = input.external_cloud_provider.as_ref();
    let manifests = input.inline_manifests.iter().map(|manifest| {
        let contents = manifest.contents.expose().as_str();
        Tree::default().set("name", manifest.name.as_str()).set("contents", contents).into()
    });
    shared
        .set("secretboxEncryptionSecret", facts.bundle.tokens.secretbox.expose().as_str())
        .set("aggregatorCA", facts.authority(&certificates.aggregator))
        .set("serviceAccount", Tree::default().set("key", account))
        .set("apiServer", api_server(facts))
        .set("controllerManager", part(&input.controller_manager, "registry.k8s.io/kube-controller-manager"))
        .set("proxy", part(&input.proxy, "registry.k8s.io/kube-proxy").flag("disabled", input.proxy.disabled))
        .set("scheduler", part(&input.scheduler, "registry.k8s.io/kube-scheduler"))
        .set("etcd", etcd)
        .some(
            "externalCloudProvider",
            external.map(|urls| Tree::default().set("enabled", true).texts("manifests", urls)),
        )
        .texts("extraManifests", &input.extra_manifests)
        .secrets("extraManifestHeaders", &input.extra_manifest_headers)
        .list("inlineManifests", manifests)
        .flag("allowSchedulingOnControlPlanes", input.allow_scheduling_on_control_planes)
}

fn component(facts: &Facts<'_>, own: &Component, image: &str) -> Tree {
    Tree::default()
        .some("image", facts.image(own.image.as_ref(), image))
        .table("extraArgs", &own.extra_args)
        .table("env", &own.env)
}

fn api_server(facts: &Facts<'_>) -> Tree {
    let input = facts.input;
    let sans: Vec<String> =
        input.certificate_sans.iter().chain(&input.api_server.certificate_sans).cloned().collect();
    component(facts, &input.api_server, "registry.k8s.io/kube-apiserver")
        .texts("certSANs", &sans)
        .set("admissionControl", admission(input))
        .set("auditPolicy", input.audit_policy.clone().unwrap_or_else(audit))
}

/// Returns the policy that records the metadata of every request.
fn audit() -> Node {
    let rule = Tree::default().set("level", "Metadata");
    Tree::default().set("apiVersion", "audit.k8s.io/v1").set("kind", "Policy").set("rules", vec![rule]).into()
}

/// Returns the plugins: Pod Security, unless one of that name is given, and those that are given.
fn admission(input: &Input) -> Vec<Node> {
    let plugin = |name: &str, configuration: Node| {
        Tree::default().set("name", name).set("configuration", configuration).into()
    };
    let mut plugins = Vec::new();
    if !input.admission.iter().any(|given| given.name == "PodSecurity") {
        plugins.push(plugin("PodSecurity", pod_security()));
    }
    plugins.extend(input.admission.iter().map(|given| plugin(&given.name, given.configuration.clone())));
    plugins
}

fn pod_security() -> Node {
    let mut defaults = Map::new();
    for (mode, level) in [("enforce", "baseline"), ("audit", "restricted"), ("warn", "restricted")] {
        defaults.insert(mode.to_owned(), level.into());
        defaults.insert(format!("{mode}-version"), "latest".into());
    }
    let exemptions = Tree::default()
        .set("namespaces", vec!["kube-system"])
        .set("runtimeClasses", Node::Seq(Vec::new()))
        .set("usernames", Node::Seq(Vec::new()));
    Tree::default()
        .set("apiVersion", "pod-security.admission.config.k8s.io/v1alpha1")
        .set("kind", "PodSecurityConfiguration")
        .set("defaults", defaults)
        .set("exemptions", exemptions)
        .into()
}
