//! The secrets of a cluster.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use super::mistakes::{Kind, mistake, reads};
use crate::contract::Contract;
use crate::secrets::Bundle;

/// The secrets of a cluster: made once, or taken from a `secrets.yaml` of Talos's own tools; then recorded.
///
/// Making them takes as long as an RSA key of 4096 bits does: seconds.
#[derive(Resource)]
#[resource(
    kind = "talos:secrets:Bundle",
    idempotency = "token",
    create = "5s",
    update = "1ms",
    delete = "1ms"
)]
pub struct Secrets {
    /// The version of Talos that they are for, e.g. `1.13`.
    #[resource(default = Contract::default().to_string(), force_new)]
    contract: Input<String>,
    /// A `secrets.yaml` to take instead of making new ones.
    #[resource(force_new)]
    import: Option<Input<Secret<String>>>,
    /// Values whose change makes new ones; a cluster made with the old ones is lost by that.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// The id: that of the cluster at the discovery service.
    #[resource(computed, id, pattern = "{hex:32}")]
    id: Computed<String>,
    /// The secrets, as the text of a `secrets.yaml`.
    #[resource(pattern = "{alnum:64}")]
    bundle: Computed<Secret<String>>,
}

impl Kind for Secrets {
    fn mistakes(args: &SecretsArgs) -> Vec<FieldError> {
        let mut found: Vec<FieldError> = reads::<Contract>("contract", &args.contract).into_iter().collect();
        if let Some(text) = &args.import
            && let Err(error) = Bundle::from_yaml(text.expose())
        {
            found.push(mistake("import", error.to_string()));
        }
        found
    }
}
