//! Security groups.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, ResourceType, SecurityGroup as Item};

#[cfg(feature = "ec2")]
use super::SecurityGroupRule;
use super::prelude::*;

/// A security group. Its rules are resources of their own: [`SecurityGroupRule`](super::SecurityGroupRule).
///
/// As AWS makes it, it lets everything out and nothing in; with `.allow_all_outbound(false)` nothing goes out either
/// but what rules allow. Its name is unique in the network, so one is made of the resource's name and its token unless
/// the program gives one; two with the same network and name are the same object, and a group with a given name is
/// deleted before another takes its place.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:SecurityGroup",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "2s",
    unique = "vpc_id, name"
)]
pub struct SecurityGroup {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The name, which does not begin with `sg-`; made of the resource's name and its token if none is given. To AWS, `Web` and `web ` are one name.
    #[resource(force_new, cloud_default, normaliser = "same_name", rule = "NAMES")]
    name: Option<Input<String>>,
    /// What it is for, which AWS cannot change; "Managed by sskuba" for one that is made without.
    #[resource(force_new, cloud_default, rule = "WORDS")]
    description: Option<Input<String>>,
    /// Whether it has the rule with which AWS makes it, which lets everything out. One that somebody took away comes back,
    /// and one that somebody added goes, with the next `up` after a refresh; a
    /// [`SecurityGroupRule`](super::SecurityGroupRule) that says the same is left alone.
    #[resource(default = true)]
    allow_all_outbound: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "sg-{hex:17}")]
    id: Computed<String>,
    /// The name that it has.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    group_name: Computed<String>,
    /// The account that owns it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

/// What AWS takes as a group's name.
const NAMES: TextRule = TextRule { longest: 255, signs: WORD_SIGNS, inner: "", reserved: "sg-" };

impl Kind for SecurityGroup {}

/// Returns a name as AWS compares it: without the spaces at its end, which it cuts off, and in one case.
fn folded(name: &str) -> String {
    name.trim_end_matches(' ').to_lowercase()
}

fn same_name(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |name| folded(name).into())
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for SecurityGroup {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "security group";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_security_groups().set_group_ids(which.ids());
        let pages = describe.set_filters(which.filters("group-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::group_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: SecurityGroupArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let create = call.aws.create_security_group().vpc_id(&args.vpc_id).group_name(&name);
        let create = create.description(args.description.as_deref().unwrap_or("Managed by sskuba"));
        let create = create.tag_specifications(spec(call, ResourceType::SecurityGroup, &args.tags));
        let id = match create.customize().config_override(once()).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let of_vpc = vec![("vpc-id", args.vpc_id.clone())];
                let same = |found: &Item| found.group_name().map(folded) == Some(folded(&name));
                call.taken::<Self>(&error, of_vpc, same).await?.id
            }
            other => text(other.sent_once(call)?.group_id()),
        };
        let found = until(call, &id, || async {
            let found = call.aws.get::<Self>(&id).await?;
            Ok(found.map_or_else(|| Look::Not("not visible".to_owned()), Look::Done))
        });
        let half_made = |failure| call.partial::<Self>(&id, failure);
        let found = found.await.map_err(half_made)?;
        if !args.allow_all_outbound {
            visible(call, || Self::close(call, &id)).await.map_err(half_made)?;
        }
        Ok(Report::new(id, state(&found)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_security_group().group_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = SecurityGroupArgs {
            vpc_id: text(found.vpc_id()),
            name: given(found.group_name()),
            description: given(found.description()),
            allow_all_outbound: lets_everything_out(found),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    /// Of a group that shall not let everything out, a rule that a resource of its own has does not count.
    async fn report_for(
        call: &Call<'_>,
        found: &Found<Item>,
        said: Option<&SecurityGroupArgs>,
    ) -> Result<Report<Self>, Failure> {
        let mut report = Self::report(call, found).await?;
        if let (Some(said), Some(args)) = (said, &mut report.args)
            && !said.allow_all_outbound
            && found.ip_permissions_egress().iter().any(is_for_all)
        {
            args.allow_all_outbound = !SecurityGroupRule::born(call, &found.id).await?.is_empty();
        }
        Ok(report)
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for SecurityGroup {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.lacking(Self::NAME))?;
        if !change.args.allow_all_outbound {
            SecurityGroupRule::revoke_born(call, &found.id).await?;
        } else if !lets_everything_out(&found) {
            Self::open(call, &found.id).await?;
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> SecurityGroupState {
    SecurityGroupState {
        id: text(found.group_id()),
        group_name: text(found.group_name()),
        owner_id: text(found.owner_id()),
    }
}

#[cfg(feature = "ec2")]
fn lets_everything_out(found: &Item) -> bool {
    let everywhere = |range: &IpRange| range.cidr_ip() == Some("0.0.0.0/0");
    found.ip_permissions_egress().iter().any(|all| is_for_all(all) && all.ip_ranges().iter().any(everywhere))
}

#[cfg(feature = "ec2")]
fn is_for_all(permission: &IpPermission) -> bool {
    permission.ip_protocol() == Some("-1")
}

#[cfg(feature = "ec2")]
impl SecurityGroup {
    /// Gives a group the rule that lets everything out. What is so already is fine.
    async fn open(call: &Call<'_>, id: &str) -> Result<(), Failure> {
        let all = IpPermission::builder().ip_protocol("-1");
        let all = all.ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
        let allow = call.aws.authorize_security_group_egress().group_id(id).ip_permissions(all);
        match allow.send().await {
            Err(error) if means(&error, Meaning::Taken) => Ok(()),
            other => other.sent(call).map(drop),
        }
    }

    /// Takes the rules that let everything out from a group that was made a moment ago: in a network with IPv6 there is one
    /// of each family.
    async fn close(call: &Call<'_>, id: &str) -> Result<(), Failure> {
        let all = || IpPermission::builder().ip_protocol("-1");
        let v4 = all().ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build()).build();
        let v6 = all().ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build()).build();
        for permission in [v4, v6] {
            let revoke = call.aws.revoke_security_group_egress().group_id(id).ip_permissions(permission);
            match revoke.send().await {
                // That the group is not there is something else: it may not be seen yet.
                Err(error) if means(&error, Meaning::NoRule) => {}
                other => drop(other.sent(call)?),
            }
        }
        Ok(())
    }
}
