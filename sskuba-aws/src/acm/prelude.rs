//! What the kinds of ACM are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::FieldError;
pub(super) use sskuba_core::value::Value;

#[cfg(feature = "acm")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
