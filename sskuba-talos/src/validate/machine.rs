//! The section of the machine.

use std::collections::HashSet;

use super::certificates::{self, Use};
use super::cluster::{domain, token};
use super::field::Field;
use super::report::Report;
use super::target::{Mode, Target};
use super::{interfaces, labels, ranges};
use crate::locator;

/// Returns whether a machine is of the control plane.
pub(super) fn leads(machine: &Field<'_>) -> bool {
    ["controlplane", "init"].contains(&machine.get("type").text().as_str())
}

/// Judges the section of the machine.
pub(super) fn judge(machine: &Field<'_>, cluster: &Field<'_>, target: &Target, report: &mut Report) {
    let kind = machine.get("type");
    match kind.text().as_str() {
        "controlplane" | "worker" => {}
        "init" | "join" | "" => report.warn(&kind, "write `controlplane` or `worker`"),
        other => report.error(&kind, format!("must be `controlplane` or `worker` and is {other:?}")),
    }
    token(&machine.get("token"), "a machine joins the cluster", report);
    authority(machine, target, report);
    install(&machine.get("install"), target, report);
    host_dns(machine, target, report);
    interfaces::judge(machine, report);
    kube_span(machine, cluster, report);
    kubelet(&machine.get("kubelet"), report);
    labels::judge(machine, report);
    encryption(machine, report);
    registries(&machine.get("registries"), report);
    logging(machine, report);
    features(machine, report);
    disks(&machine.get("disks"), report);
}

fn authority(machine: &Field<'_>, target: &Target, report: &mut Report) {
    let (own, accepted) = (machine.get("ca"), machine.get("acceptedCAs"));
    let wanted = if leads(machine) { Use::Signs } else { Use::Trusts };
    let trusts_others = !accepted.items().is_empty() && !leads(machine);
    if own.given() || !trusts_others {
        let empty = own.get("crt").blank() && trusts_others;
        if !empty {
            certificates::authority(&own, wanted, target, report);
        }
    }
    certificates::accepted(&accepted, target, report);
}

fn install(install: &Field<'_>, target: &Target, report: &mut Report) {
    let (disk, selector) = (install.get("disk"), install.get("diskSelector"));
    if target.mode == Mode::Metal {
        if disk.blank() && selector.blank() {
            report.error(&disk, "Talos has to be told which disk to install itself to");
        }
        let args = install.get("extraKernelArgs");
        if !args.blank() && install.get("grubUseUKICmdline").on() {
            let what = "the kernel arguments are those of the image with `grubUseUKICmdline`; put them in its schematic";
            report.error(&args, what);
        }
    }
    if !selector.get("name").blank() {
        report.error(&selector.get("name"), "a disk cannot be chosen by this; take `model` or `serial`");
    }
    let kinds = ["", "ssd", "hdd", "nvme", "sd"];
    if !kinds.contains(&selector.get("type").text().as_str()) {
        report.error(&selector.get("type"), "must be ssd, hdd, nvme or sd");
    }
    let mut images = HashSet::new();
    let extensions = install.get("extensions");
    for extension in extensions.items() {
        if !images.insert(extension.get("image").text()) {
            report.error(&extension, "this extension is listed twice");
        }
    }
    if !images.is_empty() {
        report.warn(&extensions, "extensions belong in the image's schematic");
    }
}

fn host_dns(machine: &Field<'_>, target: &Target, report: &mut Report) {
    let dns = machine.at("features.hostDNS");
    let (enabled, forward) = (dns.get("enabled").on(), dns.get("forwardKubeDNSToHost"));
    if target.mode == Mode::Container {
        if !enabled {
            report
                .error(&dns.get("enabled"), "a container's own DNS is reached through it, so it must be on");
        }
        if !forward.on() {
            report.error(&forward, "a container's own DNS is reached through it, so it must be on");
        }
    }
    if forward.on() && !enabled {
        report.error(&forward, "nothing can be forwarded to what is not `enabled`");
    }
}

fn kube_span(machine: &Field<'_>, cluster: &Field<'_>, report: &mut Report) {
    let span = machine.at("network.kubespan");
    if !span.get("enabled").on() {
        return;
    }
    let mtu = span.get("mtu");
    if mtu.given() && mtu.number() < 1280 {
        report.error(&mtu, "must be at least 1280");
    }
    if !cluster.at("discovery.enabled").on() {
        report.error(
            &cluster.at("discovery.enabled"),
            "KubeSpan finds members by discovery, so that must be on",
        );
    }
    for key in ["id", "secret"] {
        if cluster.get(key).blank() {
            report.error(&cluster.get(key), "KubeSpan needs it, and it is missing");
        }
    }
    ranges::subnets(&span.at("filters.endpoints"), report);
    for item in span.at("filters.excludeAdvertisedNetworks").items() {
        if crate::schema::prefix(&item.text()).is_none() {
            report.error(&item, format!("{:?} is no range of addresses", item.text()));
        }
    }
}

/// Fields of the kubelet's configuration that Talos sets itself.
const KUBELET: &[&str] = &[
    "apiVersion",
    "authentication",
    "authorization",
    "cgroupRoot",
    "kind",
    "kubeletCgroups",
    "port",
    "protectKernelDefaults",
    "resolvConf",
    "rotateCertificates",
    "systemCgroups",
    "staticPodPath",
    "seccompDefault",
];

fn kubelet(kubelet: &Field<'_>, report: &mut Report) {
    ranges::subnets(&kubelet.at("nodeIP.validSubnets"), report);
    for (key, field) in kubelet.get("extraConfig").entries() {
        if KUBELET.contains(&key) {
            report.error(&field, "Talos sets this itself, and it cannot be overridden");
        }
    }
    for address in kubelet.get("clusterDNS").items() {
        ranges::optional_address(&address, report);
    }
}

/// Judges the encryption of volumes in the form that 1.10 and before had.
fn encryption(machine: &Field<'_>, report: &mut Report) {
    for volume in ["state", "ephemeral"] {
        let volume = machine.get("systemDiskEncryption").get(volume);
        if volume.given() {
            super::volumes::keys(&volume.get("keys"), report);
        }
    }
}

fn registries(registries: &Field<'_>, report: &mut Report) {
    for section in ["mirrors", "config"] {
        for (_, entry) in registries.get(section).entries() {
            if !entry.given() {
                report.error(&entry, "must not be empty");
            }
            entry.get("endpoints").items().iter().for_each(|url| mirror(url, report));
        }
    }
}

/// Judges the URL of a registry.
pub(super) fn mirror(field: &Field<'_>, report: &mut Report) {
    let text = field.text();
    let valid = locator::parse(&text)
        .is_some_and(|url| ["http", "https"].contains(&url.scheme) && !url.host.is_empty());
    if !valid {
        report.error(field, "must be an http or https URL with a host");
    }
}

fn logging(machine: &Field<'_>, report: &mut Report) {
    for destination in machine.at("logging.destinations").items() {
        let endpoint = destination.get("endpoint");
        let text = endpoint.text();
        let valid = locator::parse(&text)
            .is_some_and(|url| ["tcp", "udp"].contains(&url.scheme) && !url.host.is_empty());
        if !valid {
            report.error(&endpoint, "must be a tcp or udp URL with a host");
        }
        if destination.get("format").text() != "json_lines" {
            report.error(&destination.get("format"), "must be json_lines");
        }
    }
    for (index, server) in machine.at("time.servers").items().iter().enumerate() {
        let text = server.text();
        if !ranges::plain(&text) && !domain(&text) && !text.starts_with("/dev/") {
            report.error(server, format!("time server {index} is neither an address nor the name of a host"));
        }
    }
}

/// Roles of the machine API.
const ROLES: &[&str] = &[
    "os:admin",
    "os:operator",
    "os:reader",
    "os:etcd:backup",
    "os:image:verifier",
    "os:meta:writer",
    "os:impersonator",
];

fn features(machine: &Field<'_>, report: &mut Report) {
    let features = machine.get("features");
    let access = features.get("kubernetesTalosAPIAccess");
    if access.get("enabled").on() {
        if !leads(machine) {
            report.error(
                &access.get("enabled"),
                "the machine API is offered to pods by the control plane only",
            );
        }
        for role in access.get("allowedRoles").items() {
            if !ROLES.contains(&role.text().as_str()) {
                report.error(&role, format!("{:?} is no role of the machine API", role.text()));
            }
        }
    }
    let algorithm = features.get("nodeAddressSortAlgorithm");
    if !algorithm.blank() && !["v1", "v2"].contains(&algorithm.text().to_lowercase().as_str()) {
        report.error(&algorithm, "must be v1 or v2");
    }
}

fn disks(disks: &Field<'_>, report: &mut Report) {
    for disk in disks.items() {
        if !disk.given() {
            report.error(&disk, "must not be empty");
        }
        let partitions = disk.get("partitions").items();
        for partition in partitions.iter().rev().skip(1) {
            if partition.get("size").blank() {
                report.error(&partition.get("size"), "only the last partition may take the rest of the disk");
            }
        }
    }
}
