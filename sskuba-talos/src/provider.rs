//! The provider: with the machine API's client, or without it.

use std::sync::Arc;

use sskuba_core::provider::{Handlers, Limits, Provider};
use sskuba_core::schema::Schema;

#[cfg(feature = "client")]
use crate::client::Settings;
#[cfg(feature = "client")]
use crate::handlers::Api;
use crate::handlers::{Here, Unbuilt};
use crate::resources::{Applied, Bootstrap, Config, Health, Kubeconfig, Reset, Secrets, Upgrade};

/// The name of the provider: the first part of its kinds.
const NAME: &str = "talos";

/// As many machines at once as anybody waits for; each is asked by its own calls alone.
const LIMITS: Limits = Limits { parallel: 128, per_second: None };

/// Adds a handler for every kind; `$api` makes one for those that need a machine.
macro_rules! with_kinds {
    ($here:expr, $api:expr) => {
        Handlers::new(NAME)
            .limits(LIMITS)
            .resource::<Secrets>($here)
            .resource::<Config>($here)
            .resource::<Applied>($api)
            .resource::<Bootstrap>($api)
            .resource::<Health>($api)
            .resource::<Kubeconfig>($api)
            .resource::<Reset>($api)
            .resource::<Upgrade>($api)
    };
}

/// Returns the schemas of all kinds.
///
/// ```
/// let kinds: Vec<String> = sskuba_talos::schemas().iter().map(|schema| schema.kind.to_string()).collect();
/// assert!(kinds.contains(&"talos:machine:Applied".to_owned()));
/// ```
pub fn schemas() -> Vec<Arc<Schema>> {
    with_kinds!(Here::default(), Unbuilt).schemas()
}

/// Returns the provider. With the feature `client` it talks to machines; without it, it makes secrets and configs,
/// knows its other kinds and checks their inputs, and refuses their calls.
pub fn provider() -> Arc<dyn Provider> {
    #[cfg(feature = "client")]
    return provider_with(Settings::default());
    #[cfg(not(feature = "client"))]
    return Arc::new(with_kinds!(Here::default(), Unbuilt));
}

/// Returns the provider with settings of its own, e.g. a [`Dialer`](crate::client::Dialer) that reaches machines
/// behind a proxy.
#[cfg(feature = "client")]
pub fn provider_with(settings: Settings) -> Arc<dyn Provider> {
    let api = Api::new(settings);
    Arc::new(with_kinds!(Here::default(), api.clone()))
}
