//! The version of Talos on the machines of a cluster.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use super::mistakes::{Kind, addresses, mistake, positive};

/// The version of Talos on machines of a cluster. They are upgraded one at a time, control planes first as they are
/// listed; before and after each, etcd must be healthy; at the first machine that is not, it stops.
///
/// What has the version already is passed over, so a stopped upgrade goes on with the next `up`.
#[derive(Resource)]
#[resource(
    kind = "talos:machine:Upgrade",
    idempotency = "token",
    create = "600s",
    update = "600s",
    delete = "1ms",
    may_be_away
)]
pub struct Upgrade {
    /// The secrets of the cluster.
    #[resource(write_only)]
    secrets: Input<Secret<String>>,
    /// The control planes, in the order in which they are upgraded.
    #[resource(item = "control_plane")]
    control_planes: Input<Vec<String>>,
    /// The workers, which follow.
    #[resource(default, item = "worker")]
    workers: Input<Vec<String>>,
    /// The version that they are to have, e.g. `v1.13.9`.
    version: Input<String>,
    /// The installer's image, e.g. `ghcr.io/siderolabs/installer:v1.13.9`, or one of Image Factory.
    image: Input<String>,
    /// For how many seconds each machine is waited for.
    #[resource(default = 900_u32, write_only)]
    timeout: Input<u32>,
    /// What must be there first, or whose change looks at all machines again.
    #[resource(default, entry = "trigger", write_only)]
    triggers: Input<BTreeMap<String, String>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
}

impl Kind for Upgrade {
    const ADDRESSES: &'static [&'static str] = &["control_planes", "workers"];

    fn mistakes(args: &UpgradeArgs) -> Vec<FieldError> {
        let mut found: Vec<FieldError> = addresses("control_planes", &args.control_planes)
            .chain(addresses("workers", &args.workers))
            .chain(positive("timeout", args.timeout))
            .collect();
        if args.control_planes.is_empty() {
            found.push(mistake("control_planes", "names none; without one etcd cannot be watched"));
        }
        let digits = args.version.strip_prefix('v').unwrap_or_default();
        if digits.split('.').count() < 3 || !digits.starts_with(|first: char| first.is_ascii_digit()) {
            found.push(mistake("version", format!("{:?} is no version, e.g. v1.13.9", args.version)));
        }
        let tag = args.image.rsplit_once(':').map(|(_, tag)| tag);
        if !args.image.contains("@sha256:") && tag != Some(args.version.as_str()) {
            let message = format!("{:?} is not of the version {}", args.image, args.version);
            found.push(mistake("image", message));
        }
        found
    }
}
