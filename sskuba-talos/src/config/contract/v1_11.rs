//! Talos 1.11: one document, but for encrypted volumes.

use crate::config::document::{Facts, authority, cluster};
use crate::config::machine::{Kubelet, LogDestination};
use crate::config::network::{Interface, Network, Route, Vlan};
use crate::config::registries::{Registries, RegistryTls};
use crate::config::storage::{EncryptionKey, KeyKind};
use crate::config::tree::Tree;
use crate::yaml::Node;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Writes the documents.
pub(super) fn documents(facts: &Facts<'_>) -> Vec<Node> {
    let mut cluster: Node = cluster(facts).into();
    if let Some(api_server) = cluster.as_map_mut().and_then(|map| map.get_mut("apiServer")) {
        legacy_api_server(api_server, &facts.input.endpoint);
    }
    let main = Tree::default()
        .set("version", "v1alpha1")
        .set("debug", facts.input.debug)
        .set("persist", true)
        .set("machine", machine(facts))
        .set("cluster", cluster);
    let mut documents = vec![main.into()];
    let encryption = &facts.machine.encryption;
    documents.extend(volume("STATE", &encryption.state));
    documents.extend(volume("EPHEMERAL", &encryption.ephemeral));
    documents
}

/// The endpoint's host is among the names of the certificate, and Pod Security Policies are named as off.
fn legacy_api_server(api_server: &mut Node, endpoint: &str) {
    let Some(map) = api_server.as_map_mut() else { return };
    let mut sans: Vec<Node> = vec![crate::locator::host(endpoint).unwrap_or_default().into()];
    if let Some(Node::Seq(given)) = map.shift_remove("certSANs") {
        sans.extend(given);
    }
    map.insert("certSANs".to_owned(), Node::Seq(sans));
    map.insert("disablePodSecurityPolicy".to_owned(), true.into());
}

fn machine(facts: &Facts<'_>) -> Tree {
    let (machine, bundle) = (&facts.machine, facts.bundle);
    let key = if facts.leads() { bundle.certificates.os.key.expose().as_str() } else { "" };
    let sans: Vec<String> =
        facts.input.certificate_sans.iter().chain(&machine.certificate_sans).cloned().collect();
    let files = machine.files.iter().map(|file| {
        Tree::default()
            .set("content", file.content.expose().as_str())
            .set("permissions", i64::from(file.permissions))
            .set("path", file.path.as_str())
            .set("op", file.op.as_str())
            .into()
    });
    let modules = machine.kernel_modules.iter().map(|module| {
        Tree::default().set("name", module.name.as_str()).texts("parameters", &module.parameters).into()
    });
    let mut labels = machine.labels.clone();
    if facts.leads() {
        labels.entry("node.kubernetes.io/exclude-from-external-load-balancers".to_owned()).or_default();
    }
    Tree::default()
        .set("type", facts.role.as_str())
        .set("token", bundle.tokens.trustd.expose().as_str())
        .set("ca", authority(&bundle.certificates.os.certificate, key))
        .set("certSANs", sans)
        .set("kubelet", kubelet(facts, &machine.kubelet))
        .set("network", network(&machine.network, facts.input.kube_span))
        .set("install", install(facts))
        .list("files", files)
        .secrets("env", &machine.env)
        .tree("time", Tree::default().texts("servers", &machine.time_servers))
        .table("sysctls", &machine.sysctls)
        .table("sysfs", &machine.sysfs)
        .tree("registries", registries(&machine.registries))
        .set("features", features(facts))
        .tree("logging", Tree::default().list("destinations", machine.logging.iter().map(log)))
        .tree("kernel", Tree::default().list("modules", modules))
        .table("nodeLabels", &labels)
        .table("nodeAnnotations", &machine.annotations)
        .table("nodeTaints", &machine.taints)
}

fn kubelet(facts: &Facts<'_>, kubelet: &Kubelet) -> Tree {
    let mounts = kubelet.extra_mounts.iter().map(|mount| {
        Tree::default()
            .set("destination", mount.destination.as_str())
            .set("type", "bind")
            .set("source", mount.source.as_str())
            .texts("options", &mount.options)
            .into()
    });
    let config = kubelet.extra_config.iter().map(|(key, value)| (key.clone(), value.clone()));
    Tree::default()
        .some("image", facts.image(kubelet.image.as_ref(), "ghcr.io/siderolabs/kubelet"))
        .texts("clusterDNS", &kubelet.cluster_dns)
        .table("extraArgs", &kubelet.extra_args)
        .list("extraMounts", mounts)
        .entries("extraConfig", config)
        .set("defaultRuntimeSeccompProfileEnabled", true)
        .flag("registerWithFQDN", kubelet.register_with_fqdn)
        .tree("nodeIP", Tree::default().texts("validSubnets", &kubelet.node_ip_subnets))
        .set("disableManifestsDirectory", true)
}

fn install(facts: &Facts<'_>) -> Tree {
    let install = &facts.machine.install;
    Tree::default()
        .some("disk", install.disk.as_deref())
        .texts("extraKernelArgs", &install.extra_kernel_args)
        .some("image", install.image.as_deref())
        .set("wipe", install.wipe)
}

fn features(facts: &Facts<'_>) -> Tree {
    let port = facts.input.kube_prism_port.unwrap_or(7445);
    let prism = Tree::default().set("enabled", true).set("port", i64::from(port));
    Tree::default()
        .set("rbac", true)
        .set("stableHostname", true)
        .set("apidCheckExtKeyUsage", true)
        .set("diskQuotaSupport", true)
        .some("kubePrism", (port != 0).then_some(prism))
        .set("hostDNS", Tree::default().set("enabled", true).set("forwardKubeDNSToHost", true))
}

fn log(destination: &LogDestination) -> Node {
    Tree::default()
        .set("endpoint", destination.endpoint.as_str())
        .set("format", "json_lines")
        .table("extraTags", &destination.extra_tags)
        .into()
}

fn network(network: &Network, kube_span: Option<bool>) -> Tree {
    let hosts = network
        .host_entries
        .iter()
        .map(|entry| Tree::default().set("ip", entry.address.as_str()).texts("aliases", &entry.names).into());
    Tree::default()
        .some("hostname", network.hostname.as_deref())
        .list("interfaces", network.interfaces.iter().map(interface))
        .texts("nameservers", &network.nameservers)
        .texts("searchDomains", &network.search_domains)
        .list("extraHostEntries", hosts)
        .some("kubespan", kube_span.map(|on| Tree::default().set("enabled", on)))
}

fn interface(interface: &Interface) -> Node {
    let selector =
        interface.hardware_address.as_deref().map(|address| Tree::default().set("hardwareAddr", address));
    Tree::default()
        .some("interface", interface.name.as_deref())
        .some("deviceSelector", selector)
        .texts("addresses", &interface.addresses)
        .list("routes", interface.routes.iter().map(route))
        .list("vlans", interface.vlans.iter().map(vlan))
        .some("mtu", interface.mtu.map(i64::from))
        .some("dhcp", interface.dhcp)
        .some("vip", interface.vip.as_deref().map(|address| Tree::default().set("ip", address)))
        .into()
}

fn vlan(vlan: &Vlan) -> Node {
    Tree::default()
        .texts("addresses", &vlan.addresses)
        .set("routes", vlan.routes.iter().map(route).collect::<Vec<_>>())
        .some("dhcp", vlan.dhcp)
        .set("vlanId", i64::from(vlan.id))
        .into()
}

fn route(route: &Route) -> Node {
    Tree::default()
        .set("network", route.network.as_str())
        .some("gateway", route.gateway.as_deref())
        .some("metric", route.metric.map(i64::from))
        .into()
}

fn registries(registries: &Registries) -> Tree {
    let mirrors = registries.mirrors.iter().map(|(host, mirror)| {
        let mirror = Tree::default()
            .texts("endpoints", &mirror.endpoints)
            .flag("overridePath", mirror.override_path)
            .flag("skipFallback", mirror.skip_fallback);
        (host.clone(), mirror.into())
    });
    let mut hosts: Vec<&String> = registries.tls.keys().chain(registries.auth.keys()).collect();
    hosts.sort();
    hosts.dedup();
    let config = hosts.into_iter().map(|host| {
        let auth = registries.auth.get(host).map(|auth| {
            let password = auth.password.expose().as_str();
            Tree::default().set("username", auth.username.as_str()).set("password", password)
        });
        (
            host.clone(),
            Tree::default().some("tls", registries.tls.get(host).map(tls)).some("auth", auth).into(),
        )
    });
    Tree::default().entries("mirrors", mirrors).entries("config", config)
}

fn tls(tls: &RegistryTls) -> Tree {
    let identity =
        tls.client_identity.as_ref().map(|(certificate, key)| authority(certificate, key.expose()));
    Tree::default()
        .some("clientIdentity", identity)
        .some("ca", tls.ca.as_ref().map(|ca| STANDARD.encode(ca)))
        .flag("insecureSkipVerify", tls.insecure_skip_verify)
}

/// Writes the document of an encrypted volume.
fn volume(name: &str, keys: &[EncryptionKey]) -> Option<Node> {
    let keys: Vec<Node> = keys.iter().map(encryption_key).collect();
    let encryption = Tree::default().set("provider", "luks2").set("keys", keys.clone());
    let document = Tree::default()
        .set("apiVersion", "v1alpha1")
        .set("kind", "VolumeConfig")
        .set("name", name)
        .set("encryption", encryption);
    (!keys.is_empty()).then(|| document.into())
}

fn encryption_key(key: &EncryptionKey) -> Node {
    let (kind, settings) = match &key.kind {
        KeyKind::NodeId => ("nodeID", Tree::default()),
        KeyKind::Static(passphrase) => {
            ("static", Tree::default().set("passphrase", passphrase.expose().as_str()))
        }
        KeyKind::Kms(endpoint) => ("kms", Tree::default().set("endpoint", endpoint.as_str())),
        KeyKind::Tpm { ignore_secure_boot } => {
            ("tpm", Tree::default().set("checkSecurebootStatusOnEnroll", !ignore_secure_boot))
        }
    };
    Tree::default()
        .set("slot", i64::from(key.slot))
        .set(kind, settings)
        .flag("lockToState", key.lock_to_state)
        .into()
}
