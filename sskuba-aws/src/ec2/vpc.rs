//! Virtual private clouds.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType, Vpc as Item, VpcAttributeName, VpcState as Phase,
};

use super::prelude::*;

/// A virtual private cloud: an isolated network with an address range of its own.
///
/// Found after an interrupted create by its ownership tag. A create takes about a second; the DNS attributes
/// are set by two more calls, since `CreateVpc` does not take them.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Vpc",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "1s"
)]
pub struct Vpc {
    /// The IPv4 address range, from /16 to /28.
    #[resource(force_new, normaliser = "cidr", rule = "ipv4_range")]
    cidr: Input<String>,
    /// Whether the network's own DNS server answers.
    #[resource(default = true)]
    enable_dns_support: Input<bool>,
    /// Whether instances with public addresses get public DNS names.
    #[resource(default)]
    enable_dns_hostnames: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "vpc-{hex:17}")]
    id: Computed<String>,
    /// The account that owns it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

impl Kind for Vpc {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for Vpc {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "VPC";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_vpcs().set_vpc_ids(which.ids());
        let pages = describe.set_filters(which.filters("vpc-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::vpc_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: VpcArgs) -> Result<Report<Self>, Failure> {
        let spec = spec(call, ResourceType::Vpc, &args.tags);
        let create = call.aws.create_vpc().cidr_block(stored_range(&args.cidr)).tag_specifications(spec);
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let made = made.vpc.ok_or_else(|| call.lacking(Self::NAME))?;
        let id = text(made.vpc_id());
        let ready = async {
            until(call, &id, || async {
                Ok(match call.aws.get::<Self>(&id).await? {
                    Some(vpc) if vpc.state() == Some(&Phase::Available) => Look::Done(()),
                    _ => Look::Not("not available".to_owned()),
                })
            })
            .await?;
            Self::set_dns(call, &id, &args, (true, false)).await
        };
        ready.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id, state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_vpc().vpc_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        Ok(reported(found, Self::dns(call, &found.id).await?))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for Vpc {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let now = Self::dns(call, &change.prior.id).await?;
        Self::set_dns(call, &change.prior.id, &change.args, now).await?;
        let found = call.tagged(&change).await?;
        // What was asked about, and set where it differed, is not asked about again.
        Ok(reported(&found, (change.args.enable_dns_support, change.args.enable_dns_hostnames)))
    }
}

/// Reports a network whose DNS is so.
#[cfg(feature = "ec2")]
fn reported(found: &Found<Item>, (enable_dns_support, enable_dns_hostnames): (bool, bool)) -> Report<Vpc> {
    let (cidr, tags) = (text(found.cidr_block()), found.own_tags());
    let args = VpcArgs { cidr, enable_dns_support, enable_dns_hostnames, tags };
    Report::new(found.id.clone(), state(found)).args(args)
}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> VpcState {
    VpcState { id: text(found.vpc_id()), owner_id: text(found.owner_id()) }
}

#[cfg(feature = "ec2")]
impl Vpc {
    /// Returns whether DNS is answered, and whether instances get DNS names.
    async fn dns(call: &Call<'_>, id: &str) -> Result<(bool, bool), Failure> {
        let ask = |name| call.aws.describe_vpc_attribute().vpc_id(id).attribute(name).send();
        let (support, names) =
            tokio::join!(ask(VpcAttributeName::EnableDnsSupport), ask(VpcAttributeName::EnableDnsHostnames));
        let (support, names) = (support.asked(call)?, names.asked(call)?);
        let on = |value: Option<&AttributeBooleanValue>| {
            value.and_then(AttributeBooleanValue::value).unwrap_or_default()
        };
        Ok((on(support.enable_dns_support()), on(names.enable_dns_hostnames())))
    }

    /// Sets what differs, one attribute at a time as AWS wants it; names need the support.
    async fn set_dns(call: &Call<'_>, id: &str, args: &VpcArgs, now: (bool, bool)) -> Result<(), Failure> {
        let (support, names) = (args.enable_dns_support, args.enable_dns_hostnames);
        let value = |on| AttributeBooleanValue::builder().value(on).build();
        let modify = || call.aws.modify_vpc_attribute().vpc_id(id);
        let set_support = || async move {
            if support == now.0 {
                return Ok(());
            }
            modify().enable_dns_support(value(support)).send().await.sent(call).map(drop)
        };
        if support {
            visible(call, set_support).await?;
        }
        if names != now.1 {
            let set = || async { modify().enable_dns_hostnames(value(names)).send().await.sent(call) };
            visible(call, set).await?;
        }
        if support { Ok(()) } else { visible(call, set_support).await }
    }
}
