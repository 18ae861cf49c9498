//! STS: whom the credentials belong to.

mod caller_identity;
#[cfg(feature = "sts")]
mod service;

use sskuba_core::provider::Handlers;

pub use caller_identity::{CallerIdentity, CallerIdentityArgs, CallerIdentityOutputs, CallerIdentityState};

use crate::provider::Account;
#[cfg(not(feature = "sts"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "sts")]
type Kinds = crate::client::Kinds<service::Sts>;

/// Adds the kinds of STS.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account).lookup::<CallerIdentity>().added()
}
