//! SSH key pairs.

use async_trait::async_trait;
use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{KeyPairInfo, ResourceType};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, given, text};
use super::super::failure::{Outcome, gone_is_fine, is, refusal};
use super::super::once::once;
use super::super::stranger::met;
use super::super::tagging::{all as all_tags, reported};
use super::{owned, the_one};
use crate::ec2::{KeyPair, KeyPairArgs, KeyPairState};

/// The most characters of a key pair's name.
const NAME_LIMIT: usize = 255;

#[async_trait]
impl Manage<KeyPair> for Cloud {
    async fn create(&self, call: &Call<'_>, args: KeyPairArgs) -> Result<TypedObject<KeyPair>, Failure> {
        let name = args
            .name
            .clone()
            .unwrap_or_else(|| call.cx.token.physical_name(call.cx.address.name(), NAME_LIMIT));
        let import = self.ec2.import_key_pair().key_name(&name);
        let import = import.public_key_material(Blob::new(args.public_key.trim().as_bytes()));
        let import = import.tag_specifications(self.spec(call, ResourceType::KeyPair, &args.tags));
        let made = match import.customize().config_override(once()).send().await {
            Err(error) if is(&error, &["InvalidKeyPair.Duplicate"]) => {
                return self.key_pair_named(call, &name, refusal(&error, call.place)).await;
            }
            other => other.sent_once(call.place)?,
        };
        let id = text(made.key_pair_id());
        let (key_name, fingerprint) = (text(made.key_name()), text(made.key_fingerprint()));
        Ok(TypedObject::new(id.clone(), KeyPairState { id, key_name, fingerprint }))
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<KeyPair>,
    ) -> Result<Option<TypedObject<KeyPair>>, Failure> {
        let found = self.known.key_pairs.get(&prior.id).await?;
        Ok(found.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<KeyPair>,
    ) -> Result<TypedObject<KeyPair>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.key_pairs.get(id).await?.ok_or_else(|| call.lacking("key pair"))?;
        Ok(object(&found))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<KeyPair>) -> Result<(), Failure> {
        // By name, which every server of this protocol takes; the id says which name.
        let Some(found) = self.known.key_pairs.get(&prior.id).await? else { return Ok(()) };
        let delete = self.ec2.delete_key_pair().key_name(text(found.key_name()));
        gone_is_fine(delete.send().await.sent(call.place))
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<KeyPair>>, Failure> {
        let describe = self.ec2.describe_key_pairs().include_public_key(true).filters(owned(call));
        let found = describe.send().await.asked(call.place)?;
        let found = the_one(call, found.key_pairs.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}

fn object(found: &KeyPairInfo) -> TypedObject<KeyPair> {
    let state = KeyPairState {
        id: text(found.key_pair_id()),
        key_name: text(found.key_name()),
        fingerprint: text(found.key_fingerprint()),
    };
    let public_key = found.public_key().map(|key| key.trim().to_owned());
    // AWS keeps the keys of some old pairs to itself.
    let unreported = public_key.is_none().then_some("public_key");
    let args = KeyPairArgs {
        public_key: public_key.unwrap_or_default(),
        name: given(found.key_name()),
        tags: reported(found.tags()),
    };
    TypedObject::new(state.id.clone(), state).args(args).unreported(unreported)
}

impl Cloud {
    /// Returns our key pair of a name that AWS says is taken; another's is named in the refusal.
    async fn key_pair_named(
        &self,
        call: &Call<'_>,
        name: &str,
        refusal: Failure,
    ) -> Result<TypedObject<KeyPair>, Failure> {
        let describe = self.ec2.describe_key_pairs().include_public_key(true);
        let found = describe.filters(filter("key-name", [name])).send().await.asked(call.place)?;
        let Some(found) = found.key_pairs().iter().find(|found| found.key_name() == Some(name)) else {
            return Err(refusal);
        };
        met(call, refusal, text(found.key_pair_id()), &all_tags(found.tags()))?;
        Ok(object(found))
    }
}
