//! Rules of security groups.

pub(super) mod protocol;
#[cfg(feature = "ec2")]
mod wire;

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{SecurityGroupRule as Item, SecurityGroupRuleUpdate};
use serde::{Deserialize, Serialize};

use self::protocol::{port_mistakes, protocol_name};
#[cfg(feature = "ec2")]
use self::wire::{args_of, is_born, is_equal, permission, request};
use super::prelude::*;
#[cfg(feature = "ec2")]
use crate::tags::TOKEN;

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
/// AWS makes a group with a rule that lets everything out. A resource that says the same takes that rule over, and to delete
/// the resource is to delete the rule; a group that does not say `.allow_all_outbound(false)` gets it back with the next `up`
/// after a refresh.
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
    idempotency = "token, tag",
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
    #[resource(rule = "WORDS")]
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
        mistakes.extend(port_mistakes(&args.protocol, args.from_port, args.to_port));
        mistakes
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for SecurityGroupRule {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "rule";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_security_group_rules().set_security_group_rule_ids(which.ids());
        let pages = describe.set_filters(which.filters("security-group-rule-id")).into_paginator().items();
        let rules = pages.send().collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        Ok(found(rules, Item::security_group_rule_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: SecurityGroupRuleArgs) -> Result<Report<Self>, Failure> {
        let (group, permission) = (&args.security_group_id, permission(&args));
        let spec = spec(call, ResourceType::SecurityGroupRule, &args.tags);
        let made = match args.direction {
            Direction::Ingress => {
                let allow = call.aws.authorize_security_group_ingress().group_id(group);
                match allow.ip_permissions(permission).tag_specifications(spec).send().await {
                    Err(error) if means(&error, Meaning::Taken) => {
                        return Self::equal(call, &args, refusal(&error, call)).await;
                    }
                    other => other.sent(call)?.security_group_rules,
                }
            }
            Direction::Egress => {
                let allow = call.aws.authorize_security_group_egress().group_id(group);
                match allow.ip_permissions(permission).tag_specifications(spec).send().await {
                    Err(error) if means(&error, Meaning::Taken) => {
                        return Self::equal(call, &args, refusal(&error, call)).await;
                    }
                    other => other.sent(call)?.security_group_rules,
                }
            }
        };
        let made = made.unwrap_or_default();
        let id = text(made.first().ok_or_else(|| call.lacking(Self::NAME))?.security_group_rule_id());
        Ok(Report::new(id.clone(), SecurityGroupRuleState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        let group = text(found.group_id());
        if found.is_egress() == Some(true) {
            let revoke = call.aws.revoke_security_group_egress().group_id(group);
            revoke.security_group_rule_ids(&prior.id).send().await.sent(call).map(drop)
        } else {
            let revoke = call.aws.revoke_security_group_ingress().group_id(group);
            revoke.security_group_rule_ids(&prior.id).send().await.sent(call).map(drop)
        }
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = SecurityGroupRuleArgs { tags: found.own_tags(), ..args_of(found) };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), SecurityGroupRuleState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for SecurityGroupRule {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::bring(call, &change.prior.id, &change.args).await?;
        call.retagged(change).await
    }
}

#[cfg(feature = "ec2")]
impl SecurityGroupRule {
    /// Brings a rule's words to what they should be.
    async fn bring(call: &Call<'_>, id: &str, args: &SecurityGroupRuleArgs) -> Result<(), Failure> {
        let rule =
            SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(request(args));
        let modify = call.aws.modify_security_group_rules().group_id(&args.security_group_id);
        modify.security_group_rules(rule.build()).send().await.sent(call).map(drop)
    }

    /// Returns the rules that let everything out of a group and are no resource's, such as the one that AWS makes with it.
    pub(super) async fn born(call: &Call<'_>, group: &str) -> Result<Vec<Found<Item>>, Failure> {
        let mut all = Self::describe(call.aws, Which::With(vec![("group-id", group.to_owned())])).await?;
        all.retain(|found| is_born(found) && !found.tags.contains_key(TOKEN));
        Ok(all)
    }

    /// Takes those rules from a group.
    pub(super) async fn revoke_born(call: &Call<'_>, group: &str) -> Result<(), Failure> {
        for found in Self::born(call, group).await? {
            let revoke = call.aws.revoke_security_group_egress().group_id(group);
            gone_is_fine(revoke.security_group_rule_ids(found.id).send().await.sent(call))?;
        }
        Ok(())
    }

    /// Decides on the rule that AWS says is there already: one with this generation's token counts as made, the one
    /// that AWS makes with every group and that no resource has is taken over, and another's is named in the refusal.
    async fn equal(
        call: &Call<'_>,
        args: &SecurityGroupRuleArgs,
        refusal: Failure,
    ) -> Result<Report<Self>, Failure> {
        if let Some(rule) = call.own::<Self>().await? {
            return Self::report(call, &rule).await;
        }
        let of_group = Which::With(vec![("group-id", args.security_group_id.clone())]);
        let all = Self::describe(call.aws, of_group).await?;
        let Some(found) = all.into_iter().find(|found| is_equal(found, args)) else { return Err(refusal) };
        if is_born(&found) && !found.tags.contains_key(TOKEN) {
            Self::bring(call, &found.id, args).await?;
            call.retag(&found.id, None, &args.tags).await?;
            let found = call.aws.get::<Self>(&found.id).await?.ok_or_else(|| call.lacking(Self::NAME))?;
            return Self::report(call, &found).await;
        }
        met(call, refusal, found.id.clone(), &found.tags)?;
        Self::report(call, &found).await
    }
}
