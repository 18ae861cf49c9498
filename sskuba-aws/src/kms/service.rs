//! The client of KMS, and what its kinds have in common: tags, and creates that are sent once.

pub(super) use async_trait::async_trait;
use aws_sdk_kms::config::Builder;
use aws_sdk_kms::types::Tag;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior};

use crate::client::{Api, Objects, RetryRefused};
pub(super) use crate::client::{
    Aws, Found, Meaning, Operations, Outcome, Report, UpdateOperation, Which, accepted, given, means,
    refusal, same_document, text,
};
use crate::tags::Tags;

/// The client of KMS.
pub(crate) type Kms = aws_sdk_kms::Client;

/// A call about a kind of KMS.
pub(super) type Call<'a> = crate::client::Call<'a, Kms>;

impl Api for Kms {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for Kms {
    /// No call describes several keys.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    async fn tag(kms: &Aws<Self>, id: &str, tags: Tags) -> Result<(), Failure> {
        kms.tag_resource().key_id(id).set_tags(Some(pairs(tags))).send().await.sent(kms).map(drop)
    }

    async fn untag(kms: &Aws<Self>, id: &str, keys: Vec<String>) -> Result<(), Failure> {
        kms.untag_resource().key_id(id).set_tag_keys(Some(keys)).send().await.sent(kms).map(drop)
    }
}

/// Returns all tags of a key.
pub(super) async fn tags_of(kms: &Aws<Kms>, id: &str) -> Result<Tags, Failure> {
    let pages = kms.list_resource_tags().key_id(id).into_paginator().items().send();
    let all = pages.collect::<Result<Vec<_>, _>>().await.asked(kms)?;
    Ok(all.iter().map(|tag| (tag.tag_key().to_owned(), tag.tag_value().to_owned())).collect())
}

/// Returns the tags of a key that is about to be made.
pub(super) fn spec(call: &Call<'_>, own: &Tags) -> Option<Vec<Tag>> {
    Some(pairs(call.tags(own)))
}

fn pairs(tags: Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().tag_key(key).tag_value(value).build().ok();
    tags.into_iter().filter_map(tag).collect()
}

/// Returns the configuration of a create that is sent once.
pub(super) fn once() -> Builder {
    aws_sdk_kms::Config::builder().retry_classifier(RetryRefused)
}
