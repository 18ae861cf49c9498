//! The client of S3, and what its kinds have in common: tags of buckets.

pub(super) use async_trait::async_trait;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::types::{Tag, Tagging};
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior};

use crate::client::{Api, Objects, RetryRefused};
pub(super) use crate::client::{
    Aws, Found, Meaning, Operations, Outcome, Report, UpdateOperation, Which, given, means, refusal,
    refuse_foreign, same_document, text, visible,
};
use crate::tags::Tags;

/// The client of S3.
pub(crate) type S3 = aws_sdk_s3::Client;

/// A call about a kind of S3.
pub(super) type Call<'a> = crate::client::Call<'a, S3>;

impl Api for S3 {
    /// Endpoints that are not AWS's rarely have a name for each bucket: those are asked by path.
    fn connect(config: &aws_config::SdkConfig) -> Self {
        let own = aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some());
        Self::from_conf(own.build())
    }
}

#[async_trait]
impl Objects for S3 {
    /// No call describes several buckets by their names.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    /// S3 sets all tags of a bucket at once: those that are there and not named stay.
    async fn tag(s3: &Aws<Self>, bucket: &str, tags: Tags) -> Result<(), Failure> {
        let mut all = tags_of(s3, bucket).await?;
        all.extend(tags);
        put(s3, bucket, all).await
    }

    async fn untag(s3: &Aws<Self>, bucket: &str, keys: Vec<String>) -> Result<(), Failure> {
        let mut all = tags_of(s3, bucket).await?;
        all.retain(|key, _| !keys.contains(key));
        put(s3, bucket, all).await
    }
}

async fn put(s3: &Aws<S3>, bucket: &str, all: Tags) -> Result<(), Failure> {
    let odd = |_| Failure::new(Class::Invalid("tags".to_owned()), "the tags are none that S3 takes");
    let tagging = Tagging::builder().set_tag_set(Some(pairs(all))).build().map_err(odd)?;
    s3.put_bucket_tagging().bucket(bucket).tagging(tagging).send().await.sent(s3).map(drop)
}

/// Takes an answer about a part of a bucket; none if it has none.
pub(super) fn there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Returns all tags of a bucket.
pub(super) async fn tags_of(s3: &Aws<S3>, bucket: &str) -> Result<Tags, Failure> {
    let found = there(s3.get_bucket_tagging().bucket(bucket).send().await.asked(s3))?;
    let tags = found.map(|found| found.tag_set).unwrap_or_default();
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}

/// Makes tags as S3 takes them.
pub(super) fn pairs(tags: Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().ok();
    tags.into_iter().filter_map(tag).collect()
}

/// Returns the region in which buckets are made.
pub(super) fn region(s3: &Aws<S3>) -> String {
    s3.config().region().map(ToString::to_string).unwrap_or_default()
}

/// Returns the configuration of a create that is sent once.
pub(super) fn once() -> Builder {
    aws_sdk_s3::Config::builder().retry_classifier(RetryRefused)
}
