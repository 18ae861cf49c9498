//! Records.

#[cfg(feature = "route53")]
use aws_sdk_route53::types::ChangeAction;
use serde::{Deserialize, Serialize};

#[cfg(feature = "route53")]
use self::wire::{Item, change, found, is_same, kind, made_of, of, parts, set, sets, state};
use super::prelude::*;

#[cfg(feature = "route53")]
mod wire;

/// The type of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Who may issue certificates.
    Caa,
    /// Another name.
    Cname,
    /// The key of a zone below.
    Ds,
    /// A service of HTTPS.
    Https,
    /// Mail servers.
    Mx,
    /// Rules that rewrite names.
    Naptr,
    /// Name servers.
    Ns,
    /// The name of an address.
    Ptr,
    /// The start of authority.
    Soa,
    /// Who may send mail, in its old form.
    Spf,
    /// Servers of a service.
    Srv,
    /// Prints of SSH keys.
    Sshfp,
    /// A service.
    Svcb,
    /// Prints of certificates.
    Tlsa,
    /// Texts.
    Txt,
}

/// A record of a hosted zone: its values, or an alias of a balancer or another name of AWS.
///
/// A zone has one of a name and type, and of each set identifier: two of them are the same object, whatever they are called. AWS
/// can neither tag it nor takes a token for it. A create that meets one which is there already is refused, with the line that
/// imports it; only what an interrupted create of this resource left, with the same values, counts as made. A create is
/// ready, and an update done, when all name servers know it (`INSYNC`).
///
/// Its id is zone, type, name and set identifier: `Z0123456789ABC/A/www.shop.example`, and `… blue` for the one of the set
/// identifier `blue`. Of the ways to choose among several records only weights are known. moto makes a second record of a
/// name and type, where AWS refuses it, and none that is not in sync.
///
/// ```
/// # use sskuba_aws::elbv2::LoadBalancer;
/// # use sskuba_aws::route53::{Record, RecordType};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let balancer = stack.add("api", LoadBalancer::new(["subnet-1"]))?;
/// let api = Record::new("Z0123456789ABC", "api.shop.example", RecordType::A);
/// stack.add("api", api.alias_name(balancer.dns_name()).alias_zone_id(balancer.zone_id()))?;
/// let proof = Record::new("Z0123456789ABC", "shop.example", RecordType::Txt).value("\"owner=shop\"");
/// stack.add("proof", proof)?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:route53:Record",
    idempotency = "token",
    visibility = "30s",
    create = "40s",
    made = "1s",
    update = "40s",
    delete = "1s",
    unique = "zone_id, name, record_type, set_identifier"
)]
pub struct Record {
    /// The zone.
    #[resource(force_new, reference = "aws:route53:Zone")]
    zone_id: Input<String>,
    /// The whole name, e.g. `www.shop.example`, with or without the dot at its end.
    #[resource(force_new, normaliser = "same_name")]
    name: Input<String>,
    /// The type.
    #[resource(force_new)]
    record_type: Input<RecordType>,
    /// The values as they are in a zone file: texts in double quotes, names with the dot at their end.
    #[resource(default, normaliser = "set", item = "value")]
    values: Input<Vec<String>>,
    /// How many seconds others may keep the values; of no meaning for an alias, which has the time of what it leads to.
    #[resource(default = 300_u32)]
    ttl_seconds: Input<u32>,
    /// The name of what an alias leads to, e.g. a balancer's.
    #[resource(normaliser = "same_name")]
    alias_name: Option<Input<String>>,
    /// The hosted zone of what an alias leads to.
    alias_zone_id: Option<Input<String>>,
    /// Whether an alias is left out while what it leads to is not healthy.
    #[resource(default)]
    evaluate_target_health: Input<bool>,
    /// How often it is chosen, among the records of its name and type: its part of the sum of their weights; 0 to 255.
    #[resource(rule = "Between(0, 255)")]
    weight: Option<Input<u16>>,
    /// What tells it from others of its name and type; 1 to 128 characters.
    #[resource(force_new)]
    set_identifier: Option<Input<String>>,
    /// The health check that has to pass for it to be answered.
    #[resource(reference = "aws:route53:HealthCheck")]
    health_check_id: Option<Input<String>>,
    /// Zone, type and name.
    #[resource(computed, id, early, pattern = "{field:zone_id}/{field:record_type}/{field:name}-{hex:4}")]
    id: Computed<String>,
    /// The change that made it; empty of one that was imported or found again.
    #[resource(computed, early, pattern = "C{upper:20}")]
    change_id: Computed<String>,
}

/// The longest time that a record may have, in seconds.
const LONGEST: u32 = i32::MAX.unsigned_abs();

impl Kind for Record {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::from_iter(name_mistake("name", &args.name));
        mistakes.extend(target_mistake(args));
        mistakes.extend(args.values.iter().find_map(|value| value_mistake(args.record_type, value)));
        if args.record_type == RecordType::Cname && args.values.len() > 1 {
            mistakes.push(mistake("values", "a CNAME has one value"));
        }
        if args.ttl_seconds > LONGEST {
            mistakes.push(mistake("ttl_seconds", format!("is more than {LONGEST}, the most that AWS takes")));
        }
        match (args.weight, &args.set_identifier) {
            (Some(_), None) => mistakes
                .push(mistake("set_identifier", "a record with a weight needs one: `.set_identifier(…)`")),
            (None, Some(_)) => {
                mistakes.push(mistake("weight", "a record with a set identifier needs a weight"))
            }
            _ => {}
        }
        mistakes
    }
}

fn target_mistake(args: &RecordArgs) -> Option<FieldError> {
    let alias = (args.alias_name.is_some(), args.alias_zone_id.is_some());
    Some(match (args.values.is_empty(), alias) {
        (true, (false, false)) => mistake("values", "is empty; a record has values, or is an alias"),
        (false, (true, _) | (_, true)) => mistake("values", "an alias has no values; leave one of them out"),
        (_, (true, false)) => mistake("alias_zone_id", "an alias needs the hosted zone of what it leads to"),
        (_, (false, true)) => mistake("alias_name", "an alias needs the name of what it leads to"),
        (true, _) if args.ttl_seconds != 300 => {
            mistake("ttl_seconds", "an alias has the time of what it leads to; leave it out")
        }
        (false, _) if args.evaluate_target_health => {
            mistake("evaluate_target_health", "is for an alias; use `.health_check_id(…)`")
        }
        _ => return None,
    })
}

fn value_mistake(kind: RecordType, value: &str) -> Option<FieldError> {
    let wrong = match kind {
        RecordType::A => value.parse::<std::net::Ipv4Addr>().is_err().then_some("is no IPv4 address"),
        RecordType::Aaaa => value.parse::<std::net::Ipv6Addr>().is_err().then_some("is no IPv6 address"),
        RecordType::Txt | RecordType::Spf => (!value.starts_with('"'))
            .then_some("is not in double quotes, in which AWS wants texts: `\"\\\"…\\\"\"`"),
        _ => None,
    };
    wrong.map(|wrong| mistake("values", format!("{value:?} {wrong}")))
}

#[cfg(feature = "route53")]
#[async_trait]
impl Operations for Record {
    type Api = Route53;
    type Item = Item;
    const NAME: &'static str = "record";

    /// Those of all are those of each zone. The `NS` and `SOA` that AWS makes with a zone are among them: an import of them is how
    /// they are changed.
    async fn describe(r53: &Aws<Route53>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let mut all = Vec::new();
        for zone in super::Zone::describe(r53, which).await? {
            let sets = sets(r53, &zone.id, None).await?;
            all.extend(sets.into_iter().filter_map(|set| found(&zone.id, set, String::new())));
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        let (zone, key) = parts(&prior.id)?;
        let change = prior.state.as_ref().map(|state| state.change_id.clone()).unwrap_or_default();
        Ok(of(call, zone, &key).await?.and_then(|set| found(zone, set, change)))
    }

    async fn create(call: &Call<'_>, args: RecordArgs) -> Result<Report<Self>, Failure> {
        // It carries no token: only what an interrupted create left is this resource's.
        let may_be_ours = call.aws.sent_creates.may_have_made(call);
        let wanted = set(&args, call)?;
        let sent = async {
            let create = change(call, &args.zone_id, ChangeAction::Create, wanted.clone())?;
            let mut refused = match create.customize().config_override(once()).send().await.sent_once(call) {
                Ok(made) => {
                    let change = made.change_info().map(|change| bare(change.id())).unwrap_or_default();
                    return made_of(call, &args, change);
                }
                Err(failure) if failure.class == Class::Conflict => failure,
                Err(failure) => return Err(failure),
            };
            let made = made_of(call, &args, String::new())?;
            let there = of(call, &args.zone_id, &parts(&made.id)?.1).await?;
            match there {
                Some(there) if may_be_ours && is_same(&there, &wanted) => Ok(made),
                there => {
                    refused.exists = there.map(|_| made.id);
                    Err(refused)
                }
            }
        };
        call.aws.sent_creates.send(call, sent).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(there) = Self::get(call, prior).await? else { return Ok(()) };
        // AWS deletes only what is said to be as it is.
        let delete = change(call, &there.zone, ChangeAction::Delete, there.set.clone())?;
        delete.send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let set = &found.set;
        let alias = set.alias_target();
        let args = RecordArgs {
            zone_id: found.zone.clone(),
            name: plain(set.name()),
            record_type: kind(set.r#type()).ok_or_else(|| call.lacking("type that is known"))?,
            values: set.resource_records().iter().map(|record| record.value().to_owned()).collect(),
            ttl_seconds: set
                .ttl()
                .filter(|_| alias.is_none())
                .and_then(|ttl| u32::try_from(ttl).ok())
                .unwrap_or(300),
            alias_name: alias.map(|alias| plain(alias.dns_name())),
            alias_zone_id: alias.map(|alias| alias.hosted_zone_id().to_owned()),
            evaluate_target_health: alias.is_some_and(|alias| alias.evaluate_target_health()),
            weight: set.weight().and_then(|weight| u16::try_from(weight).ok()),
            set_identifier: given(set.set_identifier()),
            health_check_id: given(set.health_check_id()),
        };
        Ok(Report::new(found.id.clone(), state(&found.id, &found.change)).args(args))
    }
}

#[cfg(feature = "route53")]
#[async_trait]
impl UpdateOperation for Record {
    async fn update(call: &Call<'_>, changed: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let there = Self::get(call, &changed.prior).await?.ok_or_else(|| call.not_there())?;
        let args = &changed.args;
        let upsert = change(call, &there.zone, ChangeAction::Upsert, set(args, call)?)?;
        let sent = upsert.send().await.sent(call)?;
        in_sync(call, &sent.change_info().map(|change| bare(change.id())).unwrap_or_default()).await?;
        Ok(Report::new(there.id.clone(), state(&there.id, &there.change)).args(args.clone()))
    }
}

#[cfg(feature = "route53")]
#[async_trait]
impl ReadinessOperation for Record {
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
