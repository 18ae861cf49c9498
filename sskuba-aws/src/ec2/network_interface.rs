//! Network interfaces.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, NetworkInterface as Item, NetworkInterfaceStatus as Phase,
};

use super::prelude::*;

/// A network interface: an address in a subnet that can move from instance to instance.
///
/// AWS honours a client token, so that an interrupted create is simply made again. Description, security groups, secondary
/// addresses and the source check change in place. Two of the same subnet and fixed private address are the same object, and
/// a replacement that keeps the address deletes the old one first.
///
/// AWS refuses its delete while an instance has it, which it says for a while after that is gone; a delete waits for that.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:NetworkInterface",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "2s",
    unique = "subnet_id, fixed_private_ip"
)]
pub struct NetworkInterface {
    /// The subnet.
    #[resource(force_new, reference = "aws:ec2:Subnet")]
    subnet_id: Input<String>,
    /// The security groups; the network's default one if none is given.
    #[resource(
        cloud_default,
        normaliser = "set",
        reference = "aws:ec2:SecurityGroup",
        item = "security_group"
    )]
    security_group_ids: Option<Input<Vec<String>>>,
    /// What it is for, at most 255 characters.
    #[resource(cloud_default, rule = "AtMost(255)")]
    description: Option<Input<String>>,
    /// The private address that it shall have, out of the subnet's range.
    #[resource(force_new, cloud_default, rule = "ipv4_address")]
    fixed_private_ip: Option<Input<String>>,
    /// More private addresses, out of the subnet's range; those that others gave it stay if none are given.
    #[resource(cloud_default, normaliser = "set", item = "secondary_private_ip")]
    secondary_private_ips: Option<Input<Vec<String>>>,
    /// Whether packets for other addresses are dropped; routers turn it off.
    #[resource(default = true)]
    source_dest_check: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "eni-{hex:17}")]
    id: Computed<String>,
    /// Its first private address.
    #[resource(computed, pattern = "{ip:10.0}")]
    private_ip: Computed<String>,
    /// The hardware address.
    #[resource(computed, pattern = "02:{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}")]
    mac_address: Computed<String>,
    /// The availability zone.
    #[resource(computed, pattern = "{region}a")]
    availability_zone: Computed<String>,
}

impl Kind for NetworkInterface {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if args.security_group_ids.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("security_group_ids", "is empty; name a group, or leave the field out"));
        }
        let secondary = args.secondary_private_ips.as_deref().unwrap_or_default();
        for address in secondary {
            if let Some(wrong) = ipv4_address(&address.as_str().into()) {
                mistakes.push(mistake("secondary_private_ips", wrong));
            } else if args.fixed_private_ip.as_ref() == Some(address) {
                mistakes.push(mistake("secondary_private_ips", format!("{address} is its first address")));
            }
        }
        mistakes
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for NetworkInterface {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "network interface";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_network_interfaces().set_network_interface_ids(which.ids());
        let filters = which.filters("network-interface-id");
        let pages = describe.set_filters(filters).into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        Ok(found(all, Item::network_interface_id, Item::tag_set))
    }

    async fn create(call: &Call<'_>, args: NetworkInterfaceArgs) -> Result<Report<Self>, Failure> {
        let create =
            call.aws.create_network_interface().client_token(call.token()).subnet_id(&args.subnet_id);
        let create = create.set_groups(args.security_group_ids.clone());
        let create = create.set_description(args.description.clone());
        let create = create.set_private_ip_address(args.fixed_private_ip.clone());
        let create = create.tag_specifications(spec(call, ResourceType::NetworkInterface, &args.tags));
        let made = create.send().await.sent(call)?;
        let made = made.network_interface.ok_or_else(|| call.lacking(Self::NAME))?;
        let id = text(made.network_interface_id());
        let ready = async {
            let found = until(call, &id, || async {
                Ok(match call.aws.get::<Self>(&id).await? {
                    Some(found) if !is_pending(&found) => Look::Done(found),
                    _ => Look::Not("pending".to_owned()),
                })
            })
            .await?;
            Self::set_check(call, &found, args.source_dest_check).await?;
            Self::set_secondary(call, &found, args.secondary_private_ips.as_deref()).await
        };
        ready.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id, state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete = call.aws.delete_network_interface().network_interface_id(&prior.id);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = NetworkInterfaceArgs {
            subnet_id: text(found.subnet_id()),
            security_group_ids: Some(groups(found)),
            description: given(found.description()),
            fixed_private_ip: given(found.private_ip_address()),
            secondary_private_ips: Some(secondary(found)),
            source_dest_check: found.source_dest_check().unwrap_or(true),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for NetworkInterface {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let args = &change.args;
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        let modify = || call.aws.modify_network_interface_attribute().network_interface_id(&found.id);
        if let Some(description) = &args.description
            && found.description() != Some(description)
        {
            let value = AttributeValue::builder().value(description).build();
            modify().description(value).send().await.sent(call)?;
        }
        let sorted = |mut all: Vec<String>| {
            all.sort();
            all.dedup();
            all
        };
        if let Some(wanted) = &args.security_group_ids
            && sorted(wanted.clone()) != sorted(groups(&found))
        {
            modify().set_groups(Some(wanted.clone())).send().await.sent(call)?;
        }
        Self::set_check(call, &found, args.source_dest_check).await?;
        Self::set_secondary(call, &found, args.secondary_private_ips.as_deref()).await?;
        call.retagged(change).await
    }
}

/// Tells whether an interface is still being made, which the SDK has no name for.
#[cfg(feature = "ec2")]
fn is_pending(found: &Item) -> bool {
    found.status().map(Phase::as_str) == Some("pending")
}

#[cfg(feature = "ec2")]
fn groups(found: &Item) -> Vec<String> {
    found.groups().iter().map(|group| text(group.group_id())).collect()
}

#[cfg(feature = "ec2")]
fn secondary(found: &Item) -> Vec<String> {
    let first = found.private_ip_address();
    let all = found.private_ip_addresses().iter().filter_map(|one| one.private_ip_address());
    all.filter(|address| Some(*address) != first).map(str::to_owned).collect()
}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> NetworkInterfaceState {
    NetworkInterfaceState {
        id: text(found.network_interface_id()),
        private_ip: text(found.private_ip_address()),
        mac_address: text(found.mac_address()),
        availability_zone: text(found.availability_zone()),
    }
}

#[cfg(feature = "ec2")]
impl NetworkInterface {
    async fn set_check(call: &Call<'_>, found: &Found<Item>, on: bool) -> Result<(), Failure> {
        if found.source_dest_check().unwrap_or(true) == on {
            return Ok(());
        }
        let value = AttributeBooleanValue::builder().value(on).build();
        let modify = call.aws.modify_network_interface_attribute().network_interface_id(&found.id);
        modify.source_dest_check(value).send().await.sent(call).map(drop)
    }

    /// Gives an interface the secondary addresses that it lacks, and takes away those that it shall not have.
    async fn set_secondary(
        call: &Call<'_>,
        found: &Found<Item>,
        wanted: Option<&[String]>,
    ) -> Result<(), Failure> {
        let Some(wanted) = wanted else { return Ok(()) };
        let there = secondary(found);
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|address| !those.contains(address)).cloned().collect()
        };
        let (more, less) = (only(wanted, &there), only(&there, wanted));
        if !less.is_empty() {
            let take = call.aws.unassign_private_ip_addresses().network_interface_id(&found.id);
            take.set_private_ip_addresses(Some(less)).send().await.sent(call)?;
        }
        if !more.is_empty() {
            let give = call.aws.assign_private_ip_addresses().network_interface_id(&found.id);
            give.set_private_ip_addresses(Some(more)).send().await.sent(call)?;
        }
        Ok(())
    }
}
