//! Which subnets use which route tables.

use async_trait::async_trait;
use aws_sdk_ec2::types::{RouteTable, RouteTableAssociation as Found};
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, text};
use super::super::failure::{Outcome, gone_is_fine};
use super::super::once::once;
use crate::ec2::{RouteTableAssociation, RouteTableAssociationArgs, RouteTableAssociationState};

type Object = TypedObject<RouteTableAssociation>;

#[async_trait]
impl Manage<RouteTableAssociation> for Cloud {
    async fn create(&self, call: &Call<'_>, args: RouteTableAssociationArgs) -> Result<Object, Failure> {
        if let Some(found) = self.association_of_subnet(&args.subnet_id).await? {
            let table = text(found.route_table_id());
            // It carries no token: only what an interrupted create left is this resource's.
            if self.tried.may_have_made(call) && table == args.route_table_id {
                return Ok(object(&found));
            }
            let message = format!("subnet {} uses route table {table} already", args.subnet_id);
            return Err(Failure::exists(message, text(found.route_table_association_id())));
        }
        let associate = self.ec2.associate_route_table().subnet_id(&args.subnet_id);
        let associate = associate.route_table_id(&args.route_table_id);
        let sent = async { associate.customize().config_override(once()).send().await.sent_once(call.place) };
        let made = self.tried.send(call, sent).await?;
        let id = text(made.association_id());
        Ok(TypedObject::new(id.clone(), RouteTableAssociationState { id }))
    }

    async fn read(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<RouteTableAssociation>,
    ) -> Result<Option<Object>, Failure> {
        Ok(self.association(call, &prior).await?.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<RouteTableAssociation>,
    ) -> Result<Object, Failure> {
        let gone = || {
            let message = format!("subnet {} uses no route table of its own any more", change.args.subnet_id);
            Failure::new(Class::NotFound, message)
                .hint("run `refresh`, then `up`, to make the association again")
        };
        let found = self.association(call, &change.prior).await?.ok_or_else(gone)?;
        if text(found.route_table_id()) == change.args.route_table_id {
            return Ok(object(&found));
        }
        let replace = self
            .ec2
            .replace_route_table_association()
            .association_id(text(found.route_table_association_id()));
        let made = replace.route_table_id(&change.args.route_table_id).send().await.sent(call.place)?;
        let id = text(made.new_association_id());
        Ok(TypedObject::new(id.clone(), RouteTableAssociationState { id }))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<RouteTableAssociation>) -> Result<(), Failure> {
        let Some(found) = self.association(call, &prior).await? else { return Ok(()) };
        let id = text(found.route_table_association_id());
        gone_is_fine(self.ec2.disassociate_route_table().association_id(id).send().await.sent(call.place))
    }

    async fn find(&self, _: &Call<'_>) -> Result<Option<Object>, Failure> {
        Ok(None)
    }
}

fn object(found: &Found) -> Object {
    let id = text(found.route_table_association_id());
    let args = RouteTableAssociationArgs {
        subnet_id: text(found.subnet_id()),
        route_table_id: text(found.route_table_id()),
    };
    TypedObject::new(id.clone(), RouteTableAssociationState { id }).args(args)
}

fn one_of(table: Option<&RouteTable>, is: impl Fn(&Found) -> bool) -> Option<Found> {
    table?.associations().iter().find(|found| is(found)).cloned()
}

impl Cloud {
    async fn association_of_subnet(&self, subnet: &str) -> Result<Option<Found>, Failure> {
        let table = self.known.route_tables_of_subnets.get(subnet).await?;
        Ok(one_of(table.as_ref(), |found| found.subnet_id() == Some(subnet)))
    }

    /// Finds the association by its subnet, since a change of the table changes its id; by its id where the
    /// subnet is not known, as in an import.
    async fn association(
        &self,
        call: &Call<'_>,
        prior: &TypedPrior<RouteTableAssociation>,
    ) -> Result<Option<Found>, Failure> {
        if let Some(args) = &prior.args {
            return self.association_of_subnet(&args.subnet_id).await;
        }
        let by_id = filter("association.route-table-association-id", [&prior.id]);
        let found = self.ec2.describe_route_tables().filters(by_id).send().await.asked(call.place)?;
        let table = found.route_tables().first();
        Ok(one_of(table, |found| found.route_table_association_id() == Some(&prior.id)))
    }
}
