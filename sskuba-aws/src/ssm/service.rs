//! The client of Systems Manager, and what its kinds have in common: tags.

pub(super) use async_trait::async_trait;
use aws_sdk_ssm::types::{ResourceTypeForTagging, Tag};
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior};

use crate::client::{Api, Objects};
pub(super) use crate::client::{
    Aws, Found, Meaning, Operations, Outcome, Report, UpdateOperation, Which, given, means, met, refusal,
    text,
};
use crate::tags::Tags;

/// The client of Systems Manager.
pub(crate) type Ssm = aws_sdk_ssm::Client;

/// A call about a kind of Systems Manager.
pub(super) type Call<'a> = crate::client::Call<'a, Ssm>;

impl Api for Ssm {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

/// The one type of object that is known here.
const PARAMETER: ResourceTypeForTagging = ResourceTypeForTagging::Parameter;

#[async_trait]
impl Objects for Ssm {
    /// No call tells all of several parameters.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    async fn tag(ssm: &Aws<Self>, name: &str, tags: Tags) -> Result<(), Failure> {
        let add = ssm.add_tags_to_resource().resource_type(PARAMETER).resource_id(name);
        add.set_tags(Some(pairs(tags))).send().await.sent(ssm).map(drop)
    }

    async fn untag(ssm: &Aws<Self>, name: &str, keys: Vec<String>) -> Result<(), Failure> {
        let remove = ssm.remove_tags_from_resource().resource_type(PARAMETER).resource_id(name);
        remove.set_tag_keys(Some(keys)).send().await.sent(ssm).map(drop)
    }
}

/// Returns all tags of a parameter.
pub(super) async fn tags_of(ssm: &Aws<Ssm>, name: &str) -> Result<Tags, Failure> {
    let ask = ssm.list_tags_for_resource().resource_type(PARAMETER).resource_id(name);
    let found = ask.send().await.asked(ssm)?;
    Ok(found.tag_list().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect())
}

/// Returns the tags of a parameter that is about to be made.
pub(super) fn spec(call: &Call<'_>, own: &Tags) -> Option<Vec<Tag>> {
    Some(pairs(call.tags(own)))
}

fn pairs(tags: Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().ok();
    tags.into_iter().filter_map(tag).collect()
}
