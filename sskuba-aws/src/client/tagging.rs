//! Tags of EC2 objects.

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use sskuba_core::provider::Failure;

use super::call::Call;
use super::cloud::{Cloud, text};
use super::failure::Outcome;
use crate::tags::{self, Tags};

/// Makes tags as EC2 takes them.
fn pairs(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Reads tags as EC2 gives them.
pub(crate) fn all(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

/// Returns an object's tags as they are reported.
pub(crate) fn reported(found: &[Tag]) -> Tags {
    tags::reported(all(found))
}

impl Cloud {
    /// Returns the tags of an object that is about to be made.
    pub(crate) fn spec(&self, call: &Call<'_>, kind: ResourceType, own: &Tags) -> TagSpecification {
        let tags = pairs(tags::desired(call.cx, own, &self.defaults));
        TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()
    }

    /// Brings the tags of an object up to date; tags that others gave it stay.
    pub(crate) async fn retag(
        &self,
        call: &Call<'_>,
        id: &str,
        before: Option<&Tags>,
        own: &Tags,
    ) -> Result<(), Failure> {
        let desired = tags::desired(call.cx, own, &self.defaults);
        let dropped = before.map(|before| tags::dropped(before, &desired)).unwrap_or_default();
        let tags = pairs(desired);
        self.ec2.create_tags().resources(id).set_tags(Some(tags)).send().await.sent(call.place)?;
        if !dropped.is_empty() {
            let dropped = dropped.into_iter().map(|key| Tag::builder().key(key).build()).collect();
            self.ec2.delete_tags().resources(id).set_tags(Some(dropped)).send().await.sent(call.place)?;
        }
        Ok(())
    }
}
