//! Access lists of subnets.

#[cfg(feature = "ec2")]
mod entries;

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::NetworkAcl as Item;
use serde::{Deserialize, Serialize};
use sskuba_core::schema::Normaliser;

use super::prelude::*;
use super::security_group_rule::protocol::{Ports, port_mistakes, ports, stored};

/// A rule of an access list. The rule with the least number that fits a packet decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Shape)]
pub struct AclRule {
    /// Its number, from 1 to 32766.
    pub number: u16,
    /// Whether what fits is let through.
    pub allow: bool,
    /// The protocol: `tcp`, `udp`, `icmp`, `icmpv6`, `all` or a number.
    pub protocol: String,
    /// The addresses of the other side: a range of IPv4 or IPv6.
    pub cidr: String,
    /// The first port, for `tcp` and `udp`; the type of messages for `icmp`, where -1 is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_port: Option<i32>,
    /// The last port; the code of messages for `icmp`, where -1 is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_port: Option<i32>,
}

impl AclRule {
    /// Lets a protocol through from or to a range, whatever its ports.
    pub fn allow(number: u16, protocol: impl Into<String>, cidr: impl Into<String>) -> Self {
        let (protocol, cidr) = (protocol.into(), cidr.into());
        Self { number, allow: true, protocol, cidr, from_port: None, to_port: None }
    }

    /// Keeps it out.
    pub fn deny(number: u16, protocol: impl Into<String>, cidr: impl Into<String>) -> Self {
        Self { allow: false, ..Self::allow(number, protocol, cidr) }
    }

    /// Narrows it to ports, both included.
    #[must_use]
    pub fn ports(self, from: u16, to: u16) -> Self {
        Self { from_port: Some(from.into()), to_port: Some(to.into()), ..self }
    }

    /// Returns it as AWS reports it: with the protocol's stored name, the range without host bits, and both ports of a
    /// protocol that has some.
    fn stored(&self) -> Self {
        let protocol = stored(&self.protocol);
        let cidr = Normaliser::Cidr.apply(&Value::from(self.cidr.as_str()));
        let all = match ports(&protocol) {
            Ports::Range => (Some(0), Some(65535)),
            Ports::Messages => (Some(-1), Some(-1)),
            Ports::None => (None, None),
        };
        Self {
            number: self.number,
            allow: self.allow,
            protocol,
            cidr: cidr.as_str().unwrap_or(&self.cidr).to_owned(),
            from_port: self.from_port.or(all.0),
            to_port: self.to_port.or(all.1),
        }
    }
}

/// An access list of subnets: what is let into them and out, packet by packet, beside the security groups of machines.
///
/// It lets nothing through but what its rules say; answers need rules, too. Rules change in place, each by its number. A rule
/// that somebody added goes with the next `up` after a refresh. Subnets use it by a
/// [`NetworkAclAssociation`](super::NetworkAclAssociation). AWS honours a client token, so that an interrupted create is
/// simply made again; one that ends between the list and its rules is completed by an update.
///
/// ```
/// # use sskuba_aws::ec2::{AclRule, NetworkAcl, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// let web = NetworkAcl::new(vpc.id())
///     .ingress_rule(AclRule::allow(100, "tcp", "0.0.0.0/0").ports(443, 443))
///     .egress_rule(AclRule::allow(100, "tcp", "0.0.0.0/0").ports(1024, 65535));
/// stack.add("web", web)?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:NetworkAcl",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "1s"
)]
pub struct NetworkAcl {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// What is let in.
    #[resource(default, normaliser = "same_rules", item = "ingress_rule")]
    ingress: Input<Vec<AclRule>>,
    /// What is let out.
    #[resource(default, normaliser = "same_rules", item = "egress_rule")]
    egress: Input<Vec<AclRule>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "acl-{hex:17}")]
    id: Computed<String>,
}

/// Compares rules as AWS stores them, by their numbers.
fn same_rules(value: &Value) -> Value {
    let Ok(mut rules) = value.get::<Vec<AclRule>>() else { return value.clone() };
    rules.sort_by_key(|rule| rule.number);
    let stored: Vec<AclRule> = rules.iter().map(AclRule::stored).collect();
    Value::of(&stored).unwrap_or_else(|_| value.clone())
}

impl Kind for NetworkAcl {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        [("ingress", &args.ingress), ("egress", &args.egress)]
            .into_iter()
            .flat_map(|(field, rules)| {
                rules.iter().enumerate().filter_map(move |(place, rule)| {
                    let is_twice = rules[..place].iter().any(|other| other.number == rule.number);
                    wrong(rule, is_twice).map(|why| mistake(field, format!("rule {}: {why}", rule.number)))
                })
            })
            .collect()
    }
}

/// Says what is wrong with a rule.
fn wrong(rule: &AclRule, is_twice: bool) -> Option<String> {
    if !(1..=32766).contains(&rule.number) {
        return Some("AWS takes numbers from 1 to 32766".to_owned());
    }
    if is_twice {
        return Some("is there twice".to_owned());
    }
    if let Some(why) = Normaliser::Cidr.reject(&Value::from(rule.cidr.as_str())) {
        return Some(format!("{:?} is not {why}", rule.cidr));
    }
    let stored = rule.stored();
    let (from, to) = (stored.from_port.unwrap_or(-1), stored.to_port.unwrap_or(-1));
    port_mistakes(&stored.protocol, from, to).into_iter().next().map(|mistake| mistake.message)
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for NetworkAcl {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "access list";
    const LINGERS: bool = true;

    /// The list that a network is made with is the network's.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let is_list = which == Which::All;
        let describe = ec2.describe_network_acls().set_network_acl_ids(which.ids());
        let filters = match which {
            // There is no filter for ids of lists, but that of their associations, which a list need not have.
            Which::Among(ids) => {
                return crate::client::one_by_one(ids, |id| Self::describe(ec2, Which::Ids(vec![id]))).await;
            }
            other => other.filters("vpc-id"),
        };
        let pages = describe.set_filters(filters).into_paginator().items().send();
        let mut all = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        all.retain(|found| !(is_list && found.is_default() == Some(true)));
        Ok(found(all, Item::network_acl_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: NetworkAclArgs) -> Result<Report<Self>, Failure> {
        let spec = spec(call, ResourceType::NetworkAcl, &args.tags);
        let create = call.aws.create_network_acl().client_token(call.token()).vpc_id(&args.vpc_id);
        let made = create.tag_specifications(spec).send().await.sent(call)?.network_acl;
        let id = text(made.as_ref().and_then(Item::network_acl_id));
        let ready = async {
            let found = until(call, &id, || async {
                let found = call.aws.get::<Self>(&id).await?;
                Ok(found.map_or_else(|| Look::Not("not visible".to_owned()), Look::Done))
            })
            .await?;
            entries::bring(call, &found, &args).await
        };
        ready.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id.clone(), NetworkAclState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_network_acl().network_acl_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = NetworkAclArgs {
            vpc_id: text(found.vpc_id()),
            ingress: entries::rules(found, false),
            egress: entries::rules(found, true),
            tags: found.own_tags(),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), NetworkAclState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for NetworkAcl {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        entries::bring(call, &found, &change.args).await?;
        call.retagged(change).await
    }
}
