//! Which subnets use which access lists.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{NetworkAcl as List, NetworkAclAssociation as Item};

use super::prelude::*;

/// The use of an access list by a subnet.
///
/// A subnet has exactly one list, from its creation on: the one that its network was made with. A create takes the place of
/// that; where the subnet has another list already it is refused, with the line that imports it, and only what an interrupted
/// create of this resource left counts as made. A change of the list is made in place, without a gap, and gives the association
/// another id; it is found by its subnet. A delete gives the subnet the network's own list back.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:NetworkAclAssociation",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "subnet_id"
)]
pub struct NetworkAclAssociation {
    /// The subnet.
    #[resource(force_new, reference = "aws:ec2:Subnet")]
    subnet_id: Input<String>,
    /// The access list.
    #[resource(reference = "aws:ec2:NetworkAcl")]
    network_acl_id: Input<String>,
    /// The id; another one after each change of the list.
    #[resource(computed, id, volatile, pattern = "aclassoc-{hex:17}")]
    id: Computed<String>,
}

impl Kind for NetworkAclAssociation {}

/// Returns the lists that filters fit, each with its associations.
#[cfg(feature = "ec2")]
async fn lists(ec2: &Aws<Ec2>, filters: Option<Vec<types::Filter>>) -> Result<Vec<List>, Failure> {
    let pages = ec2.describe_network_acls().set_filters(filters).into_paginator().items().send();
    pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for NetworkAclAssociation {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "association";

    /// The associations are parts of the lists. Those with the lists that networks were made with are none of these.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let of_ids = which.ids().map(|ids| vec![filter("association.association-id", &ids)]);
        let filters = which.filters("association.subnet-id").or(of_ids);
        let own = lists(ec2, filters).await?.into_iter().filter(|list| list.is_default() != Some(true));
        let uses = own.flat_map(|list| list.associations.unwrap_or_default());
        Ok(found(uses, Item::network_acl_association_id, |_| &[]))
    }

    /// The keys are subnets, since a change of the list changes the id.
    async fn by_keys(ec2: &Aws<Ec2>, subnets: Vec<String>) -> Result<Vec<(String, Found<Item>)>, Failure> {
        let all = Self::describe(ec2, Which::Among(subnets.clone())).await?;
        let all = all.into_iter().map(|found| (text(found.subnet_id()), found));
        Ok(all.filter(|(subnet, _)| subnets.contains(subnet)).collect())
    }

    /// Finds it by its subnet; by its id where the subnet is not known, as in an import.
    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        if let Some(args) = &prior.args {
            return call.aws.get::<Self>(&args.subnet_id).await;
        }
        let all = Self::describe(call.aws, Which::Ids(vec![prior.id.clone()])).await?;
        Ok(all.into_iter().find(|found| found.id == prior.id))
    }

    async fn create(call: &Call<'_>, args: NetworkAclAssociationArgs) -> Result<Report<Self>, Failure> {
        if let Some(found) = call.aws.get::<Self>(&args.subnet_id).await? {
            let list = text(found.network_acl_id());
            // It carries no token: only what an interrupted create left is this resource's.
            if call.aws.sent_creates.may_have_made(call) && list == args.network_acl_id {
                return Self::report(call, &found).await;
            }
            let message = format!("subnet {} uses access list {list} already", args.subnet_id);
            return Err(Failure::exists(message, found.id));
        }
        let sent = async {
            let born = visible(call, || Self::of(call, &args.subnet_id)).await?;
            Self::replace(call, &born, &args.network_acl_id).await
        };
        let id = call.aws.sent_creates.send(call, sent).await?;
        Ok(Report::new(id.clone(), NetworkAclAssociationState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        let here =
            lists(call.aws, Some(vec![filter("association.subnet-id", [text(found.subnet_id())])])).await?;
        let vpc = text(here.first().and_then(List::vpc_id));
        let default = Some(vec![filter("vpc-id", [vpc]), filter("default", ["true"])]);
        let default = lists(call.aws, default).await?;
        let default =
            default.first().and_then(List::network_acl_id).ok_or_else(|| call.lacking("default list"))?;
        gone_is_fine(Self::replace(call, &found.id, default).await)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = NetworkAclAssociationArgs {
            subnet_id: text(found.subnet_id()),
            network_acl_id: text(found.network_acl_id()),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), NetworkAclAssociationState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for NetworkAclAssociation {
    /// A subnet that somebody gave the network's own list back gets this one again.
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let args = &change.args;
        let there = match Self::get(call, &change.prior).await? {
            Some(found) if found.network_acl_id() == Some(&args.network_acl_id) => {
                return Self::report(call, &found).await;
            }
            Some(found) => found.id,
            None => Self::of(call, &args.subnet_id).await?,
        };
        let id = Self::replace(call, &there, &args.network_acl_id).await?;
        Ok(Report::new(id.clone(), NetworkAclAssociationState { id }))
    }
}

#[cfg(feature = "ec2")]
impl NetworkAclAssociation {
    /// Returns the association that a subnet has, with whatever list.
    async fn of(call: &Call<'_>, subnet: &str) -> Result<String, Failure> {
        let all = lists(call.aws, Some(vec![filter("association.subnet-id", [subnet])])).await?;
        let mut uses = all.iter().flat_map(|list| list.associations());
        let own = uses.find(|found| found.subnet_id() == Some(subnet));
        given(own.and_then(Item::network_acl_association_id)).ok_or_else(|| call.not_there())
    }

    async fn replace(call: &Call<'_>, association: &str, list: &str) -> Result<String, Failure> {
        let replace = call.aws.replace_network_acl_association().association_id(association);
        let made = replace.network_acl_id(list).send().await.sent(call)?;
        Ok(text(made.new_association_id()))
    }
}
