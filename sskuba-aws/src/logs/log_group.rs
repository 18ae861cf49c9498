//! Groups of logs.

#[cfg(feature = "logs")]
use aws_sdk_cloudwatchlogs::types::{LogGroup as Item, LogGroupClass as TheirClass};
use serde::{Deserialize, Serialize};

use super::prelude::*;
use crate::kms::same_key;

/// What a group of logs is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LogGroupClass {
    /// All that CloudWatch can do with logs.
    Standard,
    /// Less of it, for less.
    InfrequentAccess,
}

/// A group of logs: how long they are kept, and with which key.
///
/// Its name is unique in the account's region and made of the resource's name and its token unless one is given; with a given
/// name the old one goes, with its logs, before another takes its place. A service such as EKS makes its group by itself where
/// none is: make it first, and let the service depend on it.
///
/// moto knows neither classes nor another key for a group that is there.
#[derive(Resource)]
#[resource(
    kind = "aws:logs:LogGroup",
    idempotency = "token, tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "name"
)]
pub struct LogGroup {
    /// The name, at most 512 letters, digits and any of `.-_/`; made of the resource's name and its token if not given. AWS takes
    /// a `#`, too, and then answers no question for the tags.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// For how many days logs are kept, as many as AWS offers, e.g. 1, 7, 30, 90, 365; for ever if not given.
    retention_days: Option<Input<u16>>,
    /// The ARN of the key that they are sealed with; AWS's own if not given.
    #[resource(normaliser = "same_key", reference = "aws:kms:Key")]
    kms_key_id: Option<Input<String>>,
    /// What it is good for.
    #[resource(force_new, default = LogGroupClass::Standard)]
    class: Input<LogGroupClass>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN, without the `:*` that policies of access want after it.
    #[resource(computed, id, pattern = "arn:aws:logs:{region}:{digits:12}:log-group:{name}-{hex:12}")]
    arn: Computed<String>,
    /// The name that it has.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    group_name: Computed<String>,
}

/// What AWS takes as the name of a group
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>).
const NAMES: TextRule = TextRule { longest: 512, signs: ".-_/", inner: "", reserved: "aws/" };

/// The days that AWS offers
/// (<https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>).
const DAYS: [u16; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl Kind for LogGroup {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if let Some(days) = args.retention_days.filter(|days| !DAYS.contains(days)) {
            mistakes.push(mistake("retention_days", format!("is {days}; AWS takes one of {DAYS:?}")));
        }
        mistakes
    }
}

#[cfg(feature = "logs")]
#[async_trait]
impl Operations for LogGroup {
    type Api = Logs;
    type Item = Item;
    const NAME: &'static str = "group of logs";

    async fn describe(logs: &Aws<Logs>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let Some(arns) = which.ids() else { return Self::beginning(logs, None).await };
        let mut all = Vec::new();
        for arn in arns {
            all.extend(Self::named(logs, name_of(&arn)?).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, name_of(&prior.id)?).await
    }

    async fn create(call: &Call<'_>, args: LogGroupArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let create = call.aws.create_log_group().log_group_name(&name);
        let create = create.set_kms_key_id(args.kms_key_id.clone());
        let create = create.log_group_class(match args.class {
            LogGroupClass::Standard => TheirClass::Standard,
            LogGroupClass::InfrequentAccess => TheirClass::InfrequentAccess,
        });
        let create = create.set_tags(Some(call.tags(&args.tags).into_iter().collect()));
        let look = || async { Self::named(call.aws, &name).await?.ok_or_else(|| call.not_there()) };
        let found = match create.send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                let there = accepted(call, look).await?;
                met(call, refusal, there.id.clone(), &tags_of(call, &there.id).await?)?;
                there
            }
            sent => {
                sent.sent(call)?;
                accepted(call, look).await?
            }
        };
        let set = accepted(call, || Self::keep(call, &name, args.retention_days)).await;
        set.map_err(|failure| call.partial::<Self>(&found.id, failure))?;
        Ok(Report::new(found.id.clone(), state(&found)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete = call.aws.delete_log_group().log_group_name(name_of(&prior.id)?);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = LogGroupArgs {
            name: given(found.log_group_name()),
            retention_days: found.retention_in_days().and_then(|days| u16::try_from(days).ok()),
            kms_key_id: given(found.kms_key_id()),
            class: match found.log_group_class() {
                Some(TheirClass::InfrequentAccess) => LogGroupClass::InfrequentAccess,
                _ => LogGroupClass::Standard,
            },
            tags: crate::tags::reported(tags_of(call, &found.id).await?),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, &call.name(None, &NAMES)).await
    }
}

#[cfg(feature = "logs")]
#[async_trait]
impl UpdateOperation for LogGroup {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (name, args) = (name_of(&change.prior.id)?, &change.args);
        let found = Self::named(call.aws, name).await?.ok_or_else(|| call.not_there())?;
        match &args.kms_key_id {
            Some(key) if found.kms_key_id().map(crate::kms::bare_key) != Some(crate::kms::bare_key(key)) => {
                let associate = call.aws.associate_kms_key().log_group_name(name).kms_key_id(key);
                associate.send().await.sent(call)?;
            }
            None if found.kms_key_id().is_some() => {
                call.aws.disassociate_kms_key().log_group_name(name).send().await.sent(call)?;
            }
            _ => {}
        }
        Self::keep(call, name, args.retention_days).await?;
        call.retagged(change).await
    }
}

#[cfg(feature = "logs")]
impl LogGroup {
    /// Returns the groups whose names begin so.
    async fn beginning(logs: &Aws<Logs>, name: Option<&str>) -> Result<Vec<Found<Item>>, Failure> {
        let describe = logs.describe_log_groups().set_log_group_name_prefix(name.map(str::to_owned));
        let pages = describe.into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.asked(logs)?;
        let found = |item: Item| Found { id: arn_of(&item), tags: BTreeMap::new(), item };
        Ok(all.into_iter().map(found).collect())
    }

    /// Returns the group of a name, whoever made it.
    async fn named(logs: &Aws<Logs>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let all = Self::beginning(logs, Some(name)).await?;
        Ok(all.into_iter().find(|found| found.log_group_name() == Some(name)))
    }

    async fn keep(call: &Call<'_>, name: &str, days: Option<u16>) -> Result<(), Failure> {
        match days {
            Some(days) => {
                let put = call.aws.put_retention_policy().log_group_name(name);
                put.retention_in_days(days.into()).send().await.sent(call).map(drop)
            }
            None => {
                let delete = call.aws.delete_retention_policy().log_group_name(name);
                gone_is_fine(delete.send().await.sent(call))
            }
        }
    }
}

/// Returns all tags of a group.
#[cfg(feature = "logs")]
async fn tags_of(call: &Call<'_>, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
    // AWS makes a group with such a name, and takes no such ARN; none is ours.
    if arn.contains('#') {
        return Ok(BTreeMap::new());
    }
    let found = call.aws.list_tags_for_resource().resource_arn(arn).send().await.asked(call)?;
    Ok(found.tags.unwrap_or_default().into_iter().collect())
}

/// Returns a group's ARN, of which AWS has two: one ends with `:*`.
#[cfg(feature = "logs")]
fn arn_of(found: &Item) -> String {
    let arn = found.log_group_arn().or(found.arn()).unwrap_or_default();
    arn.strip_suffix(":*").unwrap_or(arn).to_owned()
}

#[cfg(feature = "logs")]
fn name_of(arn: &str) -> Result<&str, Failure> {
    arn.split_once(":log-group:").map(|(_, name)| name).ok_or_else(|| {
        Failure::new(Class::Invalid("id".to_owned()), format!("{arn:?} is no ARN of a group of logs"))
            .hint("it is written arn:aws:logs:REGION:123456789012:log-group:NAME")
    })
}

#[cfg(feature = "logs")]
fn state(found: &Item) -> LogGroupState {
    LogGroupState { arn: arn_of(found), group_name: text(found.log_group_name()) }
}
