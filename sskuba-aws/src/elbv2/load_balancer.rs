//! Network load balancers.

#[cfg(feature = "elbv2")]
use std::collections::BTreeSet;

#[cfg(feature = "elbv2")]
use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer as Item, LoadBalancerAttribute, LoadBalancerSchemeEnum as Scheme,
    LoadBalancerStateEnum as Phase, LoadBalancerTypeEnum as Type,
};

use super::BALANCER_NAMES;
use super::prelude::*;

/// A network load balancer.
///
/// Its name is unique in the account's region and made of the resource's name and its token unless one is given; with a
/// given name the old one goes before another takes its place. AWS answers a create of the same name and settings with
/// the same object: an interrupted create is made again.
/// A create takes two to three minutes until it is `active`, as the logs of other tools' public acceptance
/// tests show; a delete is quick, but the network interfaces go only after a while, and a subnet's delete
/// waits for them.
///
/// ```
/// # use sskuba_aws::ec2::{Subnet, Vpc};
/// # use sskuba_aws::elbv2::{Listener, LoadBalancer, TargetGroup};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// # let a = stack.add("a", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
/// # let b = stack.add("b", Subnet::new(vpc.id(), "10.0.1.0/24"))?;
/// let balancer = stack.add("api", LoadBalancer::new([a.id(), b.id()]).cross_zone(true))?;
/// let targets = stack.add("api", TargetGroup::new(vpc.id(), 6443).preserve_client_ip(false))?;
/// stack.add("api", Listener::new(balancer.arn(), 6443, targets.arn()))?;
/// stack.export("api", balancer.dns_name());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2:LoadBalancer",
    idempotency = "token, tag",
    visibility = "30s",
    create = "150s",
    made = "3s",
    update = "5s",
    delete = "5s",
    unique = "name",
    replacing = "replaces"
)]
pub struct LoadBalancer {
    /// The subnets, one in each zone. They change in place, within one network.
    #[resource(holds, normaliser = "set", reference = "aws:ec2:Subnet")]
    subnet_ids: Input<Vec<String>>,
    /// The network; that of the first subnet if the program has declared that. Another one replaces the load balancer.
    #[resource(cloud_default, inherit = "subnet_ids.vpc_id", reference = "aws:ec2:Vpc")]
    vpc_id: Option<Input<String>>,
    /// The name, at most 32 letters, digits and hyphens, which does not begin with `internal-`; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default, rule = "BALANCER_NAMES")]
    name: Option<Input<String>>,
    /// Whether it has private addresses alone.
    #[resource(force_new, default)]
    internal: Input<bool>,
    /// Whether each of its nodes sends to targets in all zones.
    #[resource(default)]
    cross_zone: Input<bool>,
    /// Whether AWS refuses to delete it.
    #[resource(default)]
    deletion_protection: Input<bool>,
    /// The security groups, as they are if not given. They change in place; AWS adds none to a load balancer that was made
    /// without any, so that the first ones replace it.
    #[resource(
        cloud_default,
        normaliser = "set",
        reference = "aws:ec2:SecurityGroup",
        item = "security_group"
    )]
    security_group_ids: Option<Input<Vec<String>>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(
        computed,
        id,
        early,
        pattern = "arn:aws:elasticloadbalancing:{region}:{digits:12}:loadbalancer/net/nlb-{hex:8}/{hex:16}"
    )]
    arn: Computed<String>,
    /// The DNS name.
    #[resource(computed, early, pattern = "nlb-{hex:8}-{hex:16}.elb.{region}.amazonaws.com")]
    dns_name: Computed<String>,
    /// The hosted zone of the DNS name, for alias records.
    #[resource(computed, early, pattern = "Z{upper:13}")]
    zone_id: Computed<String>,
}

impl Kind for LoadBalancer {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if args.subnet_ids.is_empty() {
            mistakes.push(mistake("subnet_ids", "is empty; a load balancer needs a subnet"));
        }
        if args.security_group_ids.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("security_group_ids", "is empty; name a group, or leave the field out"));
        }
        mistakes
    }
}

/// AWS moves no load balancer to another network, and gives none its first security group. What the program left open
/// is as it was reported.
fn replaces(differing: &Differing<'_>) -> bool {
    let there = |field: &str| {
        let known = [differing.sent, differing.seen].into_iter().filter_map(|inputs| inputs.get(field));
        known.map(Value::reveal).find(|value| **value != Value::Null)
    };
    match differing.field {
        "vpc_id" => there("vpc_id").is_some_and(|there| differing.wanted.get("vpc_id") != Some(there)),
        "security_group_ids" => there("security_group_ids").is_none_or(|there| *there == Value::List(vec![])),
        _ => false,
    }
}

#[cfg(feature = "elbv2")]
const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
#[cfg(feature = "elbv2")]
const PROTECTION: &str = "deletion_protection.enabled";

#[cfg(feature = "elbv2")]
#[async_trait]
impl Operations for LoadBalancer {
    type Api = Elb;
    type Item = Item;
    const NAME: &'static str = "load balancer";

    /// Of all, those of other types are none of this kind.
    async fn describe(elb: &Aws<Elb>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = elb.describe_load_balancers().set_load_balancer_arns(which.ids());
        let pages = describe.into_paginator().items().send();
        let mut all = pages.collect::<Result<Vec<_>, _>>().await.asked(elb)?;
        all.retain(|found: &Item| which != Which::All || found.r#type() == Some(&Type::Network));
        Ok(found(all, Item::load_balancer_arn))
    }

    async fn create(call: &Call<'_>, args: LoadBalancerArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &BALANCER_NAMES);
        let made = match Self::named(call, &name).await? {
            Some(found) => found.item,
            None => Self::make(call, &name, &args).await?,
        };
        let arn = text(made.load_balancer_arn());
        let set = visible(call, || Self::set_attributes(call, &arn, &args)).await;
        set.map_err(|failure| call.partial::<Self>(&arn, failure))?;
        Ok(Report::new(arn, state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete = call.aws.delete_load_balancer().load_balancer_arn(&prior.id);
        gone_is_fine(delete.send().await.sent(call))?;
        until(call, &prior.id, || async {
            let found = Self::get(call, prior).await?;
            Ok(found.map_or(Look::Done(()), |_| Look::Not("there".to_owned())))
        })
        .await
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let describe = call.aws.describe_load_balancer_attributes().load_balancer_arn(&found.id);
        let (attributes, tags) = tokio::join!(describe.send(), own_tags_of(call, &found.id));
        let attributes = attributes.asked(call)?.attributes.unwrap_or_default();
        let on = |key: &str| {
            attributes.iter().any(|found| found.key() == Some(key) && found.value() == Some("true"))
        };
        let groups = found.security_groups();
        let args = LoadBalancerArgs {
            subnet_ids: subnets(found).into_iter().collect(),
            vpc_id: given(found.vpc_id()),
            name: given(found.load_balancer_name()),
            internal: found.scheme() == Some(&Scheme::Internal),
            cross_zone: on(CROSS_ZONE),
            deletion_protection: on(PROTECTION),
            security_group_ids: (!groups.is_empty()).then(|| groups.to_vec()),
            tags: tags?,
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call, &call.name(None, &BALANCER_NAMES)).await
    }
}

#[cfg(feature = "elbv2")]
#[async_trait]
impl UpdateOperation for LoadBalancer {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (arn, args) = (&change.prior.id, &change.args);
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.lacking(Self::NAME))?;
        let wanted: BTreeSet<String> = args.subnet_ids.iter().cloned().collect();
        if subnets(&found) != wanted {
            let set = call.aws.set_subnets().load_balancer_arn(arn);
            let set = set.set_subnets(Some(wanted.into_iter().collect())).send().await.sent(call);
            set.map_err(|failure| {
                let hint = "AWS moves no load balancer to subnets of another network";
                if failure.class.is_passing() { failure } else { failure.hint(hint).advice(Advice::Replace) }
            })?;
        }
        Self::set_groups(call, &found, args).await?;
        Self::set_attributes(call, arn, args).await?;
        call.retagged(change).await
    }
}

#[cfg(feature = "elbv2")]
#[async_trait]
impl ReadinessOperation for LoadBalancer {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&LoadBalancerArgs>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        let state = found.state();
        Ok(match state.and_then(|state| state.code()) {
            Some(Phase::Active | Phase::ActiveImpaired) => {
                TypedReadiness::Ready(Self::report(call, found).await?)
            }
            Some(Phase::Failed) => {
                let why = reason(None, state.and_then(|state| state.reason()));
                TypedReadiness::Failed(format!("it failed: {why}"))
            }
            _ => TypedReadiness::Pending(None),
        })
    }
}

#[cfg(feature = "elbv2")]
fn state(found: &Item) -> LoadBalancerState {
    LoadBalancerState {
        arn: text(found.load_balancer_arn()),
        dns_name: text(found.dns_name()),
        zone_id: text(found.canonical_hosted_zone_id()),
    }
}

#[cfg(feature = "elbv2")]
fn subnets(found: &Item) -> BTreeSet<String> {
    found.availability_zones().iter().map(|zone| text(zone.subnet_id())).collect()
}

#[cfg(feature = "elbv2")]
impl LoadBalancer {
    /// Finds our load balancer of this name; another's is a conflict: AWS would silently answer a create of the same
    /// settings with it.
    async fn named(call: &Call<'_>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let there = match call.aws.describe_load_balancers().names(name).send().await.asked(call) {
            Err(failure) if failure.class == Class::NotFound => return Ok(None),
            there => there?.load_balancers.unwrap_or_default(),
        };
        let Some(there) = found(there, Item::load_balancer_arn).into_iter().next() else { return Ok(None) };
        let tags = tags_of(call, &there.id).await?;
        refuse_foreign(call, &format!("a load balancer of the name {name}"), &tags, &there.id)?;
        Ok(Some(there))
    }

    async fn make(call: &Call<'_>, name: &str, args: &LoadBalancerArgs) -> Result<Item, Failure> {
        let create = call
            .aws
            .create_load_balancer()
            .name(name)
            .r#type(Type::Network)
            .scheme(if args.internal { Scheme::Internal } else { Scheme::InternetFacing })
            .set_subnets(Some(args.subnet_ids.clone()))
            .set_security_groups(args.security_group_ids.clone())
            .set_tags(spec(call, &args.tags));
        let made = create.send().await.sent(call)?.load_balancers.unwrap_or_default();
        made.into_iter().next().ok_or_else(|| call.lacking(Self::NAME))
    }

    async fn set_groups(call: &Call<'_>, found: &Item, args: &LoadBalancerArgs) -> Result<(), Failure> {
        let Some(wanted) = &args.security_group_ids else { return Ok(()) };
        if found.security_groups().iter().collect::<BTreeSet<_>>() == wanted.iter().collect() {
            return Ok(());
        }
        let set = call.aws.set_security_groups().set_load_balancer_arn(found.load_balancer_arn.clone());
        let set = set.set_security_groups(Some(wanted.clone())).send().await.sent(call);
        set.map(drop).map_err(|failure| match found.security_groups().is_empty() {
            true => failure
                .hint("AWS adds none to a load balancer that was made without any")
                .advice(Advice::Replace),
            false => failure,
        })
    }

    async fn set_attributes(call: &Call<'_>, arn: &str, args: &LoadBalancerArgs) -> Result<(), Failure> {
        let attribute =
            |key: &str, on: bool| LoadBalancerAttribute::builder().key(key).value(on.to_string()).build();
        let modify = call.aws.modify_load_balancer_attributes().load_balancer_arn(arn);
        let modify = modify.attributes(attribute(CROSS_ZONE, args.cross_zone));
        let modify = modify.attributes(attribute(PROTECTION, args.deletion_protection));
        modify.send().await.sent(call).map(drop)
    }
}
