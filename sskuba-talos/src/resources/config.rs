//! The config of machines that are alike.

use sskuba_core::prelude::*;
use sskuba_core::schema::{FieldError, FieldType, Shape};
use sskuba_core::secret::Secret;

use super::mistakes::{Kind, mistake};
use crate::config;
use crate::patch::Patch;
use crate::validate::Mode;

impl Shape for config::Input {
    fn shape() -> FieldType {
        FieldType::Any
    }
}

impl Shape for config::Role {
    fn shape() -> FieldType {
        FieldType::Any
    }
}

/// The config of machines that are alike. It is made here and sent nowhere; [`Applied`](super::Applied) sends it.
///
/// It is validated as Talos would, and more strictly; see [`validate`](crate::validate).
#[derive(Resource)]
#[resource(
    kind = "talos:machine:Config",
    idempotency = "token",
    create = "10ms",
    update = "10ms",
    delete = "1ms"
)]
pub struct Config {
    /// The cluster's secrets: [`Secrets::bundle`](super::Secrets), or the text of a `secrets.yaml`.
    secrets: Input<Secret<String>>,
    /// What the cluster is to be.
    cluster: Input<config::Input>,
    /// What these machines are for.
    role: Input<config::Role>,
    /// The URL of the Kubernetes API, where it comes from another resource; else that in `cluster`.
    endpoint: Option<Input<String>>,
    /// Patches, strategic or JSON, applied in order.
    #[resource(default, item = "patch")]
    patches: Input<Vec<Secret<String>>>,
    /// What the machines run on.
    #[resource(default = Mode::Metal)]
    platform: Input<Mode>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// The config: one or more YAML documents.
    #[resource(volatile, pattern = "{alnum:64}")]
    yaml: Computed<Secret<String>>,
}

impl Kind for Config {
    fn mistakes(args: &ConfigArgs) -> Vec<FieldError> {
        let mut found: Vec<FieldError> = Vec::new();
        for (index, patch) in args.patches.iter().enumerate() {
            if let Err(error) = Patch::parse(patch.expose()) {
                found.push(mistake("patches", format!("number {}: {error}", index + 1)));
            }
        }
        found
    }
}
