//! The config of machines that are alike.

use sskuba_core::prelude::*;
use sskuba_core::resource::Migrate;
use sskuba_core::schema::{FieldError, FieldType, Shape};
use sskuba_core::secret::Secret;
use sskuba_core::value::{Map, Value};

use super::mistakes::{Kind, mistake};
use crate::config;
use crate::patch::Patch;
use crate::user_data::{Platform, user_data};
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
    version = 2,
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
    /// What hands the config to machines as they boot, so that it is known in the plan whether it takes that much: `aws`,
    /// `azure`, `vmware`, or `other`, which takes all. While the secrets are not known, a key of theirs is not counted.
    #[resource(default)]
    user_data_for: Input<Platform>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// The config: one or more YAML documents.
    #[resource(volatile, pattern = "{alnum:64}")]
    yaml: Computed<Secret<String>>,
    /// The config as user data, custom data or guestinfo: gzip in base64. A machine that boots with it is never in
    /// maintenance mode.
    #[resource(volatile, pattern = "{alnum:64}")]
    user_data: Computed<Secret<String>>,
}

impl Migrate for Config {
    /// The first version had no user data.
    fn migrate(_: u32, _: &mut Map, outputs: &mut Map) {
        if outputs.contains_key("user_data") {
            return;
        }
        let yaml = outputs.get("yaml").map(Value::reveal).and_then(Value::as_str).unwrap_or_default();
        let packed = user_data(&Secret::new(yaml.to_owned()), Platform::Other).unwrap_or_default();
        outputs.insert("user_data".to_owned(), Value::from(packed.expose().as_str()).into_secret());
    }
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
