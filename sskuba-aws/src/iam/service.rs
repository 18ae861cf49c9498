//! IAM's client, and what its kinds have in common: tags by ARN, documents of policies.

pub(super) use async_trait::async_trait;
use aws_sdk_iam::types::Tag;
pub(super) use sskuba_core::provider::{Class, Failure, TypedChange, TypedPrior};

use crate::client::{Api, Objects};
pub(super) use crate::client::{
    Aws, Found, Meaning, Operations, Outcome, Report, UpdateOperation, Which, given, gone_is_fine, means,
    met, refusal, same_document, text, visible,
};
use crate::tags::Tags;

/// The client of IAM.
pub(crate) type Iam = aws_sdk_iam::Client;

/// A call about a kind of IAM.
pub(super) type Call<'a> = crate::client::Call<'a, Iam>;

impl Api for Iam {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}

#[async_trait]
impl Objects for Iam {
    /// No call describes several objects by their names.
    const MOST: usize = 1;
    const FILTERS: bool = false;

    /// The ARN says of which type the object is.
    async fn tag(iam: &Aws<Self>, arn: &str, tags: Tags) -> Result<(), Failure> {
        let tags = Some(pairs(tags));
        match parts(arn) {
            ("role", name) => iam.tag_role().role_name(name).set_tags(tags).send().await.sent(iam).map(drop),
            ("instance-profile", name) => {
                let tag = iam.tag_instance_profile().instance_profile_name(name).set_tags(tags);
                tag.send().await.sent(iam).map(drop)
            }
            ("oidc-provider", _) => {
                let tag = iam.tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
                tag.set_tags(tags).send().await.sent(iam).map(drop)
            }
            _ => iam.tag_policy().policy_arn(arn).set_tags(tags).send().await.sent(iam).map(drop),
        }
    }

    async fn untag(iam: &Aws<Self>, arn: &str, keys: Vec<String>) -> Result<(), Failure> {
        let keys = Some(keys);
        match parts(arn) {
            ("role", name) => {
                iam.untag_role().role_name(name).set_tag_keys(keys).send().await.sent(iam).map(drop)
            }
            ("instance-profile", name) => {
                let untag = iam.untag_instance_profile().instance_profile_name(name).set_tag_keys(keys);
                untag.send().await.sent(iam).map(drop)
            }
            ("oidc-provider", _) => {
                let untag = iam.untag_open_id_connect_provider().open_id_connect_provider_arn(arn);
                untag.set_tag_keys(keys).send().await.sent(iam).map(drop)
            }
            _ => iam.untag_policy().policy_arn(arn).set_tag_keys(keys).send().await.sent(iam).map(drop),
        }
    }
}

/// Returns the type of what an ARN names, and its name without the path: `arn:aws:iam::123456789012:role/path/name`.
pub(super) fn parts(arn: &str) -> (&str, &str) {
    let (kind, rest) =
        arn.rsplit_once(':').map_or(arn, |(_, last)| last).split_once('/').unwrap_or(("", arn));
    (kind, rest.rsplit('/').next().unwrap_or(rest))
}

/// Returns the name that an ARN of this type ends with; refuses another id, such as a bare name.
pub(super) fn name_of<'a>(arn: &'a str, wanted: &str) -> Result<&'a str, Failure> {
    match parts(arn) {
        (kind, name) if kind == wanted && arn.starts_with("arn:") => Ok(name),
        _ => Err(Failure::new(Class::Invalid("id".to_owned()), format!("{arn:?} is no ARN of a {wanted}"))
            .hint(format!("it is written arn:aws:iam::123456789012:{wanted}/NAME"))),
    }
}

/// Returns all tags of an object.
pub(super) fn tags_of(tags: &[Tag]) -> Tags {
    tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect()
}

/// Returns the tags of an object that is about to be made.
pub(super) fn spec(call: &Call<'_>, own: &Tags) -> Option<Vec<Tag>> {
    Some(pairs(call.tags(own)))
}

fn pairs(tags: Tags) -> Vec<Tag> {
    let tag = |(key, value)| Tag::builder().key(key).value(value).build().ok();
    tags.into_iter().filter_map(tag).collect()
}

/// Takes an answer about one object; none if it is not there.
pub(super) fn there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(failure) if failure.class == Class::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Returns the document of a policy, which IAM gives as it is written in a URL.
pub(super) fn document(encoded: Option<&str>) -> String {
    let encoded = encoded.unwrap_or_default().as_bytes();
    let (mut bytes, mut at) = (Vec::with_capacity(encoded.len()), 0);
    while let Some(byte) = encoded.get(at) {
        let code = encoded.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(code) => (bytes.push(code), at += 3),
            None => (bytes.push(*byte), at += 1),
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_decoded() {
        assert_eq!(document(Some("%7B%22a%22%3A%20%22%C3%A9+%22%7D")), "{\"a\": \"é+\"}");
        assert_eq!(
            (document(None), document(Some("100%")), document(Some("%zz"))),
            ("".into(), "100%".into(), "%zz".into())
        );
    }

    #[test]
    fn an_arn_says_what_it_is_of() {
        assert_eq!(parts("arn:aws:iam::1:role/a/b/web"), ("role", "web"));
        assert_eq!(parts("arn:aws:iam::1:policy/web"), ("policy", "web"));
        assert_eq!(name_of("arn:aws:iam::1:instance-profile/web", "instance-profile").unwrap(), "web");
        for odd in ["web", "arn:aws:iam::1:policy/web", "", "role/web"] {
            assert!(name_of(odd, "role").is_err(), "{odd}");
        }
    }
}
