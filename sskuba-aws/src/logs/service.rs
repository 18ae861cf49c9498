//! The client of CloudWatch Logs, and what its kinds have in common: tags.

pub(super) use async_trait::async_trait;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior};

use crate::client::{Api, Objects};
pub(super) use crate::client::{
    Aws, Found, Meaning, Operations, Outcome, Report, UpdateOperation, Which, accepted, given, gone_is_fine,
    means, met, refusal, text,
};
use crate::tags::Tags;

/// The client of CloudWatch Logs.
pub(crate) type Logs = aws_sdk_cloudwatchlogs::Client;

/// A call about a kind of CloudWatch Logs.
pub(super) type Call<'a> = crate::client::Call<'a, Logs>;

impl Api for Logs {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for Logs {
    /// No call describes several groups by their ARNs.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    async fn tag(logs: &Aws<Self>, arn: &str, tags: Tags) -> Result<(), Failure> {
        let tags = Some(tags.into_iter().collect());
        logs.tag_resource().resource_arn(arn).set_tags(tags).send().await.sent(logs).map(drop)
    }

    async fn untag(logs: &Aws<Self>, arn: &str, keys: Vec<String>) -> Result<(), Failure> {
        logs.untag_resource().resource_arn(arn).set_tag_keys(Some(keys)).send().await.sent(logs).map(drop)
    }
}
