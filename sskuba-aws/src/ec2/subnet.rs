//! Subnets.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Subnet as Item, SubnetState as Phase};

use super::prelude::*;

/// A subnet: a part of a network in one availability zone.
///
/// ```
/// # use sskuba_aws::ec2::{Subnet, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// let subnet = Subnet::new(vpc.id(), "10.0.1.0/24").availability_zone("eu-west-1a").tag("tier", "private");
/// stack.add("private-0", subnet)?;
/// # Ok(())
/// # }
/// ```
///
/// Subnets of a network do not overlap: two of the same network and range are the same object, and one that goes to
/// another zone with its range is deleted before it is made there.
///
/// AWS refuses its delete while a network interface is left in it, which it may be for a minute after the
/// instance or load balancer that used it is gone; a delete waits for that.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Subnet",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "2s",
    unique = "vpc_id, cidr"
)]
pub struct Subnet {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The IPv4 address range, inside the network's.
    #[resource(force_new, normaliser = "cidr", rule = "ipv4_range")]
    cidr: Input<String>,
    /// The availability zone by name, e.g. `eu-west-1a`; AWS picks one if none is given.
    #[resource(force_new, cloud_default)]
    availability_zone: Option<Input<String>>,
    /// Whether instances get a public address when they are launched.
    #[resource(default)]
    map_public_ip_on_launch: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "subnet-{hex:17}")]
    id: Computed<String>,
    /// The ARN.
    #[resource(computed, pattern = "arn:aws:ec2:{region}:{digits:12}:subnet/subnet-{hex:17}")]
    arn: Computed<String>,
    /// The zone by its id, which is the same in every account, e.g. `euw1-az1`.
    #[resource(computed, pattern = "use1-az{digits:1}")]
    zone_id: Computed<String>,
}

impl Kind for Subnet {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for Subnet {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "subnet";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_subnets().set_subnet_ids(which.ids());
        let pages = describe.set_filters(which.filters("subnet-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::subnet_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: SubnetArgs) -> Result<Report<Self>, Failure> {
        let spec = spec(call, ResourceType::Subnet, &args.tags);
        let create = call.aws.create_subnet().vpc_id(&args.vpc_id).cidr_block(stored_range(&args.cidr));
        let create = create.set_availability_zone(args.availability_zone).tag_specifications(spec);
        let made = match create.customize().config_override(once()).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let of_vpc = vec![("vpc-id", args.vpc_id.clone())];
                let same = |found: &Item| found.cidr_block().is_some_and(|cidr| same_range(cidr, &args.cidr));
                call.taken::<Self>(&error, of_vpc, same).await?.item
            }
            other => other.sent_once(call)?.subnet.ok_or_else(|| call.lacking(Self::NAME))?,
        };
        let id = text(made.subnet_id());
        let ready = async {
            until(call, &id, || async {
                Ok(match call.aws.get::<Self>(&id).await? {
                    Some(subnet) if subnet.state() == Some(&Phase::Available) => Look::Done(()),
                    _ => Look::Not("not available".to_owned()),
                })
            })
            .await?;
            Self::set_public(call, &id, args.map_public_ip_on_launch, false).await
        };
        ready.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id, state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_subnet().subnet_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = SubnetArgs {
            vpc_id: text(found.vpc_id()),
            cidr: text(found.cidr_block()),
            availability_zone: given(found.availability_zone()),
            map_public_ip_on_launch: found.map_public_ip_on_launch().unwrap_or_default(),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for Subnet {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let public = change.args.map_public_ip_on_launch;
        Self::set_public(call, &change.prior.id, public, !public).await?;
        call.retagged(change).await
    }
}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> SubnetState {
    SubnetState {
        id: text(found.subnet_id()),
        arn: text(found.subnet_arn()),
        zone_id: text(found.availability_zone_id()),
    }
}

#[cfg(feature = "ec2")]
impl Subnet {
    async fn set_public(call: &Call<'_>, id: &str, public: bool, now: bool) -> Result<(), Failure> {
        if public == now {
            return Ok(());
        }
        let value = AttributeBooleanValue::builder().value(public).build();
        visible(call, || async {
            let modify = call.aws.modify_subnet_attribute().subnet_id(id);
            modify.map_public_ip_on_launch(value.clone()).send().await.sent(call).map(drop)
        })
        .await
    }
}
