//! What the kinds of Secrets Manager are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::FieldError;

#[cfg(feature = "secretsmanager")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
pub(super) use crate::texts::{AtMost, TextRule};
