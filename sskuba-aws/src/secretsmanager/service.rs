//! The client of Secrets Manager, and what its kinds have in common: tags, and what counts as there.

pub(super) use async_trait::async_trait;
pub(super) use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput as Item;
use aws_sdk_secretsmanager::types::Tag;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior};

use crate::client::{Api, Objects};
pub(super) use crate::client::{
    Aws, Found, LookupOperation, Meaning, Operations, Outcome, Report, UpdateOperation, Which, given, means,
    met, refusal, same_document, text,
};
use crate::tags::Tags;

/// The client of Secrets Manager.
pub(crate) type SecretsManager = aws_sdk_secretsmanager::Client;

/// A call about a kind of Secrets Manager.
pub(super) type Call<'a> = crate::client::Call<'a, SecretsManager>;

impl Api for SecretsManager {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for SecretsManager {
    /// No call describes several secrets by their ARNs.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    async fn tag(aws: &Aws<Self>, arn: &str, tags: Tags) -> Result<(), Failure> {
        aws.tag_resource().secret_id(arn).set_tags(Some(pairs(tags))).send().await.sent(aws).map(drop)
    }

    async fn untag(aws: &Aws<Self>, arn: &str, keys: Vec<String>) -> Result<(), Failure> {
        aws.untag_resource().secret_id(arn).set_tag_keys(Some(keys)).send().await.sent(aws).map(drop)
    }
}

/// Returns the secret of an ARN or a name, whoever made it, also one that is to be deleted.
pub(super) async fn secret(aws: &Aws<SecretsManager>, id: &str) -> Result<Option<Found<Item>>, Failure> {
    match aws.describe_secret().secret_id(id).send().await.asked(aws) {
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        found => {
            let item = found?;
            let tags = item.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect();
            Ok(Some(Found { id: text(item.arn()), tags, item }))
        }
    }
}

/// Returns the ARN of an object of a secret; none where the secret is to be deleted: what it had is gone with it.
pub(super) async fn live_secret(aws: &Aws<SecretsManager>, id: &str) -> Result<Option<Found<Item>>, Failure> {
    Ok(secret(aws, id).await?.filter(is_live))
}

/// Tells whether a secret is not to be deleted.
pub(super) fn is_live(found: &Found<Item>) -> bool {
    found.deleted_date().is_none()
}

/// Returns the ARNs of all secrets that are not to be deleted.
pub(super) async fn arns(aws: &Aws<SecretsManager>) -> Result<Vec<String>, Failure> {
    let pages = aws.list_secrets().into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.asked(aws)?;
    Ok(pages.iter().flat_map(|page| page.secret_list()).map(|secret| text(secret.arn())).collect())
}

/// Returns the tags of an object that is about to be made.
pub(super) fn spec(call: &Call<'_>, own: &Tags) -> Option<Vec<Tag>> {
    Some(pairs(call.tags(own)))
}

fn pairs(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}
