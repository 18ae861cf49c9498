//! The clients: what talks to AWS.
//!
//! A kind says how it is described, made, deleted and reported ([`Operations`]); the handler that follows from it is in
//! [`handler`]. Here is also what is common to all kinds: configuration ([`account`]), which objects are ours
//! ([`owner`]), when an object can be used ([`wait`]), how many can be asked for at once ([`batch`]), and what a failure
//! means ([`failure`]).

mod account;
mod api;
mod batch;
mod batches;
mod call;
mod code;
mod document;
mod failure;
mod handler;
mod operations;
mod owner;
mod retry;
mod sent_creates;
mod wait;

pub(crate) use account::Account;
pub(crate) use api::{Api, Aws, Objects, Service};
pub(crate) use batches::{Batched, one_by_one, together};
pub(crate) use call::Call;
pub(crate) use code::Meaning;
pub(crate) use document::same_document;
pub(crate) use failure::{Outcome, gone_is_fine, means, named, reason, refusal};
pub(crate) use handler::Kinds;
pub(crate) use operations::{
    Found, LookupOperation, Operations, ReadinessOperation, Report, UpdateOperation, Which,
};
pub(crate) use owner::{met, refuse_foreign};
pub(crate) use retry::RetryRefused;
pub(crate) use wait::{Look, accepted, gone, until, unused, visible};

/// Returns an optional text, empty if it is not there.
pub(crate) fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// Returns an optional text as it is reported: one that is empty is not set.
pub(crate) fn given(value: Option<&str>) -> Option<String> {
    value.filter(|text| !text.is_empty()).map(str::to_owned)
}
