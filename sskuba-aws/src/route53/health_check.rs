//! Health checks.

#[cfg(feature = "route53")]
use aws_sdk_route53::types::{
    HealthCheck as Item, HealthCheckConfig, HealthCheckType as TheirType, ResettableElementName as Reset,
};
use serde::{Deserialize, Serialize};

use super::prelude::*;

/// How a health check asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthCheckType {
    /// By HTTP: the answer has a status from 200 to 399.
    Http,
    /// By HTTPS, in the same way; the certificate is not looked at.
    Https,
    /// By HTTP, and the answer has a text.
    HttpStrMatch,
    /// By HTTPS, and the answer has a text.
    HttpsStrMatch,
    /// By TCP: a connection can be made.
    Tcp,
}

/// A health check: Route 53 asks an endpoint from several places, and answers a record that has it only while it passes.
///
/// A change of an endpoint is seen after some of its intervals. Several checks of one endpoint may be there, so that a check
/// has no key; an interrupted create is found by the token, which is its caller reference.
///
/// moto neither honours the caller reference nor takes a path or a domain away.
#[derive(Resource)]
#[resource(
    kind = "aws:route53:HealthCheck",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "1s"
)]
pub struct HealthCheck {
    /// How it asks.
    #[resource(force_new)]
    check_type: Input<HealthCheckType>,
    /// The domain that it asks, or that it names to the address.
    domain_name: Option<Input<String>>,
    /// The address that it asks; the domain's if not given.
    #[resource(force_new)]
    ip_address: Option<Input<String>>,
    /// The port; 80 for HTTP and 443 for HTTPS if not given.
    #[resource(cloud_default, rule = "Between(1, 65_535)")]
    port: Option<Input<u16>>,
    /// The path, and the query.
    path: Option<Input<String>>,
    /// The text that the answer has to have, at most 255 characters.
    #[resource(rule = "AtMost(255)")]
    search_string: Option<Input<String>>,
    /// After how many seconds each place asks again: 10 or 30.
    #[resource(force_new, default = 30_u8)]
    interval_seconds: Input<u8>,
    /// How often it has to fail, or pass, in a row until the check does: 1 to 10.
    #[resource(default = 3_u8, rule = "Between(1, 10)")]
    failure_threshold: Input<u8>,
    /// Whether it passes when the endpoint fails.
    #[resource(default)]
    inverted: Input<bool>,
    /// Whether it asks no more, and passes.
    #[resource(default)]
    disabled: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}")]
    id: Computed<String>,
}

impl Kind for HealthCheck {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes =
            Vec::from_iter(args.domain_name.as_ref().and_then(|it| name_mistake("domain_name", it)));
        if args.domain_name.is_none() && args.ip_address.is_none() {
            mistakes.push(mistake("domain_name", "a check needs a domain or an address"));
        }
        if let Some(odd) = args.ip_address.as_ref().filter(|it| it.parse::<std::net::IpAddr>().is_err()) {
            mistakes.push(mistake("ip_address", format!("{odd:?} is no address")));
        }
        let kind = args.check_type;
        match (
            matches!(kind, HealthCheckType::HttpStrMatch | HealthCheckType::HttpsStrMatch),
            &args.search_string,
        ) {
            (true, None) => {
                mistakes.push(mistake("search_string", "is missing: a check of this type looks for a text"))
            }
            (false, Some(_)) => {
                mistakes.push(mistake("search_string", "no check of this type looks for a text"))
            }
            _ => {}
        }
        if kind == HealthCheckType::Tcp && args.port.is_none() {
            mistakes.push(mistake("port", "is missing: a check by TCP needs one"));
        }
        if kind == HealthCheckType::Tcp && args.path.is_some() {
            mistakes.push(mistake("path", "no check by TCP asks for one"));
        }
        if !matches!(args.interval_seconds, 10 | 30) {
            mistakes.push(mistake(
                "interval_seconds",
                format!("is {}; AWS takes 10 or 30", args.interval_seconds),
            ));
        }
        mistakes
    }
}

#[cfg(feature = "route53")]
#[async_trait]
impl Operations for HealthCheck {
    type Api = Route53;
    type Item = Item;
    const NAME: &'static str = "health check";

    /// Those of other types, such as of alarms or of other checks, are none of this kind.
    async fn describe(r53: &Aws<Route53>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let all = match which {
            Which::Ids(ids) | Which::Among(ids) => {
                let mut all = Vec::new();
                for id in ids {
                    all.extend(Self::of(r53, &id).await?);
                }
                return Ok(all);
            }
            _ => Self::all(r53).await?,
        };
        let known = |item: &Item| item.health_check_config().is_some_and(|config| kind(config).is_some());
        Ok(all.into_iter().filter(known).map(found).collect())
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::of(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: HealthCheckArgs) -> Result<Report<Self>, Failure> {
        let create = call.aws.create_health_check().caller_reference(call.token());
        let create = create.health_check_config(config(call, &args)?);
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let id =
            made.health_check().map(|made| made.id().to_owned()).ok_or_else(|| call.lacking(Self::NAME))?;
        let tagged = visible(call, || call.retag(&id, None, &args.tags)).await;
        tagged.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id.clone(), HealthCheckState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_health_check().health_check_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let config = found.health_check_config().ok_or_else(|| call.lacking(Self::NAME))?;
        let small = |number: Option<i32>| number.and_then(|number| u8::try_from(number).ok());
        let args = HealthCheckArgs {
            check_type: kind(config).ok_or_else(|| call.lacking("type that is known"))?,
            domain_name: given(config.fully_qualified_domain_name()),
            ip_address: given(config.ip_address()),
            port: config.port().and_then(|port| u16::try_from(port).ok()),
            path: given(config.resource_path()),
            search_string: given(config.search_string()),
            interval_seconds: small(config.request_interval()).unwrap_or(30),
            failure_threshold: small(config.failure_threshold()).unwrap_or(3),
            inverted: config.inverted().unwrap_or_default(),
            disabled: config.disabled().unwrap_or_default(),
            tags: own_tags_of(call, &found.id).await?,
        };
        Ok(Report::new(found.id.clone(), HealthCheckState { id: found.id.clone() }).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        let all = Self::all(call.aws).await?;
        Ok(all.into_iter().find(|one| one.caller_reference() == call.token()).map(found))
    }
}

#[cfg(feature = "route53")]
#[async_trait]
impl UpdateOperation for HealthCheck {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let args = &change.args;
        let unset = [
            args.domain_name.is_none().then_some(Reset::FullyQualifiedDomainName),
            args.path.is_none().then_some(Reset::ResourcePath),
        ];
        let unset: Vec<Reset> = unset.into_iter().flatten().collect();
        let update = call.aws.update_health_check().health_check_id(&change.prior.id);
        let update = update
            .set_fully_qualified_domain_name(args.domain_name.clone())
            .set_ip_address(args.ip_address.clone())
            .set_port(args.port.map(i32::from))
            .set_resource_path(args.path.clone())
            .set_search_string(args.search_string.clone())
            .failure_threshold(args.failure_threshold.into())
            .inverted(args.inverted)
            .disabled(args.disabled);
        let update = update.set_reset_elements(Some(unset).filter(|unset| !unset.is_empty()));
        update.send().await.sent(call)?;
        call.retagged(change).await
    }
}

#[cfg(feature = "route53")]
impl HealthCheck {
    async fn all(r53: &Aws<Route53>) -> Result<Vec<Item>, Failure> {
        let pages = r53.list_health_checks().into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.asked(r53)
    }

    async fn of(r53: &Aws<Route53>, id: &str) -> Result<Option<Found<Item>>, Failure> {
        match r53.get_health_check().health_check_id(id).send().await.asked(r53) {
            Err(failure) if failure.class == Class::NotFound => Ok(None),
            answer => Ok(answer?.health_check.map(found)),
        }
    }
}

#[cfg(feature = "route53")]
fn found(item: Item) -> Found<Item> {
    Found { id: item.id().to_owned(), tags: BTreeMap::new(), item }
}

/// Every type, with the one that AWS has for it.
#[cfg(feature = "route53")]
const TYPES: [(HealthCheckType, TheirType); 5] = [
    (HealthCheckType::Http, TheirType::Http),
    (HealthCheckType::Https, TheirType::Https),
    (HealthCheckType::HttpStrMatch, TheirType::HttpStrMatch),
    (HealthCheckType::HttpsStrMatch, TheirType::HttpsStrMatch),
    (HealthCheckType::Tcp, TheirType::Tcp),
];

#[cfg(feature = "route53")]
fn kind(config: &HealthCheckConfig) -> Option<HealthCheckType> {
    TYPES.iter().find(|(_, theirs)| theirs == config.r#type()).map(|(ours, _)| *ours)
}

#[cfg(feature = "route53")]
fn config(call: &Call<'_>, args: &HealthCheckArgs) -> Result<HealthCheckConfig, Failure> {
    let theirs = TYPES.iter().find(|(ours, _)| *ours == args.check_type).map(|(_, theirs)| theirs.clone());
    let config = HealthCheckConfig::builder()
        .set_type(theirs)
        .set_fully_qualified_domain_name(args.domain_name.clone())
        .set_ip_address(args.ip_address.clone())
        .set_port(args.port.map(i32::from))
        .set_resource_path(args.path.clone())
        .set_search_string(args.search_string.clone())
        .failure_threshold(args.failure_threshold.into())
        .inverted(args.inverted)
        .disabled(args.disabled)
        .request_interval(args.interval_seconds.into());
    config.build().map_err(|_| call.lacking("whole check"))
}
