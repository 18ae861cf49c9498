//! Configs for whoever has the key of a cluster.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use super::mistakes::{Kind, mistake};
use crate::sealed;

/// A pair of keys of a cluster, made once: what is sealed to its recipient, only its identity opens.
///
/// It seals what is handed over, such as machine configs ([`Sealed`]). It is no key of Talos's, and no machine has it.
#[derive(Resource)]
#[resource(
    kind = "talos:secrets:KeyPair",
    guarded,
    idempotency = "token",
    create = "1ms",
    update = "1ms",
    delete = "1ms"
)]
pub struct KeyPair {
    /// Values whose change makes another pair; what is sealed to the old one, only the old one opens.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// The id: the recipient.
    #[resource(computed, id, pattern = "age1{alnum:58}")]
    id: Computed<String>,
    /// Whom things are sealed to: `age1…`. It is no secret.
    #[resource(pattern = "age1{alnum:58}")]
    recipient: Computed<String>,
    /// What opens them: `AGE-SECRET-KEY-1…`.
    #[resource(pattern = "AGE-SECRET-KEY-1{alnum:58}")]
    identity: Computed<Secret<String>>,
}

impl Kind for KeyPair {
    fn mistakes(_: &KeyPairArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

/// A config that is sealed for whoever is to have it: no secret any more, so that it can lie in a repository or a bucket. It is
/// a file of `age` in ASCII, made anew where the config or its readers change.
#[derive(Resource)]
#[resource(
    kind = "talos:machine:Sealed",
    idempotency = "token",
    create = "1ms",
    update = "1ms",
    delete = "1ms"
)]
pub struct Sealed {
    /// The config, or any other text: [`Config::yaml`](super::Config), [`Secrets::bundle`](super::Secrets).
    config: Input<Secret<String>>,
    /// Who opens it: [`KeyPair::recipient`], or other recipients of `age`; each of them does.
    #[resource(default, item = "recipient", normaliser = "set")]
    recipients: Input<Vec<String>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// The sealed text.
    #[resource(volatile, pattern = "{alnum:64}")]
    sealed: Computed<String>,
}

impl Kind for Sealed {
    fn mistakes(args: &SealedArgs) -> Vec<FieldError> {
        let wrong = sealed::recipients(&args.recipients).err();
        wrong.map(|error| mistake("recipients", error.to_string())).into_iter().collect()
    }
}
