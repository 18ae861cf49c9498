//! What the kinds of IAM are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::FieldError;
pub(super) use sskuba_core::value::Value;

#[cfg(feature = "iam")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
pub(super) use crate::texts::{AtMost, Between, TextRule};

/// What AWS takes as the name of a policy or an instance profile
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub(super) const NAMES: TextRule = TextRule { longest: 128, signs: "+=,.@_-", inner: "", reserved: "" };

/// What it takes as the name of a role.
pub(super) const ROLE_NAMES: TextRule = TextRule { longest: 64, ..NAMES };

/// Says what is wrong with a path.
pub(super) fn is_path(path: &Value) -> Option<String> {
    let path = path.as_str()?;
    let is_one = path.starts_with('/') && path.ends_with('/') && path.len() <= 512;
    let is_seen = path.chars().all(|c| c.is_ascii_graphic());
    (!is_one || !is_seen)
        .then(|| format!("{path:?} is no path: AWS takes `/`, or one that begins and ends with it"))
}

/// What it takes as a description.
pub(super) const WORDS: AtMost = AtMost(1000);
