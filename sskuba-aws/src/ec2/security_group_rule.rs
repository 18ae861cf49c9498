//! Rules of security groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;

use crate::kind::{Kind, mistake};

/// Which way a rule looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the group's members.
    Ingress,
    /// Out of the group's members.
    Egress,
}

/// One rule of a security group: it lets a protocol's ports in from, or out to, one peer.
///
/// The peer is exactly one of an address range, a security group and a prefix list. A group has no two rules with the
/// same direction, protocol, ports and peer: two such are the same object, whatever they are called. A create that meets
/// one which is there already is refused, with the line that imports it; where that one carries this resource's token it
/// counts as made.
///
/// AWS makes a group with a rule that lets everything out. A resource that says the same takes that rule over,
/// and to delete the resource is to delete the rule.
///
/// ```
/// # use sskuba_aws::ec2::{SecurityGroup, SecurityGroupRule, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// let web = stack.add("web", SecurityGroup::new(vpc.id()))?;
/// stack.add("https", SecurityGroupRule::ingress(web.id()).tcp(443).cidr("0.0.0.0/0"))?;
/// stack.add("peers", SecurityGroupRule::ingress(web.id()).all().source_group_id(web.id()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:SecurityGroupRule",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "security_group_id, direction, protocol, from_port, to_port, cidr",
    unique = "security_group_id, direction, protocol, from_port, to_port, source_group_id",
    unique = "security_group_id, direction, protocol, from_port, to_port, prefix_list_id"
)]
pub struct SecurityGroupRule {
    /// The security group.
    #[resource(force_new, reference = "aws:ec2:SecurityGroup")]
    security_group_id: Input<String>,
    /// Which way it looks.
    #[resource(force_new)]
    direction: Input<Direction>,
    /// The protocol: `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    #[resource(force_new, normaliser = "protocol_name", default = "tcp".to_owned())]
    protocol: Input<String>,
    /// The first port, or the ICMP type; -1, which is for all, for a protocol without ports.
    #[resource(force_new, default = -1)]
    from_port: Input<i32>,
    /// The last port, or the ICMP code; -1, which is for all, for a protocol without ports.
    #[resource(force_new, default = -1)]
    to_port: Input<i32>,
    /// The peer, if it is an address range, IPv4 or IPv6.
    #[resource(force_new, normaliser = "cidr")]
    cidr: Option<Input<String>>,
    /// The peer, if it is the members of a security group.
    #[resource(force_new, reference = "aws:ec2:SecurityGroup")]
    source_group_id: Option<Input<String>>,
    /// The peer, if it is a prefix list.
    #[resource(force_new)]
    prefix_list_id: Option<Input<String>>,
    /// What it is for.
    description: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "sgr-{hex:17}")]
    id: Computed<String>,
}

impl SecurityGroupRule {
    /// Declares a rule for what comes in.
    pub fn ingress(security_group_id: impl Into<Input<String>>) -> Self {
        Self::new(security_group_id, Direction::Ingress)
    }

    /// Declares a rule for what goes out.
    pub fn egress(security_group_id: impl Into<Input<String>>) -> Self {
        Self::new(security_group_id, Direction::Egress)
    }

    /// Sets protocol and port to one TCP port.
    #[must_use]
    pub fn tcp(self, port: u16) -> Self {
        self.ports("tcp", port, port)
    }

    /// Sets protocol and port to one UDP port.
    #[must_use]
    pub fn udp(self, port: u16) -> Self {
        self.ports("udp", port, port)
    }

    /// Sets protocol and ports; the range holds both ends.
    #[must_use]
    pub fn ports(self, protocol: &str, from: u16, to: u16) -> Self {
        self.protocol(protocol).from_port(i32::from(from)).to_port(i32::from(to))
    }

    /// Sets the protocol to all of them, which has no ports.
    #[must_use]
    pub fn all(self) -> Self {
        self.protocol("-1")
    }
}

impl Kind for SecurityGroupRule {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let peers = [&args.cidr, &args.source_group_id, &args.prefix_list_id];
        if peers.iter().filter(|peer| peer.is_some()).count() != 1 {
            mistakes
                .push(mistake("cidr", "a rule has one peer: one of cidr, source_group_id, prefix_list_id"));
        }
        let protocol = canonical(&args.protocol);
        let with_ports = ["tcp", "udp"].contains(&protocol.as_str());
        match (args.from_port, args.to_port) {
            (-1, _) | (_, -1) if with_ports => {
                mistakes.push(mistake("from_port", format!("a rule for {} needs both ports", args.protocol)));
            }
            (from, to) if with_ports && from > to => {
                mistakes.push(mistake("to_port", format!("{to} is less than from_port, {from}")));
            }
            (from, to) if protocol == "-1" && (from, to) != (-1, -1) => {
                mistakes.push(mistake("from_port", "a rule for all protocols has no ports; leave them out"));
            }
            _ => {}
        }
        mistakes
    }
}

/// Returns a protocol as AWS writes it.
pub(crate) fn canonical(protocol: &str) -> String {
    let protocol = protocol.to_lowercase();
    let names = [("1", "icmp"), ("6", "tcp"), ("17", "udp"), ("58", "icmpv6"), ("all", "-1")];
    names.iter().find(|(number, _)| *number == protocol).map_or(protocol, |(_, name)| (*name).to_owned())
}

fn protocol_name(value: &sskuba_core::value::Value) -> sskuba_core::value::Value {
    value.as_str().map_or_else(|| value.clone(), |text| canonical(text).into())
}
