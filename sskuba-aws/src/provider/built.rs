//! The provider with its client.

use sskuba_core::provider::Handlers;

use super::{NAME, ec2, elbv2, lookup};
use crate::client::Client;
use crate::settings::{self, ProviderArgs};

/// Returns the provider that is configured as the environment says.
pub(super) fn handlers() -> Handlers {
    let nothing = ProviderArgs {
        region: None,
        profile: None,
        endpoint: None,
        default_tags: Default::default(),
        assume_role_arn: None,
        assume_role_external_id: None,
    };
    configured(nothing)
}

fn configured(settings: ProviderArgs) -> Handlers {
    let client = Client::new(settings);
    let here = client.clone();
    with_kinds!(Handlers::new(NAME), client.clone(), client.clone())
        .locate(move || {
            let here = here.clone();
            async move { here.place().await }
        })
        .settings::<settings::Provider, _>(|settings| async { Ok(configured(settings)) })
}
