//! SSH key pairs.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// A public SSH key that instances can be launched with. The private one never leaves its owner.
///
/// Its name is unique in the account's region; it is made of the resource's name and its token unless one is given.
/// With a given name the old one goes before another key takes its place.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:KeyPair",
    idempotency = "tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "name"
)]
pub struct KeyPair {
    /// The public key in OpenSSH form: `ssh-ed25519 AAAA…`.
    #[resource(force_new, normaliser = "same_key")]
    public_key: Input<String>,
    /// The name; made of the resource's name and its token if none is given.
    #[resource(force_new, cloud_default)]
    name: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "key-{hex:17}")]
    id: Computed<String>,
    /// The name that it has, which instances take.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    key_name: Computed<String>,
    /// The fingerprint as AWS computes it.
    #[resource(computed, pattern = "{hex:32}")]
    fingerprint: Computed<String>,
}

impl Kind for KeyPair {}

/// Drops the comment and surrounding white space of a public key: they are not part of it.
fn same_key(value: &sskuba_core::value::Value) -> sskuba_core::value::Value {
    match value.as_str() {
        Some(text) => text.split_whitespace().take(2).collect::<Vec<_>>().join(" ").into(),
        None => value.clone(),
    }
}
