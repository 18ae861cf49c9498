//! CloudWatch Logs: groups of logs.

mod log_group;
mod prelude;
#[cfg(feature = "logs")]
mod service;

use sskuba_core::provider::Handlers;

pub use log_group::{LogGroup, LogGroupArgs, LogGroupClass, LogGroupOutputs, LogGroupState};

use crate::provider::Account;
#[cfg(not(feature = "logs"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "logs")]
type Kinds = crate::client::Kinds<service::Logs>;

/// Adds the kinds of CloudWatch Logs.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account).resource::<LogGroup>().added()
}
