//! Names, addresses and routes of a machine.

use serde::{Deserialize, Serialize};

use super::machine::{append, over};

/// Names, addresses, routes and name servers of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Network {
    /// Its name; Talos makes a stable one up where it is left out.
    pub hostname: Option<String>,
    /// Its interfaces, where DHCP on all of them is not enough.
    pub interfaces: Vec<Interface>,
    /// Addresses of name servers.
    pub nameservers: Vec<String>,
    /// Domains that are tried for short names.
    pub search_domains: Vec<String>,
    /// Names that it knows without a name server.
    pub host_entries: Vec<HostEntry>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Interface {
    /// Its name, or else its hardware address must be given.
    pub name: Option<String>,
    /// Its hardware address, in which `*` stands for anything.
    pub hardware_address: Option<String>,
    /// Its addresses, with the length of the prefix.
    pub addresses: Vec<String>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Whether it gets an address by DHCP.
    pub dhcp: Option<bool>,
    /// The size of its packets, in bytes.
    pub mtu: Option<u16>,
    /// An address that one of the control plane's machines has; on the control plane only.
    pub vip: Option<String>,
    /// VLANs on it.
    pub vlans: Vec<Vlan>,
}

/// A VLAN.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Vlan {
    /// Its number, 1 to 4094.
    pub id: u16,
    /// Its addresses, with the length of the prefix.
    pub addresses: Vec<String>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Whether it gets an address by DHCP.
    pub dhcp: Option<bool>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Route {
    /// Where it leads, e.g. `0.0.0.0/0`.
    pub network: String,
    /// The address of the gateway.
    pub gateway: Option<String>,
    /// How far it is: of two, the lower is taken.
    pub metric: Option<u32>,
}

/// Names of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct HostEntry {
    /// The address.
    pub address: String,
    /// Its names.
    pub names: Vec<String>,
}

impl Interface {
    /// Describes an interface by its name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }

    /// Adds an address, with the length of the prefix.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.addresses.push(address.into());
        self
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, network: impl Into<String>, gateway: impl Into<String>) -> Self {
        self.routes.push(Route { network: network.into(), gateway: Some(gateway.into()), metric: None });
        self
    }

    /// Sets the address that one of the control plane's machines has.
    #[must_use]
    pub fn vip(mut self, address: impl Into<String>) -> Self {
        self.vip = Some(address.into());
        self
    }
}

impl Network {
    pub(super) fn lay(&mut self, special: &Self) {
        over(&mut self.hostname, &special.hostname);
        for interface in &special.interfaces {
            let same = |known: &&mut Interface| {
                (&known.name, &known.hardware_address) == (&interface.name, &interface.hardware_address)
            };
            match self.interfaces.iter_mut().find(same) {
                Some(known) => *known = interface.clone(),
                None => self.interfaces.push(interface.clone()),
            }
        }
        append(&mut self.nameservers, &special.nameservers);
        append(&mut self.search_domains, &special.search_domains);
        append(&mut self.host_entries, &special.host_entries);
    }
}
