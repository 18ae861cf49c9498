//! Providers: the contract, typed handlers over it, and how a provider is found.

mod contract;
mod error;
mod registry;
mod typed;

pub use contract::{Change, Cx, Limits, Object, Prior, Provider};
pub use error::{Class, Effect, Failure};
pub use registry::{Registry, RegistryError};
pub use typed::{Handler, Handlers, LookupHandler, TypedChange, TypedObject, TypedPrior};
