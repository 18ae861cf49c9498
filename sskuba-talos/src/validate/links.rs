//! Documents of links, addresses and routes.

use super::field::Field;
use super::interfaces::wireguard_key;
use super::ranges::plain;
use super::report::Report;
use crate::schema::{address, duration, ports, prefix};

/// Judges a document of the network; its name was looked at before.
pub(super) fn judge(kind: &str, document: &Field<'_>, report: &mut Report) {
    match kind {
        "LinkConfig" | "DummyLinkConfig" | "BridgeConfig" => link(document, report),
        "VLANConfig" => vlan(document, report),
        "BondConfig" => {
            link(document, report);
            needed(document, &["bondMode", "links"], report);
        }
        "VRFConfig" => {
            link(document, report);
            let table = document.get("table");
            if ["", "unspec", "0", "local", "255", "main", "254", "default", "253"]
                .contains(&table.text().as_str())
            {
                report.error(&table, "must be a routing table of its own");
            }
        }
        "WireguardConfig" => wireguard(document, report),
        "DHCPv4Config" | "DHCPv6Config" => {
            let duid = document.get("clientIdentifier").text() == "duid";
            if duid == document.get("duidRaw").blank() {
                report.error(
                    &document.get("duidRaw"),
                    "must be given if, and only if, `clientIdentifier` is duid",
                );
            }
        }
        "Layer2VIPConfig" | "HCloudVIPConfig" => {
            if !plain(&document.get("name").text()) {
                report.error(&document.get("name"), "the name of the document must be the shared address");
            }
            let token: &[&str] = if kind == "HCloudVIPConfig" { &["link", "apiToken"] } else { &["link"] };
            needed(document, token, report);
        }
        "BlackholeRouteConfig" if prefix(&document.get("name").text()).is_none() => {
            report.error(&document.get("name"), "the name of the document must be a range of addresses");
        }
        "StaticHostConfig" => {
            if address(&document.get("name").text()).is_none() {
                report.error(&document.get("name"), "the name of the document must be an address");
            }
            needed(document, &["hostnames"], report);
        }
        "LinkAliasConfig" => {
            needed(&document.get("selector"), &["match"], report);
            let name = document.get("name").text();
            let pattern = name.split_once('%');
            if pattern.is_some_and(|(before, after)| before.is_empty() || after != "d") {
                report.error(&document.get("name"), "a pattern ends with `%d`, e.g. net%d");
            }
        }
        "RoutingRuleConfig" => routing_rule(document, report),
        "NetworkRuleConfig" => rule(document, report),
        "TCPProbeConfig" => {
            needed(document, &["endpoint"], report);
            not_negative(document, &["interval", "timeout"], report);
            if document.get("failureThreshold").number() < 0 {
                report.error(&document.get("failureThreshold"), "must not be negative");
            }
        }
        _ => {}
    }
}

/// Judges keys that must be given.
pub(super) fn needed(document: &Field<'_>, keys: &[&str], report: &mut Report) {
    for key in keys {
        if document.get(key).blank() {
            report.error(&document.get(key), "is missing");
        }
    }
}

/// Judges durations.
pub(super) fn not_negative(document: &Field<'_>, keys: &[&str], report: &mut Report) {
    for key in keys {
        if duration(&document.get(key).text()).is_some_and(|length| length < 0.0) {
            report.error(&document.get(key), "must not be negative");
        }
    }
}

fn link(document: &Field<'_>, report: &mut Report) {
    let unspecified = |text: &str| {
        address(text.split('/').next().unwrap_or_default()).is_some_and(|ip| ip.is_unspecified())
    };
    for item in document.get("addresses").items() {
        let field = item.get("address");
        if field.blank() || unspecified(&field.text()) {
            report.error(&field, "must be an address with the length of its prefix, e.g. 10.0.0.2/24");
        }
    }
    for route in document.get("routes").items() {
        for key in ["destination", "gateway", "source"] {
            if unspecified(&route.get(key).text()) {
                report.error(
                    &route.get(key),
                    "must not be all zeros; leave the destination out for a default route",
                );
            }
        }
    }
}

fn vlan(document: &Field<'_>, report: &mut Report) {
    link(document, report);
    if !(1..=4094).contains(&document.get("vlanID").number()) {
        report.error(&document.get("vlanID"), "must be between 1 and 4094");
    }
    needed(document, &["parent"], report);
}

fn wireguard(document: &Field<'_>, report: &mut Report) {
    link(document, report);
    let what = "must be a key of WireGuard: 32 bytes in base64";
    if !wireguard_key(&document.get("privateKey").text()) {
        report.error(&document.get("privateKey"), what);
    }
    if !(0..=65535).contains(&document.get("listenPort").number()) {
        report.error(&document.get("listenPort"), "must be a port");
    }
    for peer in document.get("peers").items() {
        if !wireguard_key(&peer.get("publicKey").text()) {
            report.error(&peer.get("publicKey"), what);
        }
        let shared = peer.get("presharedKey");
        if !shared.blank() && !wireguard_key(&shared.text()) {
            report.error(&shared, what);
        }
        not_negative(&peer, &["persistentKeepaliveInterval"], report);
    }
}

/// Priorities that Linux and KubeSpan have taken.
const TAKEN: &[u32] = &[0, 32500, 32766, 32767];

fn routing_rule(document: &Field<'_>, report: &mut Report) {
    let name = document.get("name");
    match name.text().parse::<u32>() {
        Ok(priority) if !TAKEN.contains(&priority) => {}
        _ => report.error(&name, format!("the name of the document must be a priority, none of {TAKEN:?}")),
    }
    let action = document.get("action").text();
    let table = document.get("table");
    if ["", "unspec", "0"].contains(&table.text().as_str())
        && ["", "unspec", "unicast"].contains(&action.as_str())
    {
        report.error(&table, "a rule that leads somewhere needs a table");
    }
    if !document.get("fwMask").blank() && document.get("fwMark").blank() {
        report.error(&document.get("fwMask"), "masks nothing without `fwMark`");
    }
}

fn rule(document: &Field<'_>, report: &mut Report) {
    let selector = document.get("portSelector");
    needed(&selector, &["ports", "protocol"], report);
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for item in selector.get("ports").items() {
        let Some((low, high)) = ports(&item.text()) else { continue };
        if low > high {
            report.error(&item, "the first port of a range must not be above the last");
        } else if ranges.iter().any(|known| low <= known.1 && known.0 <= high) {
            report.error(&item, "overlaps another range of the list");
        }
        ranges.push((low, high));
    }
    for rule in document.get("ingress").items() {
        needed(&rule, &["subnet"], report);
    }
}
