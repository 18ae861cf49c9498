//! Internet gateways.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{InternetGateway as Item, ResourceType};

use super::prelude::*;

/// An internet gateway, attached to a network.
///
/// A network has at most one: two of the same network are the same object, whatever they are called.
///
/// AWS takes two calls, create and attach. A create that ends between them leaves a gateway that is found by
/// its ownership tag and reads as not attached; an update attaches it. AWS refuses to detach it while the
/// network still holds public addresses, which it may say for a minute after they are gone; a delete waits. Another network
/// has another gateway, since the old network keeps its addresses until what has them is replaced: let what has public
/// addresses (NAT gateways, balancers, machines) `.depends_on(&gateway)`, so that it is made after the gateway and goes
/// before it.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:InternetGateway",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "2s",
    unique = "vpc_id",
    replacing = "replaces"
)]
pub struct InternetGateway {
    /// The network that it is attached to.
    #[resource(reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "igw-{hex:17}")]
    id: Computed<String>,
}

impl Kind for InternetGateway {}

/// Another network in the program replaces a gateway. One that somebody detached is attached again.
fn replaces(differing: &Differing<'_>) -> bool {
    differing.field == "vpc_id" && differing.sent.get("vpc_id") != differing.wanted.get("vpc_id")
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for InternetGateway {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "internet gateway";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_internet_gateways().set_internet_gateway_ids(which.ids());
        let pages =
            describe.set_filters(which.filters("internet-gateway-id")).into_paginator().items().send();
        Ok(found(
            pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?,
            Item::internet_gateway_id,
            Item::tags,
        ))
    }

    async fn create(call: &Call<'_>, args: InternetGatewayArgs) -> Result<Report<Self>, Failure> {
        if let Some(id) = Self::of(call, &args.vpc_id).await? {
            return Ok(Report::new(id.clone(), InternetGatewayState { id }));
        }
        let spec = spec(call, ResourceType::InternetGateway, &args.tags);
        let create = call.aws.create_internet_gateway().tag_specifications(spec);
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let made = made.internet_gateway.ok_or_else(|| call.lacking(Self::NAME))?;
        let id = text(made.internet_gateway_id());
        let attached = visible(call, || Self::attach(call, &id, &args.vpc_id)).await;
        attached.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id.clone(), InternetGatewayState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        Self::detach(call, &found).await?;
        let delete = call.aws.delete_internet_gateway().internet_gateway_id(&found.id);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = InternetGatewayArgs { vpc_id: vpc_of(found), tags: found.own_tags() };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), InternetGatewayState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for InternetGateway {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.lacking(Self::NAME))?;
        if vpc_of(&found) != change.args.vpc_id {
            Self::detach(call, &found).await?;
            Self::attach(call, &found.id, &change.args.vpc_id).await?;
        }
        call.retagged(change).await
    }
}

/// Returns the network that a gateway is attached to; empty if to none.
#[cfg(feature = "ec2")]
fn vpc_of(found: &Item) -> String {
    text(found.attachments().iter().find_map(|attachment| attachment.vpc_id()))
}

#[cfg(feature = "ec2")]
impl InternetGateway {
    /// Finds our gateway of this network; another's is a conflict.
    async fn of(call: &Call<'_>, vpc: &str) -> Result<Option<String>, Failure> {
        let of_vpc = Which::With(vec![("attachment.vpc-id", vpc.to_owned())]);
        let all = Self::describe(call.aws, of_vpc).await?;
        let Some(found) = all.into_iter().find(|found| vpc_of(found) == vpc) else { return Ok(None) };
        refuse_foreign(call, &format!("an internet gateway of network {vpc}"), &found.tags, &found.id)?;
        Ok(Some(found.id))
    }

    /// Attaches a gateway; it counts as done where the gateway is attached to this network already.
    async fn attach(call: &Call<'_>, id: &str, vpc: &str) -> Result<(), Failure> {
        match call.aws.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await {
            Err(error) if means(&error, Meaning::Taken) => match call.aws.get::<Self>(id).await? {
                Some(found) if vpc_of(&found) == vpc => Ok(()),
                _ => Err(error).sent(call),
            },
            other => other.sent(call).map(drop),
        }
    }

    /// Detaches a gateway; AWS refuses while the network holds public addresses.
    async fn detach(call: &Call<'_>, found: &Found<Item>) -> Result<(), Failure> {
        let vpc = vpc_of(found);
        if vpc.is_empty() {
            return Ok(());
        }
        let detached = unused(call, || async {
            let detach = call.aws.detach_internet_gateway().internet_gateway_id(&found.id).vpc_id(&vpc);
            detach.send().await.sent(call).map(drop)
        });
        gone_is_fine(detached.await)
    }
}
