//! Rules of security groups.

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRule as Found,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate, UserIdGroupPair,
};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, given, text};
use super::super::failure::{Outcome, gone_is_fine, is, refusal};
use super::super::stranger::met;
use super::super::tagging::{all as all_tags, reported};
use super::route::same_range;
use super::{owned, the_one};
use crate::ec2::{Direction, SecurityGroupRule, SecurityGroupRuleArgs, SecurityGroupRuleState, canonical};
use crate::tags::{TOKEN, Tags};

type Object = TypedObject<SecurityGroupRule>;

const DUPLICATE: &str = "InvalidPermission.Duplicate";

#[async_trait]
impl Manage<SecurityGroupRule> for Cloud {
    async fn create(&self, call: &Call<'_>, args: SecurityGroupRuleArgs) -> Result<Object, Failure> {
        let (group, permission) = (&args.security_group_id, permission(&args));
        let spec = self.spec(call, ResourceType::SecurityGroupRule, &args.tags);
        let made = match args.direction {
            Direction::Ingress => {
                let allow = self.ec2.authorize_security_group_ingress().group_id(group);
                match allow.ip_permissions(permission).tag_specifications(spec).send().await {
                    Err(error) if is(&error, &[DUPLICATE]) => {
                        return self.equal_rule(call, &args, refusal(&error, call.place)).await;
                    }
                    other => other.sent(call.place)?.security_group_rules,
                }
            }
            Direction::Egress => {
                let allow = self.ec2.authorize_security_group_egress().group_id(group);
                match allow.ip_permissions(permission).tag_specifications(spec).send().await {
                    Err(error) if is(&error, &[DUPLICATE]) => {
                        return self.equal_rule(call, &args, refusal(&error, call.place)).await;
                    }
                    other => other.sent(call.place)?.security_group_rules,
                }
            }
        };
        let made = made.unwrap_or_default();
        let id = text(made.first().ok_or_else(|| call.lacking("rule"))?.security_group_rule_id());
        Ok(TypedObject::new(id.clone(), SecurityGroupRuleState { id }))
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<SecurityGroupRule>,
    ) -> Result<Option<Object>, Failure> {
        let found = self.known.rules.get(&prior.id).await?;
        Ok(found.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<SecurityGroupRule>,
    ) -> Result<Object, Failure> {
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.bring(call, &change.prior.id, &change.args, before).await
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<SecurityGroupRule>) -> Result<(), Failure> {
        let Some(found) = self.known.rules.get(&prior.id).await? else { return Ok(()) };
        let group = text(found.group_id());
        gone_is_fine(if found.is_egress() == Some(true) {
            let revoke = self.ec2.revoke_security_group_egress().group_id(group);
            revoke.security_group_rule_ids(&prior.id).send().await.sent(call.place).map(drop)
        } else {
            let revoke = self.ec2.revoke_security_group_ingress().group_id(group);
            revoke.security_group_rule_ids(&prior.id).send().await.sent(call.place).map(drop)
        })
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<Object>, Failure> {
        self.own_rule(call).await
    }
}

fn is_v6(cidr: &str) -> bool {
    cidr.contains(':')
}

/// Returns a port, or an ICMP type or code; none for a protocol that has none.
fn port(args: &SecurityGroupRuleArgs, port: i32) -> Option<i32> {
    let with_ports = ["tcp", "udp", "icmp", "icmpv6"].contains(&canonical(&args.protocol).as_str());
    (with_ports || port != -1).then_some(port)
}

fn permission(args: &SecurityGroupRuleArgs) -> IpPermission {
    let words = args.description.clone();
    let permission = IpPermission::builder()
        .ip_protocol(&args.protocol)
        .set_from_port(port(args, args.from_port))
        .set_to_port(port(args, args.to_port));
    if let Some(cidr) = args.cidr.as_deref().filter(|cidr| is_v6(cidr)) {
        let range = Ipv6Range::builder().cidr_ipv6(cidr).set_description(words);
        permission.ipv6_ranges(range.build()).build()
    } else if let Some(cidr) = &args.cidr {
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

fn request(args: &SecurityGroupRuleArgs) -> SecurityGroupRuleRequest {
    let (v6, v4) = match args.cidr.clone() {
        Some(cidr) if is_v6(&cidr) => (Some(cidr), None),
        cidr => (None, cidr),
    };
    SecurityGroupRuleRequest::builder()
        .ip_protocol(&args.protocol)
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
fn is_born(found: &Found) -> bool {
    let everywhere = [Some("0.0.0.0/0"), Some("::/0")].contains(&found.cidr_ipv4().or(found.cidr_ipv6()));
    everywhere && found.is_egress() == Some(true) && found.ip_protocol() == Some("-1")
}

/// Tells whether a rule is about the same as another: all but its words and tags.
fn is_equal(found: &Found, args: &SecurityGroupRuleArgs) -> bool {
    let there = args_of(found);
    let same_cidr = match (&there.cidr, &args.cidr) {
        (Some(there), Some(wanted)) => same_range(there, wanted),
        (there, wanted) => there == wanted,
    };
    same_cidr
        && (there.direction, there.from_port, there.to_port) == (args.direction, args.from_port, args.to_port)
        && canonical(&there.protocol) == canonical(&args.protocol)
        && (there.source_group_id, there.prefix_list_id)
            == (args.source_group_id.clone(), args.prefix_list_id.clone())
}

fn args_of(found: &Found) -> SecurityGroupRuleArgs {
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
        tags: reported(found.tags()),
    }
}

fn object(found: &Found) -> Object {
    let id = text(found.security_group_rule_id());
    TypedObject::new(id.clone(), SecurityGroupRuleState { id }).args(args_of(found))
}

impl Cloud {
    /// Brings a rule's words and tags to what they should be.
    async fn bring(
        &self,
        call: &Call<'_>,
        id: &str,
        args: &SecurityGroupRuleArgs,
        before: Option<&Tags>,
    ) -> Result<Object, Failure> {
        let rule =
            SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(request(args));
        let modify = self.ec2.modify_security_group_rules().group_id(&args.security_group_id);
        modify.security_group_rules(rule.build()).send().await.sent(call.place)?;
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.rules.get(id).await?.ok_or_else(|| call.lacking("rule"))?;
        Ok(object(&found))
    }

    /// Decides on the rule that AWS says is there already: one with this generation's token counts as made, the one
    /// that AWS makes with every group and that no resource has is taken over, and another's is named in the refusal.
    async fn equal_rule(
        &self,
        call: &Call<'_>,
        args: &SecurityGroupRuleArgs,
        refusal: Failure,
    ) -> Result<Object, Failure> {
        if let Some(rule) = self.own_rule(call).await? {
            return Ok(rule);
        }
        let of_group = filter("group-id", [&args.security_group_id]);
        let all =
            self.ec2.describe_security_group_rules().filters(of_group).send().await.asked(call.place)?;
        let Some(found) = all.security_group_rules().iter().find(|found| is_equal(found, args)) else {
            return Err(refusal);
        };
        let (id, tags) = (text(found.security_group_rule_id()), all_tags(found.tags()));
        if is_born(found) && !tags.contains_key(TOKEN) {
            return self.bring(call, &id, args, None).await;
        }
        met(call, refusal, id, &tags)?;
        Ok(object(found))
    }

    /// Finds the rule that carries the token. Another resource's rule of the same content is not ours to take.
    async fn own_rule(&self, call: &Call<'_>) -> Result<Option<Object>, Failure> {
        let found =
            self.ec2.describe_security_group_rules().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.security_group_rules.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}
