//! Route tables.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{ResourceType, RouteTable as Item};

use super::prelude::*;

/// A route table. Its routes are resources of their own: [`Route`](super::Route).
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:RouteTable",
    idempotency = "tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s"
)]
pub struct RouteTable {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "rtb-{hex:17}")]
    id: Computed<String>,
    /// The account that owns it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

impl Kind for RouteTable {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for RouteTable {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "route table";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_route_tables().set_route_table_ids(which.ids());
        let pages = describe.set_filters(which.filters("route-table-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::route_table_id, Item::tags))
    }

    /// AWS takes a client token here too, so that the SDK may repeat the call.
    async fn create(call: &Call<'_>, args: RouteTableArgs) -> Result<Report<Self>, Failure> {
        let spec = spec(call, ResourceType::RouteTable, &args.tags);
        let create = call.aws.create_route_table().vpc_id(&args.vpc_id).tag_specifications(spec);
        let made = create.client_token(call.token()).send().await.sent(call)?;
        let made = made.route_table.ok_or_else(|| call.lacking(Self::NAME))?;
        let id = text(made.route_table_id());
        let seen = until(call, &id, || async {
            let found = call.aws.get::<Self>(&id).await?;
            Ok(found.map_or_else(|| Look::Not("not visible".to_owned()), |_| Look::Done(())))
        });
        seen.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id, state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_route_table().route_table_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = RouteTableArgs { vpc_id: text(found.vpc_id()), tags: found.own_tags() };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for RouteTable {}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> RouteTableState {
    RouteTableState { id: text(found.route_table_id()), owner_id: text(found.owner_id()) }
}
