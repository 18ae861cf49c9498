//! What the kinds of S3 are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::FieldError;

#[cfg(feature = "s3")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
