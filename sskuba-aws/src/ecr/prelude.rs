//! What the kinds of ECR are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::value::Value;

#[cfg(feature = "ecr")]
pub(super) use super::service::*;
pub(super) use crate::kind::Kind;
pub(super) use crate::texts::AtMost;
