//! Tags of load balancers and their parts.

use aws_sdk_elasticloadbalancingv2::types::Tag;
use sskuba_core::provider::Failure;

use super::super::call::Call;
use super::super::cloud::Cloud;
use super::super::failure::Outcome;
use crate::tags::{self, Tags};

fn pairs(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

impl Cloud {
    /// Returns the tags of an object that is about to be made.
    pub(super) fn elb_spec(&self, call: &Call<'_>, own: &Tags) -> Vec<Tag> {
        pairs(tags::desired(call.cx, own, &self.defaults))
    }

    /// Returns an object's tags as they are reported.
    pub(super) async fn elb_reported(&self, arn: &str) -> Result<Tags, Failure> {
        self.known.elb_tags(arn).await.map(tags::reported)
    }

    /// Brings the tags of an object up to date; tags that others gave it stay.
    pub(super) async fn elb_retag(
        &self,
        call: &Call<'_>,
        arn: &str,
        before: Option<&Tags>,
        own: &Tags,
    ) -> Result<(), Failure> {
        let desired = tags::desired(call.cx, own, &self.defaults);
        let dropped = before.map(|before| tags::dropped(before, &desired)).unwrap_or_default();
        let tags = pairs(desired);
        self.elb.add_tags().resource_arns(arn).set_tags(Some(tags)).send().await.sent(call.place)?;
        if !dropped.is_empty() {
            let remove = self.elb.remove_tags().resource_arns(arn).set_tag_keys(Some(dropped));
            remove.send().await.sent(call.place)?;
        }
        Ok(())
    }
}
