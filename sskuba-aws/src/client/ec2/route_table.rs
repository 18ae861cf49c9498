//! Route tables.

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, RouteTable as Found};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, text};
use super::super::failure::{Outcome, gone_is_fine};
use super::super::tagging::reported;
use super::super::wait::{self, Look};
use super::{owned, the_one};
use crate::ec2::{RouteTable, RouteTableArgs, RouteTableState};

#[async_trait]
impl Manage<RouteTable> for Cloud {
    /// AWS takes a client token here too, so that the SDK may repeat the call.
    async fn create(
        &self,
        call: &Call<'_>,
        args: RouteTableArgs,
    ) -> Result<TypedObject<RouteTable>, Failure> {
        let spec = self.spec(call, ResourceType::RouteTable, &args.tags);
        let create = self.ec2.create_route_table().vpc_id(&args.vpc_id).tag_specifications(spec);
        let made = create.client_token(call.token()).send().await.sent(call.place)?;
        let made = made.route_table.ok_or_else(|| call.lacking("route table"))?;
        let id = text(made.route_table_id());
        let seen = wait::until(call, &id, || async {
            let found = self.known.route_tables.get(&id).await?;
            Ok(found.map_or_else(|| Look::Not("not visible".to_owned()), |_| Look::Done(())))
        });
        seen.await.map_err(|failure| call.partial::<RouteTable>(&id, failure))?;
        Ok(TypedObject::new(id, state(&made)))
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<RouteTable>,
    ) -> Result<Option<TypedObject<RouteTable>>, Failure> {
        let found = self.known.route_tables.get(&prior.id).await?;
        Ok(found.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<RouteTable>,
    ) -> Result<TypedObject<RouteTable>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.route_tables.get(id).await?.ok_or_else(|| call.lacking("route table"))?;
        Ok(object(&found))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<RouteTable>) -> Result<(), Failure> {
        wait::unused(call, || async {
            let delete = self.ec2.delete_route_table().route_table_id(&prior.id);
            gone_is_fine(delete.send().await.sent(call.place))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<RouteTable>>, Failure> {
        let found = self.ec2.describe_route_tables().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.route_tables.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}

fn state(found: &Found) -> RouteTableState {
    RouteTableState { id: text(found.route_table_id()), owner_id: text(found.owner_id()) }
}

fn object(found: &Found) -> TypedObject<RouteTable> {
    let args = RouteTableArgs { vpc_id: text(found.vpc_id()), tags: reported(found.tags()) };
    TypedObject::new(text(found.route_table_id()), state(found)).args(args)
}
