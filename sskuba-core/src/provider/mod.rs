//! Providers: the contract, typed handlers over it, and how a provider is found.

mod contract;
mod error;
mod registry;
mod resealing;
mod told;
mod typed;

pub use contract::{Change, Cx, Limits, Object, Prior, Provider};
pub use error::{Class, Effect, Failure};
pub use registry::{Registry, RegistryError};
pub(crate) use resealing::resealed;
pub(crate) use told::{Texts, Told};
pub use typed::{Handler, Handlers, LookupHandler, TypedChange, TypedObject, TypedPrior};
