//! What the kinds of ECR are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::FieldError;

#[cfg(feature = "ecr")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
