//! The client of ACM, and what its kinds have in common: tags.

pub(super) use async_trait::async_trait;
use aws_sdk_acm::types::Tag;
pub(super) use sskuba_core::provider::{Class, Failure, TypedPrior, TypedReadiness};

use crate::client::{Api, Objects};
pub(super) use crate::client::{
    Aws, Found, Look, Operations, Outcome, ReadinessOperation, Report, UpdateOperation, Which, text, until,
};
use crate::tags::Tags;

/// The client of ACM.
pub(crate) type Acm = aws_sdk_acm::Client;

/// A call about a kind of ACM.
pub(super) type Call<'a> = crate::client::Call<'a, Acm>;

impl Api for Acm {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for Acm {
    /// No call describes several certificates.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    async fn tag(acm: &Aws<Self>, arn: &str, tags: Tags) -> Result<(), Failure> {
        let tags = Some(pairs(tags));
        let add = acm.add_tags_to_certificate().certificate_arn(arn).set_tags(tags);
        add.send().await.sent(acm).map(drop)
    }

    async fn untag(acm: &Aws<Self>, arn: &str, keys: Vec<String>) -> Result<(), Failure> {
        let tags = keys.into_iter().filter_map(|key| Tag::builder().key(key).build().ok()).collect();
        let remove = acm.remove_tags_from_certificate().certificate_arn(arn).set_tags(Some(tags));
        remove.send().await.sent(acm).map(drop)
    }
}

/// Returns all tags of a certificate.
pub(super) async fn tags_of(acm: &Aws<Acm>, arn: &str) -> Result<Tags, Failure> {
    let found = acm.list_tags_for_certificate().certificate_arn(arn).send().await.asked(acm)?;
    Ok(found.tags().iter().map(|tag| (tag.key().to_owned(), text(tag.value()))).collect())
}

/// Returns the tags of a certificate that is about to be made.
pub(super) fn spec(call: &Call<'_>, own: &Tags) -> Option<Vec<Tag>> {
    Some(pairs(call.tags(own)))
}

fn pairs(tags: Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().ok();
    tags.into_iter().filter_map(tag).collect()
}
