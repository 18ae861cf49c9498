//! Systems Manager: parameters.

mod parameter;
mod prelude;
#[cfg(feature = "ssm")]
mod service;

use sskuba_core::provider::Handlers;

pub use parameter::{Parameter, ParameterArgs, ParameterOutputs, ParameterState};

use crate::provider::Account;
#[cfg(not(feature = "ssm"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "ssm")]
type Kinds = crate::client::Kinds<service::Ssm>;

/// Adds the kinds of Systems Manager.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account).resource::<Parameter>().added()
}
