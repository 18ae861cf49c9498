//! What the kinds of Auto Scaling are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::FieldError;
pub(super) use sskuba_core::value::Value;

#[cfg(feature = "autoscaling")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
pub(super) use crate::texts::{Between, TextRule};
