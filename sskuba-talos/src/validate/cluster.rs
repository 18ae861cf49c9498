//! The section of the cluster.

use std::collections::HashSet;

use super::certificates::{self, Use, decoded};
use super::components;
use super::field::Field;
use super::ranges;
use super::report::Report;
use super::target::Target;
use crate::locator;

/// Judges the section of the cluster.
pub(super) fn judge(cluster: &Field<'_>, leads: bool, target: &Target, report: &mut Report) {
    if !cluster.given() {
        return report.error(cluster, "a config must say which cluster its machine belongs to");
    }
    endpoint(&cluster.at("controlPlane.endpoint"), report);
    if cluster.get("clusterName").blank() {
        report.error(&cluster.get("clusterName"), "the cluster has no name");
    }
    token(&cluster.get("token"), "a kubelet joins the cluster", report);
    network(&cluster.get("network"), report);
    discovery(cluster, report);
    manifests(cluster, report);
    external_provider(&cluster.get("externalCloudProvider"), report);
    let authority = cluster.get("ca");
    if authority.given() || leads {
        let wanted = if leads { Use::Signs } else { Use::Trusts };
        certificates::authority(&authority, wanted, target, report);
    }
    certificates::accepted(&cluster.get("acceptedCAs"), target, report);
    if leads {
        control_plane(cluster, target, report);
    } else if cluster.get("etcd").given() {
        report.error(&cluster.get("etcd"), "etcd runs on the control plane only");
    }
    components::judge(cluster, report);
}

/// Judges a token of the form that kubeadm made common.
pub(super) fn token(field: &Field<'_>, purpose: &str, report: &mut Report) {
    let text = field.text();
    let part = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if text.is_empty() {
        report.error(field, format!("the token is missing with which {purpose}"));
    } else if !text.split_once('.').is_some_and(|(id, secret)| part(id, 6) && part(secret, 16)) {
        let form = "a token is 6 and 16 small letters and digits with a dot between them";
        report.error(field, format!("{form}; this one, with which {purpose}, is not"));
    }
}

fn endpoint(field: &Field<'_>, report: &mut Report) {
    if field.blank() {
        return report.error(field, "the URL of the Kubernetes API is missing, e.g. https://10.0.0.10:6443");
    }
    let text = field.text();
    let Some(url) = locator::parse(&text) else {
        return report.error(field, "must be a URL, e.g. https://10.0.0.10:6443");
    };
    if url.host.is_empty() {
        report.error(field, "the URL of the Kubernetes API has no host; write e.g. https://10.0.0.10:6443");
    } else if url.scheme != "https" {
        report.error(
            field,
            "the Kubernetes API is at an https URL; anything else would send tokens in the clear",
        );
    } else if !port(url.port) {
        report.error(field, "the port must be between 1 and 65535");
    } else if !ranges::plain(url.host) && !domain(url.host) {
        report.error(field, format!("{:?} is neither an address nor the name of a host", url.host));
    }
}

fn port(port: Option<&str>) -> bool {
    port.is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok_and(|port| port != 0))
}

fn network(network: &Field<'_>, report: &mut Report) {
    ranges::networks(&[network.get("podSubnets"), network.get("serviceSubnets")], report);
    let dns = network.get("dnsDomain");
    if !dns.blank() && !domain(&dns.text()) {
        report.error(&dns, format!("{:?} is no name of a domain", dns.text()));
    }
}

/// A name of DNS, in which underscores are tolerated.
pub(super) fn domain(text: &str) -> bool {
    let text = text.strip_suffix(['.', '_']).unwrap_or(text);
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && label.chars().all(inner)
    };
    text.len() <= 255 && text.split('.').all(label)
}

/// Judges how members find each other.
fn discovery(cluster: &Field<'_>, report: &mut Report) {
    let discovery = cluster.get("discovery");
    let service = discovery.at("registries.service");
    if !discovery.get("enabled").on() || service.get("disabled").on() {
        return;
    }
    for key in ["id", "secret"] {
        if cluster.get(key).blank() {
            let what = "members find each other by this, and it is missing; or switch discovery off";
            report.error(&cluster.get(key), what);
        }
    }
    let endpoint = service.get("endpoint");
    if endpoint.blank() {
        return;
    }
    let text = endpoint.text();
    let parsed = locator::parse(&text);
    match parsed {
        Some(url) if text.starts_with('/') || !url.scheme.is_empty() => {
            if !["", "/"].contains(&url.path) {
                report.error(&endpoint, "the URL of the discovery service must have no path");
            }
        }
        _ => {
            report.error(&endpoint, "the discovery service must be a URL, e.g. https://discovery.talos.dev/")
        }
    }
}

fn manifests(cluster: &Field<'_>, report: &mut Report) {
    let mut names = HashSet::new();
    for manifest in cluster.get("inlineManifests").items() {
        let name = manifest.get("name");
        if name.text().trim().is_empty() {
            report.error(&name, "a manifest must have a name");
        } else if !names.insert(name.text()) {
            report.error(&name, format!("another manifest has the name {:?}", name.text()));
        }
    }
    for url in cluster.get("extraManifests").items() {
        reachable(&url, report);
    }
}

/// Judges a URL that something is fetched from.
pub(super) fn reachable(field: &Field<'_>, report: &mut Report) {
    let text = field.text();
    let valid = locator::parse(&text).is_some_and(|url| !url.host.is_empty() && port(url.port));
    if !valid {
        report.error(field, "must be a URL with a host");
    }
}

fn external_provider(provider: &Field<'_>, report: &mut Report) {
    let manifests = provider.get("manifests");
    if !provider.get("enabled").on() && !manifests.blank() {
        report.error(&manifests, "the external cloud provider is off, and these would never be applied");
    }
    for url in manifests.items() {
        reachable(&url, report);
    }
}

/// Judges what only the control plane knows.
fn control_plane(cluster: &Field<'_>, target: &Target, report: &mut Report) {
    let etcd = cluster.get("etcd");
    if etcd.given() || target.mode != super::Mode::Container {
        certificates::authority(&etcd.get("ca"), Use::Signs, target, report);
    }
    if !etcd.get("subnet").blank() && !etcd.get("advertisedSubnets").blank() {
        report.error(&etcd.get("subnet"), "`advertisedSubnets` has taken its place; give only that");
    }
    ranges::subnets(&etcd.get("advertisedSubnets"), report);
    ranges::subnets(&etcd.get("listenSubnets"), report);
    let aggregator = cluster.get("aggregatorCA");
    certificates::authority(&aggregator, Use::Signs, target, report);
    let account = cluster.at("serviceAccount.key");
    if !decoded(&account).is_some_and(|pem| pem.contains("PRIVATE KEY-----")) {
        report.error(
            &account,
            "the key that signs the tokens of service accounts is missing, or no PEM in base64",
        );
    }
    components::cni(&cluster.at("network.cni"), report);
    if cluster.get("secretboxEncryptionSecret").blank() && cluster.get("aescbcEncryptionSecret").blank() {
        report.warn(&cluster.get("secretboxEncryptionSecret"), "secrets are kept in etcd in the clear");
    }
}
