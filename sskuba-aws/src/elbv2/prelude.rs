//! What the kinds of Elastic Load Balancing are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::{Differing, FieldError};
pub(super) use sskuba_core::value::Value;

#[cfg(feature = "elbv2")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
pub(super) use crate::texts::Between;
