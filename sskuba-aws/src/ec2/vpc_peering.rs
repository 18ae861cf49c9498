//! Peerings of networks.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{
    PeeringConnectionOptionsRequest as Options, VpcPeeringConnection as Item,
    VpcPeeringConnectionStateReasonCode as Phase, VpcPeeringConnectionVpcInfo as Side,
};

use super::prelude::*;

/// A peering of two networks of the account in one region, by which routes lead from one to the other.
///
/// Two of the same two networks are the same object, whatever they are called. Found after an interrupted create by its
/// ownership tag. It is accepted at once unless the program says otherwise, and then used when it is `active`; one that waits
/// for somebody to accept it is made when AWS has it. Whether names are answered with private addresses changes in place, and
/// AWS wants the peering active for it.
///
/// Beside moto it is not proved that AWS refuses networks whose ranges overlap.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:VpcPeering",
    idempotency = "tag",
    visibility = "30s",
    create = "5s",
    update = "2s",
    delete = "5s",
    unique = "vpc_id, peer_vpc_id"
)]
pub struct VpcPeering {
    /// The network that asks.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The network that is asked.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    peer_vpc_id: Input<String>,
    /// Whether it is accepted, too. One that is accepted stays so.
    #[resource(default = true, write_only)]
    accept: Input<bool>,
    /// Whether the names of machines of the first network are answered with private addresses in the other.
    #[resource(default)]
    requester_dns: Input<bool>,
    /// Whether those of the other are in the first.
    #[resource(default)]
    accepter_dns: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "pcx-{hex:17}")]
    id: Computed<String>,
}

impl Kind for VpcPeering {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if args.vpc_id == args.peer_vpc_id && args.vpc_id != "unknown" {
            mistakes.push(mistake("peer_vpc_id", "is the same network"));
        }
        if !args.accept && (args.requester_dns || args.accepter_dns) {
            let field = if args.requester_dns { "requester_dns" } else { "accepter_dns" };
            mistakes.push(mistake(field, "is for a peering that is accepted: leave `accept` out"));
        }
        mistakes
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for VpcPeering {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "peering";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_vpc_peering_connections().set_vpc_peering_connection_ids(which.ids());
        let filters = which.filters("vpc-peering-connection-id");
        let pages = describe.set_filters(filters).into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        Ok(found(all, Item::vpc_peering_connection_id, Item::tags))
    }

    fn is_alive(found: &Found<Item>) -> bool {
        use Phase::{Deleted, Deleting, Expired, Failed, Rejected};
        !matches!(phase(found), Some(Deleted | Deleting | Expired | Failed | Rejected))
    }

    async fn create(call: &Call<'_>, args: VpcPeeringArgs) -> Result<Report<Self>, Failure> {
        let spec = spec(call, ResourceType::VpcPeeringConnection, &args.tags);
        let create = call.aws.create_vpc_peering_connection().vpc_id(&args.vpc_id);
        let create = create.peer_vpc_id(&args.peer_vpc_id).tag_specifications(spec);
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let id = text(made.vpc_peering_connection().and_then(Item::vpc_peering_connection_id));
        let ready = Self::bring(call, &id, &args).await;
        ready.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id.clone(), VpcPeeringState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        if Self::get(call, prior).await?.is_none_or(|found| !Self::is_alive(&found)) {
            return Ok(());
        }
        let delete = call.aws.delete_vpc_peering_connection().vpc_peering_connection_id(&prior.id);
        gone_is_fine(delete.send().await.sent(call))?;
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await?.and_then(|found| phase(&found).cloned()) {
                None | Some(Phase::Deleted) => Look::Done(()),
                Some(there) => Look::Not(there.to_string()),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let (requester, accepter) = (found.requester_vpc_info(), found.accepter_vpc_info());
        let args = VpcPeeringArgs {
            vpc_id: text(requester.and_then(|side| side.vpc_id())),
            peer_vpc_id: text(accepter.and_then(|side| side.vpc_id())),
            accept: true,
            requester_dns: answers_names(requester),
            accepter_dns: answers_names(accepter),
            tags: found.own_tags(),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), VpcPeeringState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for VpcPeering {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::bring(call, &change.prior.id, &change.args).await?;
        call.retagged(change).await
    }
}

#[cfg(feature = "ec2")]
fn phase(found: &Item) -> Option<&Phase> {
    found.status().and_then(|status| status.code())
}

#[cfg(feature = "ec2")]
fn answers_names(side: Option<&Side>) -> bool {
    let options = side.and_then(|side| side.peering_options());
    options.and_then(|options| options.allow_dns_resolution_from_remote_vpc()).unwrap_or_default()
}

#[cfg(feature = "ec2")]
impl VpcPeering {
    /// Accepts a peering, if the program says so, and sets what is set of an active one.
    async fn bring(call: &Call<'_>, id: &str, args: &VpcPeeringArgs) -> Result<(), Failure> {
        let wanted = |there: &Phase| match there {
            Phase::Active => true,
            Phase::PendingAcceptance => !args.accept,
            _ => false,
        };
        let found = until(call, id, || async {
            let Some(found) = call.aws.get::<Self>(id).await? else {
                return Ok(Look::Not("not visible".to_owned()));
            };
            let Some(there) = phase(&found).cloned() else { return Ok(Look::Not("initiating".to_owned())) };
            if wanted(&there) {
                return Ok(Look::Done(found));
            }
            if !Self::is_alive(&found) {
                let why = found.status().and_then(|status| status.message());
                return Err(Failure::new(Class::Conflict, reason(Some(there.as_str()), why)));
            }
            if there == Phase::PendingAcceptance {
                let accept = call.aws.accept_vpc_peering_connection().vpc_peering_connection_id(id);
                accept.send().await.sent(call)?;
            }
            Ok(Look::Not(there.to_string()))
        })
        .await?;
        let is_active = matches!(phase(&found), Some(Phase::Active));
        let (requester, accepter) = (found.requester_vpc_info(), found.accepter_vpc_info());
        let there = (answers_names(requester), answers_names(accepter));
        if !is_active || there == (args.requester_dns, args.accepter_dns) {
            return Ok(());
        }
        let options = |on| Options::builder().allow_dns_resolution_from_remote_vpc(on).build();
        let modify = call.aws.modify_vpc_peering_connection_options().vpc_peering_connection_id(id);
        let modify = modify.requester_peering_connection_options(options(args.requester_dns));
        let modify = modify.accepter_peering_connection_options(options(args.accepter_dns));
        modify.send().await.sent(call).map(drop)
    }
}
