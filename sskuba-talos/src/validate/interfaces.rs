//! Network interfaces of the machine's section.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::field::Field;
use super::labels::subdomain;
use super::machine::leads;
use super::ranges::{address_or_range, optional_address, plain};
use super::report::Report;
use crate::schema::{prefix, schema};

/// Judges the network section of a machine.
pub(super) fn judge(machine: &Field<'_>, report: &mut Report) {
    let network = machine.get("network");
    hostname(&network.get("hostname"), report);
    for server in network.get("nameservers").items() {
        if !plain(&server.text()) {
            report.error(&server, format!("{:?} is no address; name servers have no names", server.text()));
        }
    }
    for entry in network.get("extraHostEntries").items() {
        if !plain(&entry.get("ip").text()) {
            report.error(&entry.get("ip"), format!("{:?} is no address", entry.get("ip").text()));
        }
    }
    let interfaces = network.get("interfaces").items();
    let parts = parts(&interfaces, report);
    let mut names = HashMap::new();
    for interface in &interfaces {
        if !interface.given() {
            report.error(interface, "must not be empty");
            continue;
        }
        let name = interface.get("interface").text();
        if let Some(first) =
            names.insert(name.clone(), interface.path().to_owned()).filter(|_| !name.is_empty())
        {
            report.error(&interface.get("interface"), format!("{name:?} is configured in {first} already"));
        }
        if !leads(machine) {
            worker(interface, report);
        }
        if !interface.get("ignore").on() {
            one(interface, parts.contains_key(&name), report);
        }
    }
}

/// Judges the name of a host.
pub(super) fn hostname(field: &Field<'_>, report: &mut Report) {
    let text = field.text();
    let first = text.split('.').next().unwrap_or_default();
    if field.blank() || subdomain(&text.to_lowercase()) && first.len() <= 63 {
        return;
    }
    report.error(
        field,
        format!("{text:?} is no name of a host: letters, digits and `-`, at most 63 before a dot"),
    );
}

/// Finds interfaces that are parts of others, and those that are parts of two.
fn parts(interfaces: &[Field<'_>], report: &mut Report) -> HashMap<String, String> {
    let mut parts = HashMap::new();
    for interface in interfaces {
        let (bond, bridge) = (interface.get("bond"), interface.get("bridge"));
        if bond.given() && bridge.given() {
            report.error(interface, "an interface is a bond or a bridge, not both");
        }
        if !bond.get("interfaces").blank() && !bond.get("deviceSelectors").blank() {
            report.error(&bond, "give `interfaces` or `deviceSelectors`, not both");
        }
        let name = interface.get("interface").text();
        let members = if bridge.given() { bridge.get("interfaces") } else { bond.get("interfaces") };
        for member in members.items() {
            let other = parts.insert(member.text(), name.clone());
            if other.is_some_and(|other| other != name) {
                report.error(&member, format!("{:?} is a part of two interfaces", member.text()));
            }
        }
    }
    parts
}

fn worker(interface: &Field<'_>, report: &mut Report) {
    let vlans = interface.get("vlans").items();
    for vip in std::iter::once(interface).chain(&vlans).map(|holder| holder.get("vip")) {
        if vip.given() {
            report.error(&vip, "only machines of the control plane share an address");
        }
    }
}

fn one(interface: &Field<'_>, is_part: bool, report: &mut Report) {
    let selector = interface.get("deviceSelector");
    match (interface.get("interface").blank(), selector.given()) {
        (true, false) => report.error(interface, "give `interface` or `deviceSelector`"),
        (false, true) => report.error(interface, "give `interface` or `deviceSelector`, not both"),
        _ => {}
    }
    if selector.given()
        && selector.entries().iter().all(|(_, field)| field.blank() && field.truth().is_none())
    {
        report.error(&selector, "must have at least one key, or it would choose every interface");
    }
    let cidr = interface.get("cidr");
    let addressed = !cidr.blank() || !interface.get("addresses").blank() || interface.get("dhcp").on();
    if is_part && (addressed || interface.get("vip").given()) {
        report.error(interface, "it is a part of a bond or bridge, and must have no address of its own");
    }
    addresses(interface, report);
    let vip = interface.at("vip.ip");
    if interface.get("vip").given() && !plain(&vip.text()) {
        report.error(&vip, format!("{:?} is no address", vip.text()));
    }
    routes(interface, report);
    for vlan in interface.get("vlans").items() {
        addresses(&vlan, report);
    }
    if interface.get("bond").given() {
        bond(&interface.get("bond"), report);
    }
    if interface.get("wireguard").given() {
        wireguard(&interface.get("wireguard"), report);
    }
}

fn addresses(holder: &Field<'_>, report: &mut Report) {
    let (cidr, list) = (holder.get("cidr"), holder.get("addresses"));
    if !cidr.blank() {
        if !list.blank() {
            report.error(&cidr, "`addresses` has taken its place; give only that");
        }
        address_or_range(&cidr, report);
        report.warn(&cidr, "write `addresses` instead");
    }
    list.items().iter().for_each(|address| address_or_range(address, report));
}

fn routes(interface: &Field<'_>, report: &mut Report) {
    for route in interface.get("routes").items() {
        let network = route.get("network");
        if !network.blank() && prefix(&network.text()).is_none() {
            report.error(&network, format!("{:?} is no range of addresses", network.text()));
        }
        optional_address(&route.get("gateway"), report);
        optional_address(&route.get("source"), report);
        if network.blank() && route.get("gateway").blank() {
            report.error(&route, "a route needs `network` or `gateway`");
        }
    }
}

/// Settings of a bond that are of an enumeration.
const CHOICES: &[(&str, &str)] = &[
    ("mode", "BondMode"),
    ("xmitHashPolicy", "BondXmitHashPolicy"),
    ("lacpRate", "LACPRate"),
    ("arpValidate", "ARPValidate"),
    ("arpAllTargets", "ARPAllTargets"),
    ("primaryReselect", "PrimaryReselect"),
    ("failOverMac", "FailOverMAC"),
    ("adSelect", "ADSelect"),
];

/// Settings of a bond that only some modes have.
const MODES: &[(&str, &[&str])] = &[
    ("lacpRate", &["802.3ad"]),
    ("primary", &["active-backup", "balance-alb", "balance-tlb"]),
    ("arpValidate", &["balance-rr", "active-backup", "balance-xor", "broadcast"]),
    ("arpInterval", &["balance-rr", "active-backup", "balance-xor", "broadcast"]),
    ("tlbDynamicLb", &["balance-alb", "balance-tlb"]),
    ("adActorSysPrio", &["802.3ad"]),
    ("adUserPortKey", &["802.3ad"]),
];

fn bond(bond: &Field<'_>, report: &mut Report) {
    for (key, choices) in CHOICES {
        let field = bond.get(key);
        let known = schema().values(choices).unwrap_or_default();
        if !field.blank() && !known.contains(&field.text()) {
            report.error(&field, format!("must be one of {} and is {:?}", known.join(", "), field.text()));
        }
    }
    let mode = bond.get("mode");
    let mode = if mode.blank() { "balance-rr".to_owned() } else { mode.text() };
    for (key, modes) in MODES {
        if !bond.get(key).blank() && !modes.contains(&mode.as_str()) {
            report.error(&bond.get(key), format!("only {} has this setting, not {mode}", modes.join(", ")));
        }
    }
    if bond.get("packetsPerSlave").number() > 1 && mode != "balance-rr" {
        report.error(&bond.get("packetsPerSlave"), format!("only balance-rr has this setting, not {mode}"));
    }
    for unsupported in ["arpIPTarget", "adActorSystem"] {
        if !bond.get(unsupported).blank() {
            report.error(&bond.get(unsupported), "Talos does not support this setting");
        }
    }
    let monitor = bond.get("miimon").number();
    for delay in ["updelay", "downdelay"] {
        let field = bond.get(delay);
        if field.number() != 0 && (monitor == 0 || field.number() % monitor != 0) {
            report.error(&field, "must be a multiple of `miimon`");
        }
    }
}

/// Returns whether a text is a key of WireGuard.
pub(super) fn wireguard_key(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|key| key.len() == 32)
}

fn wireguard(wireguard: &Field<'_>, report: &mut Report) {
    let what = "must be a key of WireGuard: 32 bytes in base64";
    if !wireguard_key(&wireguard.get("privateKey").text()) {
        report.error(&wireguard.get("privateKey"), what);
    }
    for peer in wireguard.get("peers").items() {
        if !wireguard_key(&peer.get("publicKey").text()) {
            report.error(&peer.get("publicKey"), what);
        }
        let endpoint = peer.get("endpoint");
        if !endpoint.blank() && !endpoint.text().contains(':') {
            report.error(&endpoint, "must be a host and a port, e.g. 10.0.0.1:51820");
        }
        for range in peer.get("allowedIPs").items() {
            if prefix(&range.text()).is_none() {
                report.error(&range, format!("{:?} is no range of addresses", range.text()));
            }
        }
    }
}
