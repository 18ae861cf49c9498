//! The client of ECR, and what its kinds have in common: tags.

pub(super) use async_trait::async_trait;
use aws_sdk_ecr::types::Tag;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior};

use crate::client::{Api, Objects};
pub(super) use crate::client::{
    Aws, Found, Meaning, Operations, Outcome, Report, UpdateOperation, Which, given, means, met, refusal,
    same_document, text, visible,
};
use crate::tags::Tags;

/// The client of ECR.
pub(crate) type Ecr = aws_sdk_ecr::Client;

/// A call about a kind of ECR.
pub(super) type Call<'a> = crate::client::Call<'a, Ecr>;

impl Api for Ecr {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for Ecr {
    /// A question about several fails where one is not there.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    async fn tag(ecr: &Aws<Self>, arn: &str, tags: Tags) -> Result<(), Failure> {
        let tags = Some(pairs(tags));
        ecr.tag_resource().resource_arn(arn).set_tags(tags).send().await.sent(ecr).map(drop)
    }

    async fn untag(ecr: &Aws<Self>, arn: &str, keys: Vec<String>) -> Result<(), Failure> {
        ecr.untag_resource().resource_arn(arn).set_tag_keys(Some(keys)).send().await.sent(ecr).map(drop)
    }
}

/// Takes an answer about one object; none if it is not there.
pub(super) fn there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Returns all tags of a repository.
pub(super) async fn tags_of(ecr: &Aws<Ecr>, arn: &str) -> Result<Tags, Failure> {
    let found = ecr.list_tags_for_resource().resource_arn(arn).send().await.asked(ecr)?;
    Ok(found.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// Returns the tags of a repository that is about to be made.
pub(super) fn spec(call: &Call<'_>, own: &Tags) -> Option<Vec<Tag>> {
    Some(pairs(call.tags(own)))
}

fn pairs(tags: Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().ok();
    tags.into_iter().filter_map(tag).collect()
}
