//! Secrets Manager: secrets, their values, and who may read them.

mod prelude;
mod secret;
mod secret_policy;
mod secret_value;
mod secret_version;
#[cfg(feature = "secretsmanager")]
mod service;

use sskuba_core::provider::Handlers;

pub use secret::{Secret, SecretArgs, SecretOutputs, SecretState};
pub use secret_policy::{SecretPolicy, SecretPolicyArgs, SecretPolicyOutputs, SecretPolicyState};
pub use secret_value::{SecretValue, SecretValueArgs, SecretValueOutputs, SecretValueState};
pub use secret_version::{SecretVersion, SecretVersionArgs, SecretVersionOutputs, SecretVersionState};

use crate::provider::Account;
#[cfg(not(feature = "secretsmanager"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "secretsmanager")]
type Kinds = crate::client::Kinds<service::SecretsManager>;

/// Adds the kinds of Secrets Manager.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account)
        .resource::<Secret>()
        .resource::<SecretPolicy>()
        .resource::<SecretVersion>()
        .lookup::<SecretValue>()
        .added()
}
