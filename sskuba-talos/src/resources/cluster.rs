//! What makes machines a cluster.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::resource::Migrate;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;
use sskuba_core::value::Map;

use super::mistakes::{Kind, addresses, mistake, positive};
use crate::handlers::without_renewal;

/// The start of etcd, once in the life of a cluster, on one control plane.
///
/// Where etcd runs on any of the control planes that are named, it was started before, and is not started again: a
/// machine that was installed anew joins it. So name them all. Deleting this does nothing: etcd goes with its machines.
#[derive(Resource)]
#[resource(
    kind = "talos:cluster:Bootstrap",
    idempotency = "token",
    create = "60s",
    update = "1s",
    delete = "1ms",
    may_be_away
)]
pub struct Bootstrap {
    /// The control plane to start etcd on: [`Applied::machine`](super::Applied).
    address: Input<String>,
    /// The secrets of the cluster.
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// All control planes: [`Applied::machine`](super::Applied) of each.
    #[resource(default, item = "control_plane", write_only, normaliser = "set")]
    control_planes: Input<Vec<String>>,
    /// For how many seconds the machine may not be ready for it.
    #[resource(default = 600_u32, write_only)]
    timeout: Input<u32>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// A control plane whose etcd runs, for what needs a cluster.
    #[resource(computed, volatile, pattern = "{field:address}")]
    machine: Computed<String>,
}

impl Kind for Bootstrap {
    const ADDRESSES: &'static [&'static str] = &["address", "control_planes"];

    fn mistakes(args: &BootstrapArgs) -> Vec<FieldError> {
        addresses("address", [&args.address])
            .chain(addresses("control_planes", &args.control_planes))
            .chain(positive("timeout", args.timeout))
            .collect()
    }
}

/// A cluster that is healthy: all members are there, and Kubernetes' control plane and nodes are ready.
#[derive(Resource)]
#[resource(
    kind = "talos:cluster:Health",
    idempotency = "token",
    create = "180s",
    update = "60s",
    delete = "1ms"
)]
pub struct Health {
    /// The control plane that checks: [`Bootstrap::machine`].
    address: Input<String>,
    /// The secrets of the cluster.
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// Addresses of all control planes, as the machines know them; whom they find if there is none.
    #[resource(default, item = "control_plane", write_only, normaliser = "set")]
    control_planes: Input<Vec<String>>,
    /// Addresses of all workers.
    #[resource(default, item = "worker", write_only, normaliser = "set")]
    workers: Input<Vec<String>>,
    /// For how many seconds it is waited for.
    #[resource(default = 900_u32, write_only)]
    timeout: Input<u32>,
    /// Values whose change checks again.
    #[resource(default, entry = "trigger", write_only)]
    triggers: Input<BTreeMap<String, String>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// The control plane that checked, for what needs a healthy cluster.
    #[resource(computed, volatile, pattern = "{field:address}")]
    machine: Computed<String>,
}

impl Kind for Health {
    const ADDRESSES: &'static [&'static str] = &["address"];

    fn mistakes(args: &HealthArgs) -> Vec<FieldError> {
        addresses("address", [&args.address]).chain(positive("timeout", args.timeout)).collect()
    }
}

/// An administrator's kubeconfig. It is fetched from a control plane, or made with the cluster's own CA if none is named.
///
/// From `renew_at` on the next plan makes another in its place; what needs no more of it than that it is there, or its id, is
/// left alone.
#[derive(Resource)]
#[resource(
    kind = "talos:cluster:Kubeconfig",
    version = 2,
    idempotency = "token",
    create = "2s",
    update = "2s",
    delete = "1ms"
)]
pub struct Kubeconfig {
    /// The secrets of the cluster.
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// The name of the cluster.
    cluster: Input<String>,
    /// The URL of the Kubernetes API.
    endpoint: Input<String>,
    /// The control plane that makes it: [`Bootstrap::machine`]. Its config says for how long.
    address: Option<Input<String>>,
    /// For how many hours one that is made here is valid.
    #[resource(default = 8_u32, write_only)]
    hours: Input<u32>,
    /// How many hours before its end it is made anew; after two thirds of its time where this is left out.
    #[resource(write_only)]
    renew_before: Option<Input<u32>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// The file.
    #[resource(volatile, pattern = "{alnum:64}")]
    kubeconfig: Computed<Secret<String>>,
    /// When its certificate expires: milliseconds since 1970.
    #[resource(expires)]
    expires: Computed<u64>,
    /// From when on the next plan makes it anew, in place: milliseconds since 1970.
    #[resource(renew_at)]
    renew_at: Computed<u64>,
}

impl Migrate for Kubeconfig {
    fn migrate(from: u32, _: &mut Map, outputs: &mut Map) {
        without_renewal(from, outputs);
    }
}

impl Kind for Kubeconfig {
    const ADDRESSES: &'static [&'static str] = &["address"];

    fn mistakes(args: &KubeconfigArgs) -> Vec<FieldError> {
        let mut found: Vec<FieldError> = addresses("address", &args.address).collect();
        found.extend(positive("hours", args.hours));
        if args.address.is_none() && args.renew_before.is_some_and(|before| before >= args.hours) {
            found.push(mistake(
                "renew_before",
                "must be less than `hours`, or every one is old when it is made",
            ));
        }
        if !args.endpoint.starts_with("https://") {
            found.push(mistake("endpoint", "must be a URL with https://, e.g. https://base:6443"));
        }
        found
    }
}
