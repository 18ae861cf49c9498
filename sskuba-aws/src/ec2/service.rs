//! EC2's client, and what its kinds have in common: filters, tags, and creates that are sent once.

pub(super) use async_trait::async_trait;
pub(super) use aws_sdk_ec2::primitives::Blob;
pub(super) use aws_sdk_ec2::types::{self, ResourceType};

use aws_sdk_ec2::config::Builder;
use aws_sdk_ec2::types::{Filter, Tag, TagSpecification};
pub(super) use sskuba_core::advice::Advice;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior, TypedReadiness};
use sskuba_core::schema::Normaliser;
use sskuba_core::value::Value;

use crate::client::{Api, Objects, RetryRefused};
pub(super) use crate::client::{
    Aws, Found, Look, LookupOperation, Meaning, Operations, Outcome, ReadinessOperation, Report,
    UpdateOperation, Which, accepted, given, gone_is_fine, means, met, reason, refusal, refuse_foreign, text,
    until, unused, visible,
};
use crate::tags::{TOKEN, Tags};

/// The client of EC2.
pub(crate) type Ec2 = aws_sdk_ec2::Client;

/// A call about a kind of EC2.
pub(super) type Call<'a> = crate::client::Call<'a, Ec2>;

impl Api for Ec2 {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for Ec2 {
    /// EC2 takes as many values for one filter.
    const MOST: usize = 200;
    const FILTERS: bool = true;

    async fn tag(ec2: &Aws<Self>, id: &str, tags: Tags) -> Result<(), Failure> {
        let tags = Some(pairs(tags));
        ec2.create_tags().resources(id).set_tags(tags).send().await.sent(ec2).map(drop)
    }

    async fn untag(ec2: &Aws<Self>, id: &str, keys: Vec<String>) -> Result<(), Failure> {
        let keys = keys.into_iter().map(|key| Tag::builder().key(key).build()).collect();
        ec2.delete_tags().resources(id).set_tags(Some(keys)).send().await.sent(ec2).map(drop)
    }
}

impl Which {
    /// Returns the filters of a description, where it is not told by ids or about all; `id` is the one for ids.
    pub(super) fn filters(&self, id: &'static str) -> Option<Vec<Filter>> {
        match self {
            Self::All | Self::Ids(_) => None,
            Self::Among(ids) => Some(vec![filter(id, ids)]),
            Self::Token(token) => Some(vec![filter(&format!("tag:{TOKEN}"), [token])]),
            Self::With(pairs) => Some(pairs.iter().map(|(name, value)| filter(name, [value])).collect()),
        }
    }
}

/// Makes a filter of a description.
pub(super) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// Makes the filters for objects that have these tags; a value may have `*` and `?`.
pub(super) fn tag_filters(tags: &Tags) -> Vec<Filter> {
    tags.iter().map(|(key, value)| filter(&format!("tag:{key}"), [value])).collect()
}

/// Joins descriptions with their ids and tags.
pub(super) fn found<T>(
    items: impl IntoIterator<Item = T>,
    id: impl Fn(&T) -> Option<&str>,
    tags: impl Fn(&T) -> &[Tag],
) -> Vec<Found<T>> {
    let all = |tags: &[Tag]| tags.iter().map(|tag| (text(tag.key()), text(tag.value()))).collect();
    let found = |item: T| Found { id: text(id(&item)), tags: all(tags(&item)), item };
    items.into_iter().map(found).collect()
}

/// Returns the configuration of a create that AWS does not make idempotent.
pub(super) fn once() -> Builder {
    aws_sdk_ec2::Config::builder().retry_classifier(RetryRefused)
}

/// Returns the tags of an object that is about to be made.
pub(super) fn spec(call: &Call<'_>, kind: ResourceType, own: &Tags) -> TagSpecification {
    TagSpecification::builder().resource_type(kind).set_tags(Some(pairs(call.tags(own)))).build()
}

/// Makes tags as EC2 takes them.
fn pairs(tags: Tags) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// Returns an address range as AWS stores it: without host bits, and IPv6 in its short form. Some calls, such as the delete
/// of a route, know it by that alone.
pub(super) fn stored_range(range: &str) -> String {
    let stored = Normaliser::Cidr.apply(&Value::from(range));
    stored.as_str().unwrap_or(range).to_owned()
}

/// Tells whether two address ranges are the same.
pub(super) fn same_range(a: &str, b: &str) -> bool {
    Normaliser::Cidr.same(&Value::from(a), &Value::from(b))
}

/// Returns a count as the SDK takes it.
pub(super) fn number(count: Option<u32>) -> Option<i32> {
    count.and_then(|count| i32::try_from(count).ok())
}

/// Returns a count that AWS reports; one that is 0 is none.
pub(super) fn counted(count: Option<i32>) -> Option<u32> {
    count.and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0)
}
