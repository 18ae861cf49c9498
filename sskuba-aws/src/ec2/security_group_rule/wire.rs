//! A rule as AWS takes it and as AWS describes it.

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule as Item, SecurityGroupRuleRequest,
    UserIdGroupPair,
};

use super::protocol::{Ports, ports, stored};
use super::{Direction, SecurityGroupRuleArgs};
use crate::ec2::prelude::*;

fn is_v6(cidr: &str) -> bool {
    cidr.contains(':')
}

/// Returns a port, or an ICMP type or code; none for a protocol that has none.
fn port(protocol: &str, port: i32) -> Option<i32> {
    (ports(protocol) != Ports::None || port != -1).then_some(port)
}

pub(super) fn permission(args: &SecurityGroupRuleArgs) -> IpPermission {
    let (words, protocol) = (args.description.clone(), stored(&args.protocol));
    let permission = IpPermission::builder()
        .set_from_port(port(&protocol, args.from_port))
        .set_to_port(port(&protocol, args.to_port))
        .ip_protocol(protocol);
    let cidr = args.cidr.as_deref().map(stored_range);
    if let Some(cidr) = cidr.as_ref().filter(|cidr| is_v6(cidr)) {
        let range = Ipv6Range::builder().cidr_ipv6(cidr).set_description(words);
        permission.ipv6_ranges(range.build()).build()
    } else if let Some(cidr) = cidr {
        permission.ip_ranges(IpRange::builder().cidr_ip(cidr).set_description(words).build()).build()
    } else if let Some(group) = &args.source_group_id {
        let group = UserIdGroupPair::builder().group_id(group).set_description(words);
        permission.user_id_group_pairs(group.build()).build()
    } else {
        let list =
            PrefixListId::builder().set_prefix_list_id(args.prefix_list_id.clone()).set_description(words);
        permission.prefix_list_ids(list.build()).build()
    }
}

pub(super) fn request(args: &SecurityGroupRuleArgs) -> SecurityGroupRuleRequest {
    let (v6, v4) = match args.cidr.as_deref().map(stored_range) {
        Some(cidr) if is_v6(&cidr) => (Some(cidr), None),
        cidr => (None, cidr),
    };
    SecurityGroupRuleRequest::builder()
        .ip_protocol(stored(&args.protocol))
        .from_port(args.from_port)
        .to_port(args.to_port)
        .set_cidr_ipv4(v4)
        .set_cidr_ipv6(v6)
        .set_referenced_group_id(args.source_group_id.clone())
        .set_prefix_list_id(args.prefix_list_id.clone())
        .set_description(Some(args.description.clone().unwrap_or_default()))
        .build()
}

/// Tells whether AWS makes a rule like this with every group: it lets everything out.
pub(super) fn is_born(found: &Item) -> bool {
    let everywhere = [Some("0.0.0.0/0"), Some("::/0")].contains(&found.cidr_ipv4().or(found.cidr_ipv6()));
    everywhere && found.is_egress() == Some(true) && found.ip_protocol() == Some("-1")
}

/// Tells whether a rule is about the same as another: all but its words and tags.
pub(super) fn is_equal(found: &Item, args: &SecurityGroupRuleArgs) -> bool {
    let there = args_of(found);
    let same_cidr = match (&there.cidr, &args.cidr) {
        (Some(there), Some(wanted)) => same_range(there, wanted),
        (there, wanted) => there == wanted,
    };
    same_cidr
        && (there.direction, there.from_port, there.to_port) == (args.direction, args.from_port, args.to_port)
        && stored(&there.protocol) == stored(&args.protocol)
        && (there.source_group_id, there.prefix_list_id)
            == (args.source_group_id.clone(), args.prefix_list_id.clone())
}

/// Returns what a rule says, without its tags.
pub(super) fn args_of(found: &Item) -> SecurityGroupRuleArgs {
    SecurityGroupRuleArgs {
        security_group_id: text(found.group_id()),
        direction: if found.is_egress() == Some(true) { Direction::Egress } else { Direction::Ingress },
        protocol: text(found.ip_protocol()),
        from_port: found.from_port().unwrap_or(-1),
        to_port: found.to_port().unwrap_or(-1),
        cidr: given(found.cidr_ipv4().or(found.cidr_ipv6())),
        source_group_id: given(found.referenced_group_info().and_then(|group| group.group_id())),
        prefix_list_id: given(found.prefix_list_id()),
        description: given(found.description()),
        tags: BTreeMap::new(),
    }
}
