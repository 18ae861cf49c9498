//! Access to the machine API, for people.

use sskuba_core::prelude::*;
use sskuba_core::resource::Migrate;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;
use sskuba_core::value::Map;

use super::mistakes::{Kind, addresses, mistake, positive, reads};
use crate::handlers::without_renewal;
use crate::secrets::Role;

/// A talosconfig: the file with which `talosctl` reaches a cluster's machines, with a certificate of its own.
///
/// A certificate cannot be taken back, only outlived, so it is valid for eight hours by default. From `renew_at` on
/// the next plan makes another in its place.
#[derive(Resource)]
#[resource(
    kind = "talos:cluster:Talosconfig",
    version = 2,
    idempotency = "token",
    create = "1ms",
    update = "1ms",
    delete = "1ms"
)]
pub struct Talosconfig {
    /// The secrets of the cluster.
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// The name of the context: that of the cluster.
    cluster: Input<String>,
    /// Addresses of control planes, which calls go through.
    #[resource(item = "endpoint")]
    endpoints: Input<Vec<String>>,
    /// Addresses of the machines that are meant where a command names none.
    #[resource(default, item = "node")]
    nodes: Input<Vec<String>>,
    /// What its bearer may do: `os:admin`, `os:operator`, `os:reader`, `os:etcd:backup` and others of Talos's roles.
    #[resource(default = vec!["os:admin".to_owned()], item = "role", normaliser = "set")]
    roles: Input<Vec<String>>,
    /// For how many hours it is valid.
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
    talosconfig: Computed<Secret<String>>,
    /// When its certificate expires: milliseconds since 1970.
    #[resource(expires)]
    expires: Computed<u64>,
    /// From when on the next plan makes it anew, in place: milliseconds since 1970.
    #[resource(renew_at)]
    renew_at: Computed<u64>,
}

impl Migrate for Talosconfig {
    fn migrate(from: u32, _: &mut Map, outputs: &mut Map) {
        without_renewal(from, outputs);
    }
}

impl Kind for Talosconfig {
    const ADDRESSES: &'static [&'static str] = &["endpoints", "nodes"];

    fn mistakes(args: &TalosconfigArgs) -> Vec<FieldError> {
        let mut found: Vec<FieldError> = addresses("endpoints", &args.endpoints)
            .chain(addresses("nodes", &args.nodes))
            .chain(args.roles.iter().filter_map(|role| reads::<Role>("roles", role)))
            .chain(positive("hours", args.hours))
            .collect();
        if args.cluster.is_empty() {
            found.push(mistake("cluster", "is empty; it names the context"));
        }
        if args.endpoints.is_empty() {
            found
                .push(mistake("endpoints", "names no control plane; `talosctl` would not know whom to call"));
        }
        if args.roles.is_empty() {
            found.push(mistake("roles", "is empty; without a role its bearer may do nothing"));
        }
        if args.hours > 0 && args.renew_before.is_some_and(|before| before >= args.hours) {
            let message = "must be less than `hours`, or every one is old when it is made";
            found.push(mistake("renew_before", message));
        }
        found
    }
}
