//! The provider: with the machine API's client, or without it.

use std::sync::Arc;

use sskuba_core::provider::{Handlers, Limits, Provider};
use sskuba_core::schema::Schema;

#[cfg(feature = "client")]
use crate::client::Settings;
use crate::handlers::{LocalKinds, Machines, machine_kind};
use crate::resources::{
    Applied, Bootstrap, Config, Health, Image, KeyPair, Kubeconfig, Reset, Rotation, Sealed, Secrets,
    Talosconfig, Upgrade,
};

/// The name of the provider: the first part of its kinds.
const NAME: &str = "talos";

/// As many machines at once as anybody waits for; each is asked by its own calls alone.
const LIMITS: Limits = Limits { parallel: 128, per_second: None, reads: 64 };

/// Adds all kinds: those that need no machine, and those that do.
fn handlers(machines: &Machines) -> Handlers {
    let local = LocalKinds::new(machines.clock());
    let here = Handlers::anywhere(NAME)
        .limits(LIMITS)
        .resource::<Secrets>(local.clone())
        .resource::<Config>(local.clone())
        .resource::<KeyPair>(local.clone())
        .resource::<Sealed>(local.clone())
        .resource::<Talosconfig>(local);
    let kinds = [
        machine_kind::<Applied>,
        machine_kind::<Bootstrap>,
        machine_kind::<Health>,
        machine_kind::<Image>,
        machine_kind::<Kubeconfig>,
        machine_kind::<Reset>,
        machine_kind::<Rotation>,
        machine_kind::<Upgrade>,
    ];
    kinds.into_iter().fold(here, |handlers, kind| kind(handlers, machines))
}

/// Returns the schemas of all kinds.
///
/// ```
/// let kinds: Vec<String> = sskuba_talos::schemas().iter().map(|schema| schema.kind.to_string()).collect();
/// assert!(kinds.contains(&"talos:machine:Applied".to_owned()));
/// ```
pub fn schemas() -> Vec<Arc<Schema>> {
    handlers(&Machines::default()).schemas()
}

/// Returns the provider. With the feature `client` it talks to machines; without it, it makes secrets and configs,
/// knows its other kinds and checks their inputs, and refuses their calls.
pub fn provider() -> Arc<dyn Provider> {
    Arc::new(handlers(&Machines::default()))
}

/// Returns the provider with settings of its own, e.g. a [`Dialer`](crate::client::Dialer) that reaches machines
/// behind a proxy.
#[cfg(feature = "client")]
pub fn provider_with(settings: Settings) -> Arc<dyn Provider> {
    Arc::new(handlers(&Machines::new(settings)))
}
