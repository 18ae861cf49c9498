//! Subnets.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder as Modify;
#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType, Subnet as Item, SubnetCidrBlockStateCode as Standing,
    SubnetState as Phase,
};

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
///
/// A range of IPv6 is given, taken away and changed in place; AWS refuses to take away one whose addresses are in use. Beside
/// moto it is not proved how names are answered, which moto does not know.
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
    /// A range of IPv6, a /64 inside the network's ([`VpcCidrBlock`](super::VpcCidrBlock)).
    #[resource(normaliser = "cidr", rule = "ipv6_range")]
    ipv6_cidr: Option<Input<String>>,
    /// Whether network interfaces get an address of IPv6 when they are made.
    #[resource(default)]
    assign_ipv6_on_creation: Input<bool>,
    /// Whether the names of machines that are made of their ids are answered with addresses of IPv4.
    #[resource(default)]
    dns_a_records: Input<bool>,
    /// Whether they are answered with addresses of IPv6.
    #[resource(default)]
    dns_aaaa_records: Input<bool>,
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

impl Kind for Subnet {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        if args.assign_ipv6_on_creation && args.ipv6_cidr.is_none() {
            return vec![mistake("assign_ipv6_on_creation", "needs a range of IPv6: `.ipv6_cidr(…)`")];
        }
        Vec::new()
    }
}

/// Says what is wrong with a range of IPv6.
fn ipv6_range(range: &Value) -> Option<String> {
    let (address, length) = range.as_str()?.split_once('/')?;
    if !address.contains(':') {
        Some("is an IPv4 range; AWS takes an IPv6 one here".to_owned())
    } else {
        (length != "64").then(|| format!("is a /{length}; AWS takes a /64"))
    }
}

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
        let create = create.set_availability_zone(args.availability_zone.clone()).tag_specifications(spec);
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
            Self::bring(call, &id, &args, &made).await
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
            ipv6_cidr: ipv6_of(found).map(|(_, range)| range),
            assign_ipv6_on_creation: found.assign_ipv6_address_on_creation().unwrap_or_default(),
            dns_a_records: answers(found).0,
            dns_aaaa_records: answers(found).1,
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for Subnet {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        Self::bring(call, &change.prior.id, &change.args, &found).await?;
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

/// Returns the range of IPv6 that a subnet has, after the id of its association.
#[cfg(feature = "ec2")]
fn ipv6_of(found: &Item) -> Option<(String, String)> {
    let is_there = |state: Option<&Standing>| {
        !matches!(state, Some(Standing::Disassociated | Standing::Disassociating | Standing::Failed))
    };
    let all = found.ipv6_cidr_block_association_set().iter();
    let mut there = all.filter(|one| is_there(one.ipv6_cidr_block_state().and_then(|state| state.state())));
    there.next().map(|one| (text(one.association_id()), text(one.ipv6_cidr_block())))
}

/// Tells whether names are answered with addresses of IPv4, and of IPv6.
#[cfg(feature = "ec2")]
fn answers(found: &Item) -> (bool, bool) {
    let options = found.private_dns_name_options_on_launch();
    options.map_or((false, false), |options| {
        (
            options.enable_resource_name_dns_a_record().unwrap_or_default(),
            options.enable_resource_name_dns_aaaa_record().unwrap_or_default(),
        )
    })
}

#[cfg(feature = "ec2")]
impl Subnet {
    /// Brings what changes in place from what is there to what the program says. AWS takes one attribute at a time, and
    /// gives addresses of IPv6 only where there is a range of them.
    async fn bring(call: &Call<'_>, id: &str, args: &SubnetArgs, now: &Item) -> Result<(), Failure> {
        let value = |on: bool| AttributeBooleanValue::builder().value(on).build();
        let set = |wanted: bool, there: bool, field: fn(Modify, AttributeBooleanValue) -> Modify| async move {
            if wanted == there {
                return Ok(());
            }
            visible(call, || async {
                let modify = call.aws.modify_subnet_attribute().subnet_id(id);
                field(modify, value(wanted)).send().await.sent(call).map(drop)
            })
            .await
        };
        let assigns = now.assign_ipv6_address_on_creation().unwrap_or_default();
        if !args.assign_ipv6_on_creation {
            set(false, assigns, Modify::assign_ipv6_address_on_creation).await?;
        }
        Self::set_ipv6(call, id, args.ipv6_cidr.as_deref(), now).await?;
        if args.assign_ipv6_on_creation {
            set(true, assigns, Modify::assign_ipv6_address_on_creation).await?;
        }
        let public = now.map_public_ip_on_launch().unwrap_or_default();
        set(args.map_public_ip_on_launch, public, Modify::map_public_ip_on_launch).await?;
        let (v4, v6) = answers(now);
        set(args.dns_a_records, v4, Modify::enable_resource_name_dns_a_record_on_launch).await?;
        set(args.dns_aaaa_records, v6, Modify::enable_resource_name_dns_aaaa_record_on_launch).await
    }

    /// Gives a subnet another range of IPv6, or none.
    async fn set_ipv6(call: &Call<'_>, id: &str, wanted: Option<&str>, now: &Item) -> Result<(), Failure> {
        let there = ipv6_of(now);
        if let Some((association, range)) = &there {
            if wanted.is_some_and(|wanted| same_range(wanted, range)) {
                return Ok(());
            }
            let take = call.aws.disassociate_subnet_cidr_block().association_id(association);
            gone_is_fine(take.send().await.sent(call))?;
        }
        let Some(wanted) = wanted else { return Ok(()) };
        // A range that goes is there for a moment yet.
        accepted(call, || async {
            let give = call.aws.associate_subnet_cidr_block().subnet_id(id);
            give.ipv6_cidr_block(stored_range(wanted)).send().await.sent(call).map(drop)
        })
        .await?;
        until(call, id, || async {
            let found = call.aws.get::<Self>(id).await?;
            let range = found.as_ref().and_then(|found| ipv6_of(found)).map(|(_, range)| range);
            Ok(match range {
                Some(range) if same_range(&range, wanted) => Look::Done(()),
                _ => Look::Not("without its range of IPv6".to_owned()),
            })
        })
        .await
    }
}
