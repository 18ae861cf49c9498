//! Providers: the contract, typed handlers over it, and how a provider is found.

mod bounds;
mod contract;
mod error;
mod heard;
mod registry;
mod spellings;
mod texts;
mod told;
mod typed;

pub(crate) use bounds::{failed, found, made, seen};
pub use contract::{Change, Cx, Limits, Object, Prior, Provider};
pub use error::{Class, Effect, Failure};
pub(crate) use heard::Heard;
pub use registry::{Registry, RegistryError};
pub(crate) use texts::Texts;
pub(crate) use told::Told;
pub use typed::{Handler, Handlers, LookupHandler, TypedChange, TypedObject, TypedPrior};
