//! Authorities of a cluster that are replaced while it runs.

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use super::mistakes::{Kind, addresses, mistake, positive};
use crate::secrets::Bundle;

/// The secrets of a cluster, with authorities that can be replaced while it runs. It stands between [`Secrets`](super::Secrets)
/// and all that uses them: give its `bundle` to configs, machines and everybody else.
///
/// Another text of `os` or `kubernetes` begins a rotation. It has three stages, one in each `up`: machines accept a new
/// authority beside the old one; they have the new one and accept the old one; only the new one is left. The next stage is due
/// at once, and begins when every machine runs with the authorities of this one: one that does not answer, or has another
/// config, is waited for, and never cut off. A run that stops goes on with the next one.
///
/// Keep it in the program: the authorities that a rotation made are only here. Without it the cluster would be spoken to with
/// those of before, and would not listen.
#[derive(Resource)]
#[resource(
    kind = "talos:secrets:Rotation",
    idempotency = "token",
    guarded,
    asks,
    create = "10ms",
    update = "1s",
    delete = "1ms"
)]
pub struct Rotation {
    /// The secrets that the cluster was made with: [`Secrets::bundle`](super::Secrets).
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// Addresses of all machines of the cluster, as [`Applied`](super::Applied) has them.
    #[resource(write_only, normaliser = "set")]
    machines: Input<Vec<String>>,
    /// The authority of the machine API by a name of yours, such as a date: another name replaces it.
    os: Option<Input<String>>,
    /// The authority of Kubernetes by a name of yours: another name replaces it.
    kubernetes: Option<Input<String>>,
    /// For how many seconds a machine is waited for before a stage.
    #[resource(default = 10_u32, write_only)]
    timeout: Input<u32>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// The secrets as they are now, with the authorities that are accepted besides: the text of a `secrets.yaml`.
    #[resource(volatile, pattern = "{alnum:64}")]
    bundle: Computed<Secret<String>>,
    /// Where it is: `settled`, or what is rotated and its stage, such as `os accept-new`.
    #[resource(volatile)]
    stage: Computed<String>,
    /// A rotation that is not at its end, with both authorities.
    #[resource(volatile)]
    rotation: Computed<Option<Secret<String>>>,
    /// The names of the authorities that the cluster has, or is about to have: `os` and `kubernetes`.
    #[resource(volatile)]
    names: Computed<Vec<Option<String>>>,
    /// When the next stage is due: at once, while there is one.
    #[resource(renew_at)]
    renew_at: Computed<Option<u64>>,
}

impl Kind for Rotation {
    const ADDRESSES: &'static [&'static str] = &["machines"];

    fn mistakes(args: &RotationArgs) -> Vec<FieldError> {
        let mut found: Vec<FieldError> =
            addresses("machines", &args.machines).chain(positive("timeout", args.timeout)).collect();
        if args.machines.is_empty() {
            found.push(mistake("machines", "names none; whoever has not the new authority would be cut off"));
        }
        if let Err(error) = Bundle::from_yaml(args.secrets.expose()) {
            found.push(mistake("secrets", error.to_string()));
        }
        found
    }
}
