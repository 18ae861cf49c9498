//! Providers: the contract, typed handlers over it, and how a provider is found.

mod bounds;
mod builtin;
mod contract;
mod earlier_secrets;
mod erased;
mod error;
mod foresight;
mod handler;
mod handlers;
mod hook;
mod place;
mod redaction;
mod registry;
mod resealing;
mod spellings;
mod texts;
mod typed;

/// What is wrong with an input, as a handler's `check` says it.
pub use crate::schema::FieldError;
/// What an implementation of [`Handler`], [`Provider`] or [`Instance`] is marked with.
pub use async_trait::async_trait;
pub(crate) use bounds::{failed, found, made, seen};

pub use contract::{Change, Cx, Instance, Limits, Object, Prior, Provider, Readiness};
pub(crate) use earlier_secrets::EarlierSecrets;
pub use error::{Class, Effect, Failure};
pub use foresight::{Detail, Foresight};
pub use handler::{Complete, Find, Finds, Handler, LookupHandler, Readies, Ready, Update, Updates};
pub use handlers::{Handlers, IntoInstance, MadeInstance};
pub(crate) use hook::FoundHook;
pub use hook::{Hook, HookCall};
pub use place::Place;
pub(crate) use redaction::Redaction;
pub use registry::{Registry, RegistryError};
pub(crate) use resealing::{resealed, sealed_like, still_secret};
pub(crate) use texts::Texts;
pub use typed::{TypedChange, TypedObject, TypedPrior, TypedReadiness};
