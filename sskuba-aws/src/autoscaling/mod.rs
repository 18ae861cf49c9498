//! Auto Scaling: groups of machines that AWS launches and replaces.

mod group;
mod prelude;
#[cfg(feature = "autoscaling")]
mod service;

use sskuba_core::provider::Handlers;

pub use group::{Group, GroupArgs, GroupOutputs, GroupState, HealthCheck};

use crate::provider::Account;
#[cfg(not(feature = "autoscaling"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "autoscaling")]
type Kinds = crate::client::Kinds<service::AutoScaling>;

/// Adds the kinds of Auto Scaling.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account).resource::<Group>().added()
}
