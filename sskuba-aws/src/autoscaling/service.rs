//! The client of Auto Scaling, and its tags.

pub(super) use async_trait::async_trait;
use aws_sdk_autoscaling::types::Tag;
pub(super) use sskuba_core::advice::Advice;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior, TypedReadiness};

use crate::client::{Api, Objects};
pub(super) use crate::client::{
    Aws, Found, Look, Meaning, Operations, Outcome, ReadinessOperation, Report, UpdateOperation, Which,
    given, gone_is_fine, means, met, reason, refusal, text, until,
};
use crate::tags::Tags;

/// The client of Auto Scaling.
pub(crate) type AutoScaling = aws_sdk_autoscaling::Client;

/// A call about a kind of Auto Scaling.
pub(super) type Call<'a> = crate::client::Call<'a, AutoScaling>;

impl Api for AutoScaling {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for AutoScaling {
    /// A description takes as many names.
    const MOST: usize = 50;
    const FILTERS: bool = true;

    async fn tag(aws: &Aws<Self>, name: &str, tags: Tags) -> Result<(), Failure> {
        let tags = group_tags(name, tags, false);
        aws.create_or_update_tags().set_tags(Some(tags)).send().await.sent(aws).map(drop)
    }

    async fn untag(aws: &Aws<Self>, name: &str, keys: Vec<String>) -> Result<(), Failure> {
        let tag = |key| Tag::builder().resource_id(name).resource_type(GROUP).key(key).build();
        let tags = keys.into_iter().map(tag).collect();
        aws.delete_tags().set_tags(Some(tags)).send().await.sent(aws).map(drop)
    }
}

/// What a group is called as that which has tags.
const GROUP: &str = "auto-scaling-group";

/// Returns tags as a group has them: its own, or those that its machines get as well.
pub(super) fn group_tags(name: &str, tags: Tags, for_machines: bool) -> Vec<Tag> {
    let tag = |(key, value)| {
        let tag = Tag::builder().resource_id(name).resource_type(GROUP).propagate_at_launch(for_machines);
        tag.key(key).value(value).build()
    };
    tags.into_iter().map(tag).collect()
}

/// Returns a count as the SDK takes it.
pub(super) fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Returns a count that AWS reports.
pub(super) fn count(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}
