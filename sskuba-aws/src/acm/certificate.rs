//! Certificates.

#[cfg(feature = "acm")]
use std::collections::BTreeSet;

#[cfg(feature = "acm")]
use aws_sdk_acm::types::{CertificateDetail, CertificateStatus as Phase, CertificateType, ValidationMethod};

use super::prelude::*;

/// A certificate that ACM issues when a record in the DNS proves the domain.
///
/// The records to make are known before it is issued: one for each domain, in the order of the domains, and one for two domains
/// that differ in `*.` alone. Who makes them from these outputs does not wait for the certificate, and who uses
/// `issued_arn`, which is the ARN, too, waits until it is issued. ACM renews it as long as the records stay.
///
/// AWS honours its token for an hour, so that an interrupted create is looked for by the tag. A name that is not proven
/// within 72 hours fails.
///
/// ```
/// # use sskuba_aws::acm::Certificate;
/// # use sskuba_aws::route53::{Record, RecordType};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let certificate = stack.add("shop", Certificate::new("shop.example"))?;
/// let name = certificate.validation_names().map(|all: Vec<String>| all.first().cloned().unwrap_or_default());
/// let value = certificate.validation_values().map(|all: Vec<String>| all.first().cloned().unwrap_or_default());
/// let proof = Record::new("Z0123456789ABC", name, RecordType::Cname).values(value.map(|value| vec![value]));
/// stack.add("shop-proof", proof)?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:acm:Certificate",
    idempotency = "tag",
    visibility = "30s",
    create = "150s",
    made = "10s",
    update = "1s",
    delete = "1s"
)]
pub struct Certificate {
    /// The domain, e.g. `shop.example` or `*.shop.example`; at most 64 characters.
    #[resource(force_new, normaliser = "same_domain")]
    domain_name: Input<String>,
    /// Other domains that it is for.
    #[resource(force_new, default, normaliser = "same_domains", item = "alternative_name")]
    alternative_names: Input<Vec<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(
        computed,
        id,
        early,
        pattern = "arn:aws:acm:{region}:{digits:12}:certificate/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"
    )]
    arn: Computed<String>,
    /// The ARN, known when it is issued.
    #[resource(
        computed,
        pattern = "arn:aws:acm:{region}:{digits:12}:certificate/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"
    )]
    issued_arn: Computed<String>,
    /// The names of the `CNAME` records that prove the domains.
    #[resource(computed, early, pattern = "_{hex:32}.example.|_{hex:32}.www.example.")]
    validation_names: Computed<Vec<String>>,
    /// Their values, in the same order.
    #[resource(computed, early, pattern = "_{hex:32}.acm-validations.aws.|_{hex:32}.acm-validations.aws.")]
    validation_values: Computed<Vec<String>>,
}

impl Kind for Certificate {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let is_label = |label: &str| {
            let is_one = |c: char| c.is_ascii_alphanumeric() || c == '-';
            (1..=63).contains(&label.len()) && label.chars().all(is_one)
        };
        let is_domain = |name: &str| {
            let bare = name.strip_suffix('.').unwrap_or(name);
            let bare = bare.strip_prefix("*.").unwrap_or(bare);
            name.len() <= 253 && bare.contains('.') && bare.split('.').all(is_label)
        };
        let mut mistakes = Vec::new();
        if !is_domain(&args.domain_name) || args.domain_name.len() > 64 {
            let message = format!("{:?} is no domain of at most 64 characters", args.domain_name);
            mistakes.push(mistake("domain_name", message));
        }
        if let Some(odd) = args.alternative_names.iter().find(|name| !is_domain(name)) {
            mistakes.push(mistake("alternative_names", format!("{odd:?} is no domain")));
        }
        if args.alternative_names.iter().any(|name| domain(name) == domain(&args.domain_name)) {
            mistakes.push(mistake(
                "alternative_names",
                "has the domain itself, which it is for anyway; leave it out",
            ));
        }
        mistakes
    }
}

/// Returns a domain as ACM reports it.
fn domain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// The same for the values of a field.
fn same_domain(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |name| domain(name).into())
}

/// The same for a list, whose order does not count.
fn same_domains(value: &Value) -> Value {
    let Value::List(names) = value.reveal() else { return value.clone() };
    let mut names: Vec<String> = names.iter().filter_map(Value::as_str).map(domain).collect();
    names.sort_unstable();
    names.dedup();
    Value::List(names.into_iter().map(Value::from).collect())
}

/// A certificate as the service describes it.
#[cfg(feature = "acm")]
type Item = CertificateDetail;

#[cfg(feature = "acm")]
#[async_trait]
impl Operations for Certificate {
    type Api = Acm;
    type Item = Item;
    const NAME: &'static str = "certificate";

    /// Those that were imported, or are of another authority, are none of this kind.
    async fn describe(acm: &Aws<Acm>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let arns = match which {
            Which::Ids(arns) | Which::Among(arns) => arns,
            _ => {
                let pages = acm.list_certificates().into_paginator().items().send();
                let all = pages.collect::<Result<Vec<_>, _>>().await.asked(acm)?;
                all.iter().map(|one| text(one.certificate_arn())).collect()
            }
        };
        let mut all = Vec::new();
        for arn in arns {
            all.extend(Self::of(acm, &arn).await?);
        }
        all.retain(|found| found.r#type().is_none_or(|kind| *kind == CertificateType::AmazonIssued));
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::of(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: CertificateArgs) -> Result<Report<Self>, Failure> {
        let names: Vec<String> = args.alternative_names.iter().map(|name| domain(name)).collect();
        let names = Some(names).filter(|names| !names.is_empty());
        let request = call.aws.request_certificate().domain_name(domain(&args.domain_name));
        let request = request.set_subject_alternative_names(names).idempotency_token(call.token());
        let request = request.validation_method(ValidationMethod::Dns).set_tags(spec(call, &args.tags));
        let arn = text(request.send().await.sent(call)?.certificate_arn());
        // The records are there some seconds later.
        let wanted: BTreeSet<String> = names_of(&args).collect();
        let found = until(call, "the records that prove the domains", || async {
            Ok(match Self::of(call.aws, &arn).await? {
                Some(found) if is_known(&found, &wanted) => Look::Done(found),
                _ => Look::Not("not known".to_owned()),
            })
        });
        let found = found.await.map_err(|failure| call.partial::<Self>(&arn, failure))?;
        Ok(Report::new(arn, state(&found)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete = call.aws.delete_certificate().certificate_arn(&prior.id).send().await.sent(call);
        delete.map(drop).map_err(|failure| match failure.class {
            Class::Conflict => failure.hint("take it out of what uses it first"),
            _ => failure,
        })
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let domain_name = text(found.domain_name());
        let others = found.subject_alternative_names().iter().filter(|name| **name != domain_name);
        let alternative_names = others.cloned().collect();
        let args = CertificateArgs { domain_name, alternative_names, tags: found.own_tags() };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "acm")]
impl UpdateOperation for Certificate {}

#[cfg(feature = "acm")]
#[async_trait]
impl ReadinessOperation for Certificate {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&Self::Args>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        Ok(match found.status() {
            Some(Phase::PendingValidation) | None => TypedReadiness::Pending(None),
            Some(Phase::Failed) => {
                let why = crate::client::reason(found.failure_reason().map(|why| why.as_str()), None);
                TypedReadiness::Failed(format!("it failed: {why}"))
            }
            Some(Phase::ValidationTimedOut) => {
                TypedReadiness::Failed("the domains were not proven within 72 hours".to_owned())
            }
            Some(Phase::Revoked) => TypedReadiness::Failed("it was revoked".to_owned()),
            _ => TypedReadiness::Ready(Self::report(call, found).await?),
        })
    }
}

#[cfg(feature = "acm")]
impl Certificate {
    async fn of(acm: &Aws<Acm>, arn: &str) -> Result<Option<Found<Item>>, Failure> {
        let found = match acm.describe_certificate().certificate_arn(arn).send().await.asked(acm) {
            Err(failure) if failure.class == Class::NotFound => return Ok(None),
            found => found?.certificate,
        };
        let Some(item) = found else { return Ok(None) };
        Ok(Some(Found { id: arn.to_owned(), tags: tags_of(acm, arn).await?, item }))
    }
}

#[cfg(feature = "acm")]
fn names_of(args: &CertificateArgs) -> impl Iterator<Item = String> {
    std::iter::once(&args.domain_name).chain(&args.alternative_names).map(|name| domain(name))
}

/// Tells whether the record of each domain is known.
#[cfg(feature = "acm")]
fn is_known(found: &Item, wanted: &BTreeSet<String>) -> bool {
    let all = found.domain_validation_options().iter();
    let known: BTreeSet<String> =
        all.filter(|one| one.resource_record().is_some()).map(|one| domain(one.domain_name())).collect();
    known.is_superset(wanted)
}

/// Returns the names and values of the records, each record once, in the order of the domains.
#[cfg(feature = "acm")]
fn state(found: &Item) -> CertificateState {
    let records = found.domain_validation_options().iter().filter_map(|one| {
        let record = one.resource_record()?;
        Some((domain(one.domain_name()), record.name().to_owned(), record.value().to_owned()))
    });
    let mut records: Vec<_> = records.collect();
    let first = domain(found.domain_name().unwrap_or_default());
    records.sort_by_key(|(of, ..)| (*of != first, of.clone()));
    let mut seen = BTreeSet::new();
    records.retain(|(_, name, _)| seen.insert(name.clone()));
    let (validation_names, validation_values) =
        records.into_iter().map(|(_, name, value)| (name, value)).unzip();
    let arn = text(found.certificate_arn());
    CertificateState { issued_arn: arn.clone(), arn, validation_names, validation_values }
}
