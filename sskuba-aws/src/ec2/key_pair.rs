//! SSH key pairs.

use super::prelude::*;

/// A public SSH key that instances can be launched with. The private one never leaves its owner.
///
/// Its name is unique in the account's region. With a given one the old pair goes before another takes its place.
#[derive(Resource)]
#[resource(kind = "aws:ec2:KeyPair", idempotency = "tag", visibility = "30s", unique = "name")]
pub struct KeyPair {
    /// The public key in OpenSSH form: `ssh-ed25519 AAAA…`.
    #[resource(force_new, normaliser = "same_key")]
    public_key: Input<String>,
    /// The name; made of the resource's name and its token if none is given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
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

/// What AWS takes as the name of a pair.
const NAMES: TextRule = TextRule { longest: 255, signs: SIGNS, inner: " ", reserved: "" };

impl Kind for KeyPair {}

/// Drops the comment and surrounding white space of a public key: they are not part of it.
fn same_key(value: &Value) -> Value {
    let key = |text: &str| text.split_whitespace().take(2).collect::<Vec<_>>().join(" ").into();
    value.as_str().map_or_else(|| value.clone(), key)
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for KeyPair {
    type Api = Ec2;
    type Item = types::KeyPairInfo;
    const NAME: &'static str = "key pair";
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Self::Item>>, Failure> {
        let pairs = ec2.describe_key_pairs().include_public_key(true).set_key_pair_ids(which.ids());
        let pairs = pairs.set_filters(which.filters("key-pair-id")).send().await.asked(ec2)?.key_pairs;
        Ok(found(pairs.unwrap_or_default(), <Self::Item>::key_pair_id, <Self::Item>::tags))
    }
    async fn create(call: &Call<'_>, args: KeyPairArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let import = call.aws.import_key_pair().key_name(&name);
        let import = import.public_key_material(Blob::new(args.public_key.trim()));
        let import = import.tag_specifications(spec(call, ResourceType::KeyPair, &args.tags));
        match import.customize().config_override(once()).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let named = vec![("key-name", name.clone())];
                let ours = call.taken::<Self>(&error, named, |it| it.key_name() == Some(&name)).await?;
                Self::report(call, &ours).await
            }
            sent => sent.sent_once(call).map(|m| made(m.key_pair_id(), m.key_name(), m.key_fingerprint())),
        }
    }
    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        call.aws.delete_key_pair().key_name(text(found.key_name())).send().await.sent(call).map(drop)
    }
    async fn report(_: &Call<'_>, found: &Found<Self::Item>) -> Result<Report<Self>, Failure> {
        let (key, name) = (found.public_key().map(str::trim), given(found.key_name()));
        let args = KeyPairArgs { public_key: text(key), name, tags: found.own_tags() };
        let report = made(found.key_pair_id(), found.key_name(), found.key_fingerprint()).args(args);
        // AWS keeps the keys of some old pairs to itself.
        Ok(report.unreported(key.is_none().then_some("public_key")))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for KeyPair {}

#[cfg(feature = "ec2")]
fn made(id: Option<&str>, name: Option<&str>, print: Option<&str>) -> Report<KeyPair> {
    Report::new(text(id), KeyPairState { id: text(id), key_name: text(name), fingerprint: text(print) })
}
