//! What becomes of a machine when it is not wanted any more.

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use super::mistakes::{Kind, addresses, machine, positive};

/// Says that a machine is reset when this is deleted: it leaves etcd, its disks are wiped, and it starts again
/// without a config. Made, it does nothing: a promise, recorded before the machine gets its config, so that there is no
/// instant in which a machine has one and nothing would reset it.
///
/// Control planes leave etcd one after the other, each once all other members answer. A machine that does not answer within
/// `timeout` is left as it is, with its record, and the others are reset; of a control plane the member of etcd is removed, so
/// that the next one can leave.
#[derive(Resource)]
#[resource(
    kind = "talos:machine:Reset",
    idempotency = "token",
    unique = "address",
    deleting = "wipes {address}",
    create = "1ms",
    update = "1ms",
    delete = "60s",
    may_be_away
)]
pub struct Reset {
    /// Where the machine is: `host` or `host:port`.
    #[resource(force_new, normaliser = "machine")]
    address: Input<String>,
    /// The secrets of its cluster.
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// The control planes of the cluster, which says that it is one of them where it is among them.
    #[resource(default, item = "control_plane", write_only, normaliser = "set")]
    control_planes: Input<Vec<String>>,
    /// Whether it leaves etcd first, and is drained; the last member of etcd has nothing to leave.
    #[resource(default = true, write_only)]
    graceful: Input<bool>,
    /// Whether it starts again; else it is switched off, as is right for a machine that would boot with its user data.
    #[resource(default = true, write_only)]
    reboot: Input<bool>,
    /// Labels of the system's partitions to wipe, e.g. `STATE` and `EPHEMERAL`; all of the disk if there is none.
    #[resource(default, item = "partition", write_only)]
    partitions: Input<Vec<String>>,
    /// For how many seconds it is waited for.
    #[resource(default = 600_u32, write_only)]
    timeout: Input<u32>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// Where the machine is, for its [`Applied`](super::Applied), which comes after this and goes before it.
    #[resource(computed, pattern = "{field:address}")]
    machine: Computed<String>,
}

impl Kind for Reset {
    const ADDRESSES: &'static [&'static str] = &["address", "control_planes"];

    fn mistakes(args: &ResetArgs) -> Vec<FieldError> {
        addresses("address", [&args.address])
            .chain(addresses("control_planes", &args.control_planes))
            .chain(positive("timeout", args.timeout))
            .collect()
    }
}
