//! The service clients of one provider instance.

use aws_sdk_ec2::types::Filter;

use super::batches::Batches;
use super::tried::Tried;
use crate::tags::Tags;

/// The service clients of one provider instance, and what is common to its resources.
pub(crate) struct Cloud {
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    /// The batched descriptions.
    pub(crate) known: Batches,
    /// What was sent to make objects that can carry no token.
    pub(crate) tried: Tried,
    /// The default tags.
    pub(crate) defaults: Tags,
    /// Where the calls go, for messages: the endpoint, or AWS and its region.
    pub(crate) place: String,
}

/// Makes a filter of a description.
pub(crate) fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    let values = values.into_iter().map(Into::into).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

/// Returns an optional text, empty if it is not there.
pub(crate) fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// Returns an optional text as it is reported: one that is empty is not set.
pub(crate) fn given(value: Option<&str>) -> Option<String> {
    value.filter(|text| !text.is_empty()).map(str::to_owned)
}
