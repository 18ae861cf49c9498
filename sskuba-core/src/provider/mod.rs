//! Providers: the contract, typed handlers over it, and how a provider is found.

mod contract;
mod error;
mod handlers;
mod place;
mod registry;
mod resealing;
mod told;
mod typed;

pub use contract::{Change, Cx, Instance, Limits, Object, Prior, Provider};
pub use error::{Class, Effect, Failure};
pub use handlers::{Handlers, IntoInstance, MadeInstance};
pub use place::Place;
pub use registry::{Registry, RegistryError};
pub(crate) use resealing::resealed;
pub(crate) use told::{Texts, Told};
pub use typed::{Handler, LookupHandler, TypedChange, TypedObject, TypedPrior};
