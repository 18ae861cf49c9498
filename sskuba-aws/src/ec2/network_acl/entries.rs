//! The rules of an access list at AWS.

use aws_sdk_ec2::types::{IcmpTypeCode, NetworkAcl as Item, NetworkAclEntry, PortRange, RuleAction};

use super::{AclRule, NetworkAclArgs};
use crate::ec2::prelude::*;
use crate::ec2::security_group_rule::protocol::{Ports, ports, stored};

/// The number of the rule with which each list ends and that nobody changes.
const LAST: i32 = 32767;

/// Returns the rules of one direction as AWS has them.
pub(super) fn rules(found: &Item, egress: bool) -> Vec<AclRule> {
    let of_direction = found.entries().iter().filter(|entry| entry.egress().unwrap_or_default() == egress);
    let ours = of_direction.filter(|entry| entry.rule_number().is_some_and(|number| number < LAST));
    let mut rules: Vec<AclRule> = ours.map(rule).collect();
    rules.sort_by_key(|rule| rule.number);
    rules
}

fn rule(entry: &NetworkAclEntry) -> AclRule {
    let range = entry.port_range().map(|range| (range.from(), range.to()));
    let messages = entry.icmp_type_code().map(|one| (one.r#type(), one.code()));
    let protocol = stored(entry.protocol().unwrap_or_default());
    let (from_port, to_port) = match ports(&protocol) {
        Ports::Range => range.unwrap_or_default(),
        Ports::Messages => messages.unwrap_or_default(),
        Ports::None => (None, None),
    };
    AclRule {
        number: entry.rule_number().and_then(|number| u16::try_from(number).ok()).unwrap_or_default(),
        allow: entry.rule_action() == Some(&RuleAction::Allow),
        protocol,
        cidr: text(entry.cidr_block().or(entry.ipv6_cidr_block())),
        from_port,
        to_port,
    }
    .stored()
}

/// Brings the rules of a list to what a program says: new ones first, then those that differ, then those that go.
pub(super) async fn bring(
    call: &Call<'_>,
    found: &Found<Item>,
    args: &NetworkAclArgs,
) -> Result<(), Failure> {
    for (egress, wanted) in [(false, &args.ingress), (true, &args.egress)] {
        let there = rules(found, egress);
        for rule in wanted.iter().map(AclRule::stored) {
            match there.iter().find(|one| one.number == rule.number) {
                Some(same) if *same == rule => {}
                other => send(call, &found.id, egress, &rule, other.is_some()).await?,
            }
        }
        for rule in there.iter().filter(|rule| wanted.iter().all(|one| one.number != rule.number)) {
            let delete = call.aws.delete_network_acl_entry().network_acl_id(&found.id).egress(egress);
            gone_is_fine(delete.rule_number(rule.number.into()).send().await.sent(call))?;
        }
    }
    Ok(())
}

/// Makes a rule, or puts it in the place of the one with its number.
async fn send(
    call: &Call<'_>,
    id: &str,
    egress: bool,
    rule: &AclRule,
    is_there: bool,
) -> Result<(), Failure> {
    let action = if rule.allow { RuleAction::Allow } else { RuleAction::Deny };
    let is_v6 = rule.cidr.contains(':');
    let (v4, v6) = ((!is_v6).then(|| rule.cidr.clone()), is_v6.then(|| rule.cidr.clone()));
    let kind = ports(&rule.protocol);
    let range = (kind == Ports::Range)
        .then(|| PortRange::builder().set_from(rule.from_port).set_to(rule.to_port).build());
    let messages = (kind == Ports::Messages)
        .then(|| IcmpTypeCode::builder().set_type(rule.from_port).set_code(rule.to_port).build());
    let number = rule.number.into();
    let protocol = numbered(&rule.protocol);
    if is_there {
        let replace = call.aws.replace_network_acl_entry().network_acl_id(id).egress(egress);
        let replace = replace.rule_number(number).protocol(protocol).rule_action(action);
        let replace = replace.set_cidr_block(v4).set_ipv6_cidr_block(v6);
        let replace = replace.set_port_range(range).set_icmp_type_code(messages);
        return replace.send().await.sent(call).map(drop);
    }
    let create = call.aws.create_network_acl_entry().network_acl_id(id).egress(egress);
    let create = create.rule_number(number).protocol(protocol).rule_action(action);
    let create = create.set_cidr_block(v4).set_ipv6_cidr_block(v6);
    create.set_port_range(range).set_icmp_type_code(messages).send().await.sent(call).map(drop)
}

/// Returns a protocol by its number, as these rules have it.
fn numbered(stored: &str) -> &str {
    match stored {
        "icmp" => "1",
        "tcp" => "6",
        "udp" => "17",
        "icmpv6" => "58",
        other => other,
    }
}
