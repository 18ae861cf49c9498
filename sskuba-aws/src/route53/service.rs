//! Route 53's client, and what its kinds have in common: tags, changes, ids.

pub(super) use async_trait::async_trait;
use aws_sdk_route53::config::Builder;
pub(super) use aws_sdk_route53::types;
use aws_sdk_route53::types::{ChangeStatus, Tag, TagResourceType};
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior, TypedReadiness};

use crate::client::{Api, Batched, Objects, RetryRefused};
pub(super) use crate::client::{
    Aws, Found, Look, LookupOperation, Meaning, Operations, Outcome, ReadinessOperation, Report,
    UpdateOperation, Which, given, means, refusal, text, until, visible,
};
use crate::tags::{self, Tags};

/// The client of Route 53.
pub(crate) type Route53 = aws_sdk_route53::Client;

/// A call about a kind of Route 53.
pub(super) type Call<'a> = crate::client::Call<'a, Route53>;

impl Api for Route53 {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

/// The most tags that one call sets or takes away
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html>).
const TAGS: usize = 10;

#[async_trait]
impl Objects for Route53 {
    /// As many may a question about tags name.
    const MOST: usize = 10;
    const FILTERS: bool = false;

    async fn tag(r53: &Aws<Self>, id: &str, tags: Tags) -> Result<(), Failure> {
        let tags: Vec<Tag> =
            tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        for some in tags.chunks(TAGS) {
            let change = r53.change_tags_for_resource().resource_type(kind_of(id));
            change.resource_id(id).set_add_tags(Some(some.to_vec())).send().await.sent(r53)?;
        }
        Ok(())
    }

    async fn untag(r53: &Aws<Self>, id: &str, keys: Vec<String>) -> Result<(), Failure> {
        for some in keys.chunks(TAGS) {
            let change = r53.change_tags_for_resource().resource_type(kind_of(id));
            change.resource_id(id).set_remove_tag_keys(Some(some.to_vec())).send().await.sent(r53)?;
        }
        Ok(())
    }
}

/// The tags of objects, which their descriptions do not have.
struct TagsOf;

#[async_trait]
impl Batched for TagsOf {
    type Api = Route53;
    type Item = Tags;

    async fn by_keys(r53: &Aws<Route53>, ids: Vec<String>) -> Result<Vec<(String, Tags)>, Failure> {
        let tags = |tags: &[Tag]| tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect();
        let (zones, checks): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| kind_of(id) == TagResourceType::Hostedzone);
        let mut all = Vec::new();
        for ids in [zones, checks] {
            let Some(first) = ids.first() else { continue };
            let ask = r53.list_tags_for_resources().resource_type(kind_of(first));
            let found = ask.set_resource_ids(Some(ids)).send().await.asked(r53)?.resource_tag_sets;
            all.extend(found.iter().map(|found| (text(found.resource_id()), tags(found.tags()))));
        }
        Ok(all)
    }
}

/// Tells of which type an object is by its id: those of zones begin with `Z`, those of health checks have hyphens.
fn kind_of(id: &str) -> TagResourceType {
    if id.contains('-') { TagResourceType::Healthcheck } else { TagResourceType::Hostedzone }
}

/// Returns an object's tags as they are reported.
pub(super) async fn own_tags_of(call: &Call<'_>, id: &str) -> Result<Tags, Failure> {
    Ok(tags::reported(call.aws.get::<TagsOf>(id).await?.unwrap_or_default()))
}

/// Tells whether all name servers know a change; one that nobody knows any more is an old one.
pub(super) async fn is_in_sync(call: &Call<'_>, change: &str) -> Result<bool, Failure> {
    if change.is_empty() {
        return Ok(true);
    }
    match call.aws.get_change().id(change).send().await.asked(call) {
        Err(failure) if failure.class == Class::NotFound => Ok(true),
        found => Ok(found?.change_info().is_none_or(|found| found.status() == &ChangeStatus::Insync)),
    }
}

/// Waits until all name servers know a change.
pub(super) async fn in_sync(call: &Call<'_>, change: &str) -> Result<(), Failure> {
    until(call, "the name servers", || async {
        Ok(match is_in_sync(call, change).await? {
            true => Look::Done(()),
            false => Look::Not("without the change".to_owned()),
        })
    })
    .await
}

/// Returns an id without what Route 53 writes before it: `/hostedzone/`, `/change/`.
pub(super) fn bare(id: &str) -> String {
    id.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Returns the configuration of a create that is sent once.
pub(super) fn once() -> Builder {
    aws_sdk_route53::Config::builder().retry_classifier(RetryRefused)
}
