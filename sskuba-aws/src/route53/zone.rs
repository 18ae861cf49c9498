//! Hosted zones.

#[cfg(feature = "route53")]
use aws_sdk_route53::operation::get_hosted_zone::GetHostedZoneOutput;
#[cfg(feature = "route53")]
use aws_sdk_route53::types::{HostedZoneConfig, Vpc, VpcRegion};

use super::prelude::*;

/// A hosted zone: the records of a domain, for everybody or in networks alone.
///
/// Its id and name servers are known at once; it can be used when all name servers know it (`INSYNC`), which AWS says usually
/// takes less than a minute. AWS refuses to delete a zone that has records besides its own `NS` and `SOA`. A domain may have
/// several zones, so that a zone has no key; an interrupted create is found by the token, which is its caller reference.
///
/// moto neither honours the caller reference nor has a zone that is not in sync.
///
/// ```
/// # use sskuba_aws::route53::{Record, RecordType, Zone};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let zone = stack.add("main", Zone::new("shop.example"))?;
/// let www = Record::new(zone.id(), "www.shop.example", RecordType::A).value("192.0.2.7").ttl_seconds(60);
/// stack.add("www", www)?;
/// stack.export("name_servers", zone.name_servers());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:route53:Zone",
    idempotency = "tag",
    visibility = "30s",
    create = "40s",
    made = "2s",
    update = "2s",
    delete = "2s"
)]
pub struct Zone {
    /// The domain, with or without the dot at its end.
    #[resource(force_new, normaliser = "same_name")]
    name: Input<String>,
    /// What it is for; at most 256 characters.
    #[resource(rule = "AtMost(256)")]
    comment: Option<Input<String>>,
    /// Whether it answers in its networks alone.
    #[resource(force_new, default)]
    private: Input<bool>,
    /// The networks of a private zone, at least one: `vpc-…` in the region of the provider instance, or `REGION/vpc-…`.
    #[resource(default, normaliser = "set", item = "vpc", reference = "aws:ec2:Vpc")]
    vpc_ids: Input<Vec<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "Z{upper:20}")]
    id: Computed<String>,
    /// The name servers, which the registrar of the domain has to know; none of a private zone.
    #[resource(computed, early, pattern = "ns-{digits:3}.awsdns-00.com|ns-{digits:3}.awsdns-01.net")]
    name_servers: Computed<Vec<String>>,
    /// The change that made it; empty of one that was imported or found again.
    #[resource(computed, early, pattern = "C{upper:20}")]
    change_id: Computed<String>,
}

impl Kind for Zone {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::from_iter(name_mistake("name", &args.name));
        match (args.private, args.vpc_ids.is_empty()) {
            (true, true) => mistakes
                .push(mistake("vpc_ids", "is empty; a private zone needs a network: `.vpc(vpc.id())`")),
            (false, false) => mistakes.push(mistake(
                "vpc_ids",
                "only a private zone is of networks: add `.private(true)`, or leave them out",
            )),
            _ => {}
        }
        mistakes
    }
}

/// A zone as the service describes it, and the change that made it.
#[cfg(feature = "route53")]
#[derive(Debug, Clone)]
pub(crate) struct Item {
    found: GetHostedZoneOutput,
    change: String,
}

#[cfg(feature = "route53")]
#[async_trait]
impl Operations for Zone {
    type Api = Route53;
    type Item = Item;
    const NAME: &'static str = "hosted zone";

    async fn describe(r53: &Aws<Route53>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let ids = match which {
            Which::Ids(ids) | Which::Among(ids) => ids,
            _ => Self::all(r53).await?.iter().map(|zone| bare(zone.id())).collect(),
        };
        let mut all = Vec::new();
        for id in ids {
            all.extend(Self::of(r53, &id, String::new()).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        let change = prior.state.as_ref().map(|state| state.change_id.clone());
        Self::of(call.aws, &prior.id, change.unwrap_or_default()).await
    }

    async fn create(call: &Call<'_>, args: ZoneArgs) -> Result<Report<Self>, Failure> {
        let mut networks = args.vpc_ids.iter().map(|id| network(call.aws, id));
        let config = HostedZoneConfig::builder().set_comment(args.comment.clone()).private_zone(args.private);
        let create = call.aws.create_hosted_zone().name(plain(&args.name)).caller_reference(call.token());
        let create = create.hosted_zone_config(config.build()).set_vpc(networks.next());
        let found = match create.customize().config_override(once()).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                Self::find(call).await?.ok_or_else(|| refusal(&error, call))?
            }
            sent => {
                let made = sent.sent_once(call)?;
                let id = made.hosted_zone().map(|zone| bare(zone.id()));
                let change = made.change_info().map(|change| bare(change.id())).unwrap_or_default();
                let found = GetHostedZoneOutput::builder().set_hosted_zone(made.hosted_zone);
                let found = found.set_delegation_set(made.delegation_set).build();
                let id = id.ok_or_else(|| call.lacking(Self::NAME))?;
                Found { id, tags: BTreeMap::new(), item: Item { found, change } }
            }
        };
        let id = found.id.clone();
        let finish = async {
            for network in networks.filter(|vpc| !is_in(found.found.vpcs(), vpc)) {
                visible(call, || Self::join(call, &id, network.clone())).await?;
            }
            visible(call, || call.retag(&id, None, &args.tags)).await
        };
        finish.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id, state(&found)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete = call.aws.delete_hosted_zone().id(&prior.id).send().await.sent(call);
        delete.map(drop).map_err(|failure| match failure.class {
            Class::Conflict => failure.hint("delete the records that others made in it, and run again"),
            _ => failure,
        })
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let zone = found.found.hosted_zone().ok_or_else(|| call.lacking(Self::NAME))?;
        let config = zone.config();
        let args = ZoneArgs {
            name: plain(zone.name()),
            comment: given(config.and_then(|config| config.comment())),
            private: config.is_some_and(|config| config.private_zone()),
            vpc_ids: found.found.vpcs().iter().map(|vpc| written(call.aws, vpc)).collect(),
            tags: own_tags_of(call, &found.id).await?,
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        let all = Self::all(call.aws).await?;
        match all.iter().find(|zone| zone.caller_reference() == call.token()) {
            Some(zone) => Self::of(call.aws, &bare(zone.id()), String::new()).await,
            None => Ok(None),
        }
    }
}

#[cfg(feature = "route53")]
#[async_trait]
impl UpdateOperation for Zone {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        let comment = call.aws.update_hosted_zone_comment().id(id);
        comment.comment(args.comment.clone().unwrap_or_default()).send().await.sent(call)?;
        // The last network of a zone cannot leave it, so that the new ones join first.
        let wanted: Vec<Vpc> = args.vpc_ids.iter().map(|id| network(call.aws, id)).collect();
        for vpc in wanted.iter().filter(|vpc| !is_in(found.found.vpcs(), vpc)) {
            Self::join(call, id, vpc.clone()).await?;
        }
        for vpc in found.found.vpcs().iter().filter(|vpc| !is_in(&wanted, vpc)) {
            let leave = call.aws.disassociate_vpc_from_hosted_zone().hosted_zone_id(id).vpc(vpc.clone());
            leave.send().await.sent(call)?;
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "route53")]
#[async_trait]
impl ReadinessOperation for Zone {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&Self::Args>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        Ok(match is_in_sync(call, &found.change).await? {
            true => TypedReadiness::Ready(Self::report(call, found).await?),
            false => TypedReadiness::Pending(None),
        })
    }
}

#[cfg(feature = "route53")]
impl Zone {
    /// Returns all zones of the account.
    pub(super) async fn all(r53: &Aws<Route53>) -> Result<Vec<types::HostedZone>, Failure> {
        let pages = r53.list_hosted_zones().into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.asked(r53)
    }

    async fn of(r53: &Aws<Route53>, id: &str, change: String) -> Result<Option<Found<Item>>, Failure> {
        match r53.get_hosted_zone().id(id).send().await.asked(r53) {
            Err(failure) if failure.class == Class::NotFound => Ok(None),
            found => {
                let item = Item { found: found?, change };
                Ok(Some(Found { id: id.to_owned(), tags: BTreeMap::new(), item }))
            }
        }
    }

    async fn join(call: &Call<'_>, id: &str, vpc: Vpc) -> Result<(), Failure> {
        let join = call.aws.associate_vpc_with_hosted_zone().hosted_zone_id(id).vpc(vpc);
        join.send().await.sent(call).map(drop)
    }
}

#[cfg(feature = "route53")]
fn state(found: &Found<Item>) -> ZoneState {
    let set = found.found.delegation_set();
    ZoneState {
        id: found.id.clone(),
        name_servers: set.map(|set| set.name_servers().to_vec()).unwrap_or_default(),
        change_id: found.change.clone(),
    }
}

#[cfg(feature = "route53")]
fn is_in(networks: &[Vpc], vpc: &Vpc) -> bool {
    networks.iter().any(|one| one.vpc_id() == vpc.vpc_id())
}

/// Returns the region in which a network is that is written without one.
#[cfg(feature = "route53")]
fn region(r53: &Aws<Route53>) -> String {
    r53.config().region().map(ToString::to_string).unwrap_or_default()
}

#[cfg(feature = "route53")]
fn network(r53: &Aws<Route53>, written: &str) -> Vpc {
    let (region, id) = match written.split_once('/') {
        Some((region, id)) => (region.to_owned(), id),
        None => (region(r53), written),
    };
    Vpc::builder().vpc_region(VpcRegion::from(region.as_str())).vpc_id(id).build()
}

#[cfg(feature = "route53")]
fn written(r53: &Aws<Route53>, vpc: &Vpc) -> String {
    let id = text(vpc.vpc_id());
    match vpc.vpc_region().map(VpcRegion::as_str) {
        Some(elsewhere) if elsewhere != region(r53) => format!("{elsewhere}/{id}"),
        _ => id,
    }
}
