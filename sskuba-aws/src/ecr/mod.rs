//! ECR: repositories of images.

mod lifecycle_policy;
mod prelude;
mod repository;
mod repository_policy;
#[cfg(feature = "ecr")]
mod service;

use sskuba_core::provider::Handlers;

pub use lifecycle_policy::{
    LifecyclePolicy, LifecyclePolicyArgs, LifecyclePolicyOutputs, LifecyclePolicyState,
};
pub use repository::{Repository, RepositoryArgs, RepositoryOutputs, RepositoryState};
pub use repository_policy::{
    RepositoryPolicy, RepositoryPolicyArgs, RepositoryPolicyOutputs, RepositoryPolicyState,
};

use crate::provider::Account;
#[cfg(not(feature = "ecr"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "ecr")]
type Kinds = crate::client::Kinds<service::Ecr>;

/// Adds the kinds of ECR.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account)
        .resource::<LifecyclePolicy>()
        .resource::<Repository>()
        .resource::<RepositoryPolicy>()
        .added()
}
