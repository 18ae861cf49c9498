//! Egress-only internet gateways.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::EgressOnlyInternetGateway as Item;

use super::prelude::*;
#[cfg(feature = "ec2")]
use crate::client::one_by_one;

/// An egress-only internet gateway: the way out over IPv6 for subnets that nothing shall come into.
///
/// A network has at most one: two of the same network are the same object, whatever they are called. AWS honours a client
/// token, so that an interrupted create is simply made again.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:EgressOnlyInternetGateway",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "2s",
    unique = "vpc_id"
)]
pub struct EgressOnlyInternetGateway {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "eigw-{hex:17}")]
    id: Computed<String>,
}

impl Kind for EgressOnlyInternetGateway {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for EgressOnlyInternetGateway {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "egress-only internet gateway";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        // There is no filter for ids.
        if let Which::Among(ids) = which {
            return one_by_one(ids, |id| Self::describe(ec2, Which::Ids(vec![id]))).await;
        }
        let describe = ec2.describe_egress_only_internet_gateways();
        let describe = describe.set_egress_only_internet_gateway_ids(which.ids());
        let pages = describe.set_filters(which.filters("tag-key")).into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        Ok(found(all, Item::egress_only_internet_gateway_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: EgressOnlyInternetGatewayArgs) -> Result<Report<Self>, Failure> {
        let spec = spec(call, ResourceType::EgressOnlyInternetGateway, &args.tags);
        let create = call.aws.create_egress_only_internet_gateway().client_token(call.token());
        let create = create.vpc_id(&args.vpc_id).tag_specifications(spec);
        let made = create.send().await.sent(call)?.egress_only_internet_gateway;
        let id = text(made.as_ref().and_then(Item::egress_only_internet_gateway_id));
        Ok(Report::new(id.clone(), EgressOnlyInternetGatewayState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete =
            call.aws.delete_egress_only_internet_gateway().egress_only_internet_gateway_id(&prior.id);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let vpc = found.attachments().iter().find_map(|attachment| attachment.vpc_id());
        let args = EgressOnlyInternetGatewayArgs { vpc_id: text(vpc), tags: found.own_tags() };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), EgressOnlyInternetGatewayState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for EgressOnlyInternetGateway {}
