//! The service clients of one provider instance.

use aws_sdk_ec2::types::Filter;

use super::batches::Batches;
use crate::tags::Tags;

/// The service clients of one provider instance, and what is common to its resources.
pub(crate) struct Cloud {
    pub(crate) ec2: aws_sdk_ec2::Client,
    pub(crate) elb: aws_sdk_elasticloadbalancingv2::Client,
    pub(crate) sts: aws_sdk_sts::Client,
    /// The batched descriptions.
    pub(crate) known: Batches,
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

/// Returns what is reported of an optional field. What the program left to AWS is not reported, for it is no
/// drift, unless nothing is known of the program, as in an import; what it gave and AWS has no more is reported
/// as the type's neutral value, for it is.
pub(crate) fn told<T: Default>(given: Option<&Option<T>>, found: Option<T>) -> Option<T> {
    match given {
        None => found,
        Some(None) => None,
        Some(Some(_)) => Some(found.unwrap_or_default()),
    }
}

/// Returns an optional text, empty if it is not there.
pub(crate) fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_to_aws_is_no_drift_and_what_is_gone_is() {
        let found = || Some("default".to_owned());
        assert_eq!(told(Some(&None), found()), None);
        assert_eq!(told(None, found()), found());
        assert_eq!(told(Some(&Some("given".to_owned())), found()), found());
        assert_eq!(told(Some(&Some("given".to_owned())), None), Some(String::new()));
    }
}
