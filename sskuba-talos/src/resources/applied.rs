//! A machine with its config.

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use super::mistakes::{Kind, addresses, machine, mistake, positive, reads};
use crate::api::Fingerprint;
use crate::yaml;

/// When a config takes effect.
const MODES: [&str; 5] = ["auto", "no-reboot", "reboot", "staged", "staged-if-needing-reboot"];

/// A machine with its config: sent in maintenance mode, or with the cluster's certificate once it has one.
///
/// Machines in use are changed one at a time: first the version of Talos, then the config, and where that reboots the
/// machine, etcd is healthy before and after. Talos and Kubernetes go up by one minor version at a time, and never down.
///
/// A machine that booted with its config, which its platform handed to it, is waited for and sent what it has not.
/// A machine of another cluster is left alone. A machine that is back in maintenance mode (wiped, or another one in
/// its place) counts as gone, so that the next `up` applies the config again. Deleting this leaves the machine as it
/// is; [`Reset`](super::Reset) resets it.
#[derive(Resource)]
#[resource(
    kind = "talos:machine:Applied",
    idempotency = "token",
    unique = "address",
    create = "60s",
    update = "300s",
    updates = 1,
    asks,
    delete = "1ms",
    may_be_away
)]
pub struct Applied {
    /// Where the machine is: `host` or `host:port`, or [`Reset::machine`](super::Reset) where `down` is to reset it.
    #[resource(force_new, normaliser = "machine")]
    address: Input<String>,
    /// The secrets of its cluster.
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// The config: [`Config::yaml`](super::Config).
    config: Input<Secret<String>>,
    /// The SHA-256 of the key that it must have in maintenance mode; any machine that answers is believed without.
    #[resource(write_only)]
    fingerprint: Option<Input<String>>,
    /// The version of Talos that it is to run, e.g. `v1.13.9`: a machine that runs another one gets it before its config.
    version: Option<Input<String>>,
    /// The installer's image of that version.
    #[resource(write_only)]
    image: Option<Input<String>>,
    /// The control planes of the cluster. A machine in use is changed only while etcd is healthy on all of them.
    #[resource(default, item = "control_plane", write_only, normaliser = "set")]
    control_planes: Input<Vec<String>>,
    /// When a later config takes effect: `auto`, `no-reboot`, `reboot`, `staged`, or
    /// `staged-if-needing-reboot`: at once where it needs no reboot, else at the next one.
    #[resource(default = "auto".to_owned(), write_only)]
    mode: Input<String>,
    /// For how many seconds the machine is waited for.
    #[resource(default = 600_u32, write_only)]
    timeout: Input<u32>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// Where the machine is, for what needs it configured.
    #[resource(computed, pattern = "{field:address}")]
    machine: Computed<String>,
}

impl Kind for Applied {
    const ADDRESSES: &'static [&'static str] = &["address", "control_planes"];

    fn mistakes(args: &AppliedArgs) -> Vec<FieldError> {
        let mut found: Vec<FieldError> = addresses("address", [&args.address]).collect();
        found.extend(args.fingerprint.as_ref().and_then(|text| reads::<Fingerprint>("fingerprint", text)));
        found.extend(addresses("control_planes", &args.control_planes));
        if args.version.is_some() != args.image.is_some() {
            found.push(mistake("version", "goes with an `image`, and an `image` with a version"));
        }
        found.extend(positive("timeout", args.timeout));
        if !MODES.contains(&args.mode.as_str()) {
            let message = format!("{:?} is none of {}", args.mode, MODES.join(", "));
            found.push(mistake("mode", message));
        }
        if let Err(error) = yaml::read(args.config.expose()) {
            found.push(mistake("config", error.to_string()));
        }
        found
    }
}
