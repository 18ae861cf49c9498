//! IAM: roles, policies, and who may take a role.
//!
//! IAM is one service for all regions. Its objects are recorded in the region of the provider instance that made them; to hand
//! them to an instance of another region is a replacement like any other, so leave them where they are.

mod instance_profile;
mod open_id_connect_provider;
mod policy;
mod prelude;
mod role;
mod role_policy;
mod role_policy_attachment;
#[cfg(feature = "iam")]
mod service;

use sskuba_core::provider::Handlers;

pub use instance_profile::{
    InstanceProfile, InstanceProfileArgs, InstanceProfileOutputs, InstanceProfileState,
};
pub use open_id_connect_provider::{
    OpenIdConnectProvider, OpenIdConnectProviderArgs, OpenIdConnectProviderOutputs,
    OpenIdConnectProviderState,
};
pub use policy::{Policy, PolicyArgs, PolicyOutputs, PolicyState};
pub use role::{Role, RoleArgs, RoleOutputs, RoleState};
pub use role_policy::{RolePolicy, RolePolicyArgs, RolePolicyOutputs, RolePolicyState};
pub use role_policy_attachment::{
    RolePolicyAttachment, RolePolicyAttachmentArgs, RolePolicyAttachmentOutputs, RolePolicyAttachmentState,
};

use crate::provider::Account;
#[cfg(not(feature = "iam"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "iam")]
type Kinds = crate::client::Kinds<service::Iam>;

/// Adds the kinds of IAM.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account)
        .resource::<InstanceProfile>()
        .resource::<OpenIdConnectProvider>()
        .resource::<Policy>()
        .resource::<Role>()
        .resource::<RolePolicy>()
        .resource::<RolePolicyAttachment>()
        .added()
}
