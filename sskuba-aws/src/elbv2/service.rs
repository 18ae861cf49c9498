//! The client of Elastic Load Balancing, and what its kinds have in common: names, tags, protocols.

pub(super) use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, Tag, TagDescription};
pub(super) use sskuba_core::advice::Advice;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior, TypedReadiness};

use super::Protocol;
use crate::client::{Api, Batched, Objects, one_by_one};
pub(super) use crate::client::{
    Aws, Found, Look, Meaning, Operations, Outcome, ReadinessOperation, Report, UpdateOperation, Which,
    given, gone_is_fine, means, reason, refusal, refuse_foreign, text, until, visible,
};
use crate::tags::{self, Tags};

/// The client of Elastic Load Balancing.
pub(crate) type Elb = aws_sdk_elasticloadbalancingv2::Client;

/// A call about a kind of Elastic Load Balancing.
pub(super) type Call<'a> = crate::client::Call<'a, Elb>;

impl Api for Elb {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for Elb {
    const MOST: usize = 20;
    const FILTERS: bool = false;

    async fn tag(elb: &Aws<Self>, arn: &str, tags: Tags) -> Result<(), Failure> {
        let tags = Some(pairs(tags));
        elb.add_tags().resource_arns(arn).set_tags(tags).send().await.sent(elb).map(drop)
    }

    async fn untag(elb: &Aws<Self>, arn: &str, keys: Vec<String>) -> Result<(), Failure> {
        let keys = Some(keys);
        elb.remove_tags().resource_arns(arn).set_tag_keys(keys).send().await.sent(elb).map(drop)
    }
}

/// The tags of objects, which their descriptions do not have.
struct TagsOf;

#[async_trait]
impl Batched for TagsOf {
    type Api = Elb;
    type Item = Tags;

    async fn by_keys(elb: &Aws<Elb>, arns: Vec<String>) -> Result<Vec<(String, Tags)>, Failure> {
        let ask = |arns: Vec<String>| async {
            let found = elb.describe_tags().set_resource_arns(Some(arns)).send().await.asked(elb)?;
            Ok::<_, Failure>(found.tag_descriptions.unwrap_or_default())
        };
        let found: Vec<TagDescription> = match ask(arns.clone()).await {
            Err(failure) if failure.class == Class::NotFound => {
                one_by_one(arns, |arn| ask(vec![arn])).await?
            }
            found => found?,
        };
        let tags = |found: &TagDescription| {
            found.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
        };
        Ok(found.iter().map(|found| (text(found.resource_arn()), tags(found))).collect())
    }
}

/// Returns all tags of an object.
pub(super) async fn tags_of(call: &Call<'_>, arn: &str) -> Result<Tags, Failure> {
    Ok(call.aws.get::<TagsOf>(arn).await?.unwrap_or_default())
}

/// Returns an object's tags as they are reported.
pub(super) async fn own_tags_of(call: &Call<'_>, arn: &str) -> Result<Tags, Failure> {
    tags_of(call, arn).await.map(tags::reported)
}

/// Returns the tags of an object that is about to be made.
pub(super) fn spec(call: &Call<'_>, own: &Tags) -> Option<Vec<Tag>> {
    Some(pairs(call.tags(own)))
}

/// Makes tags as the service takes them.
fn pairs(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Joins descriptions with their ARNs.
pub(super) fn found<T>(
    items: impl IntoIterator<Item = T>,
    arn: impl Fn(&T) -> Option<&str>,
) -> Vec<Found<T>> {
    let found = |item: T| Found { id: text(arn(&item)), tags: Tags::new(), item };
    items.into_iter().map(found).collect()
}

pub(super) fn protocol(ours: Protocol) -> ProtocolEnum {
    match ours {
        Protocol::Tcp => ProtocolEnum::Tcp,
        Protocol::Udp => ProtocolEnum::Udp,
        Protocol::TcpUdp => ProtocolEnum::TcpUdp,
    }
}

pub(super) fn protocol_of(theirs: Option<&ProtocolEnum>) -> Protocol {
    match theirs {
        Some(ProtocolEnum::Udp) => Protocol::Udp,
        Some(ProtocolEnum::TcpUdp) => Protocol::TcpUdp,
        _ => Protocol::Tcp,
    }
}
