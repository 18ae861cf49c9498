//! Which subnets use which route tables.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{RouteTable as Table, RouteTableAssociation as Item};

use super::prelude::*;

/// The use of a route table by a subnet.
///
/// A subnet has at most one: two of the same subnet are the same object, whatever they are called. AWS can neither tag it
/// nor takes a token for it. A create that meets one which is there already is refused, with the line that imports it;
/// only what an interrupted create of this resource left counts as made. A change of the table is made in place, without
/// a gap, and gives the association another id; it is found by its subnet.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:RouteTableAssociation",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "subnet_id"
)]
pub struct RouteTableAssociation {
    /// The subnet.
    #[resource(force_new, reference = "aws:ec2:Subnet")]
    subnet_id: Input<String>,
    /// The route table.
    #[resource(reference = "aws:ec2:RouteTable")]
    route_table_id: Input<String>,
    /// The id; another one after each change of the table.
    #[resource(computed, id, volatile, pattern = "rtbassoc-{hex:17}")]
    id: Computed<String>,
}

impl Kind for RouteTableAssociation {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for RouteTableAssociation {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "association";

    /// The associations are parts of the tables. That of a table with the network itself is none of a subnet.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let of_tables = which.ids().map(|ids| filter("association.route-table-association-id", &ids));
        let filters = which.filters("association.subnet-id").or(of_tables.map(|of_tables| vec![of_tables]));
        let pages = ec2.describe_route_tables().set_filters(filters).into_paginator().items().send();
        let tables: Vec<Table> = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        let uses = tables.into_iter().flat_map(|table| table.associations.unwrap_or_default());
        let of_subnets = uses.filter(|found| found.subnet_id().is_some());
        Ok(found(of_subnets, Item::route_table_association_id, |_| &[]))
    }

    /// The keys are subnets, since a change of the table changes the id.
    async fn by_keys(ec2: &Aws<Ec2>, subnets: Vec<String>) -> Result<Vec<(String, Found<Item>)>, Failure> {
        let all = Self::describe(ec2, Which::Among(subnets)).await?;
        Ok(all.into_iter().map(|found| (text(found.subnet_id()), found)).collect())
    }

    /// Finds it by its subnet; by its id where the subnet is not known, as in an import.
    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        if let Some(args) = &prior.args {
            return call.aws.get::<Self>(&args.subnet_id).await;
        }
        let all = Self::describe(call.aws, Which::Ids(vec![prior.id.clone()])).await?;
        Ok(all.into_iter().find(|found| found.id == prior.id))
    }

    async fn create(call: &Call<'_>, args: RouteTableAssociationArgs) -> Result<Report<Self>, Failure> {
        if let Some(found) = call.aws.get::<Self>(&args.subnet_id).await? {
            let table = text(found.route_table_id());
            // It carries no token: only what an interrupted create left is this resource's.
            if call.aws.sent_creates.may_have_made(call) && table == args.route_table_id {
                return Self::report(call, &found).await;
            }
            let message = format!("subnet {} uses route table {table} already", args.subnet_id);
            return Err(Failure::exists(message, found.id));
        }
        let associate = call.aws.associate_route_table().subnet_id(&args.subnet_id);
        let associate = associate.route_table_id(&args.route_table_id);
        let sent = async { associate.customize().config_override(once()).send().await.sent_once(call) };
        let id = text(call.aws.sent_creates.send(call, sent).await?.association_id());
        Ok(Report::new(id.clone(), RouteTableAssociationState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        call.aws.disassociate_route_table().association_id(&found.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = RouteTableAssociationArgs {
            subnet_id: text(found.subnet_id()),
            route_table_id: text(found.route_table_id()),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), RouteTableAssociationState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for RouteTableAssociation {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let gone = || {
            let message = format!("subnet {} uses no route table of its own any more", change.args.subnet_id);
            Failure::new(Class::NotFound, message).advice(Advice::RefreshFirst)
        };
        let found = Self::get(call, &change.prior).await?.ok_or_else(gone)?;
        if text(found.route_table_id()) == change.args.route_table_id {
            return Self::report(call, &found).await;
        }
        let replace = call.aws.replace_route_table_association().association_id(&found.id);
        let made = replace.route_table_id(&change.args.route_table_id).send().await.sent(call)?;
        let id = text(made.new_association_id());
        Ok(Report::new(id.clone(), RouteTableAssociationState { id }))
    }
}
