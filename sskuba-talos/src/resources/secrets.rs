//! The secrets of a cluster.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use sskuba_core::value::Value;

use super::mistakes::{Kind, mistake, reads};
use crate::contract::Contract;
use crate::secrets::Bundle;

/// The secrets of a cluster: made once, or taken from a `secrets.yaml` of Talos's own tools; then recorded.
///
/// Other ones cut the cluster off, so nothing replaces them but other `triggers` or another `import`, and that only
/// where the program says `.unprotect()` of them.
///
/// Making them takes as long as an RSA key of 4096 bits does: seconds.
#[derive(Resource)]
#[resource(
    kind = "talos:secrets:Bundle",
    guarded,
    idempotency = "token",
    create = "5s",
    update = "1ms",
    delete = "1ms"
)]
pub struct Secrets {
    /// The version of Talos that they are made for, e.g. `1.13`. Once they are made, another one changes nothing.
    #[resource(default = Contract::default().to_string(), normaliser = "made_once")]
    contract: Input<String>,
    /// A `secrets.yaml` to take instead of making new ones.
    #[resource(force_new, normaliser = "same_secrets")]
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

/// Takes every contract for that which the secrets were made with: later versions of Talos go on with them.
fn made_once(_: &Value) -> Value {
    Value::Null
}

/// Writes a `secrets.yaml` in one form, whatever the order of its keys and its comments are.
fn same_secrets(text: &Value) -> Value {
    let known = text.reveal();
    let bundle = known.as_str().and_then(|text| Bundle::from_yaml(text).ok());
    match bundle.map(|bundle| bundle.to_yaml()) {
        Some(form) => Value::from(form.expose().as_str()).into_secret(),
        None => text.clone(),
    }
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
