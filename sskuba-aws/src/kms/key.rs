//! Keys.

#[cfg(feature = "kms")]
use aws_sdk_kms::types::{KeyManagerType, KeyMetadata, KeyState as Phase};
use serde::{Deserialize, Serialize};

use super::prelude::*;

/// What a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyUsage {
    /// It encrypts.
    EncryptDecrypt,
    /// It signs.
    SignVerify,
    /// It makes and checks codes of messages.
    GenerateVerifyMac,
    /// It agrees on secrets.
    KeyAgreement,
}

/// Of which sort a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
pub enum KeySpec {
    /// AES of 256 bits.
    #[serde(rename = "SYMMETRIC_DEFAULT")]
    Symmetric,
    /// RSA of 2048 bits.
    #[serde(rename = "RSA_2048")]
    Rsa2048,
    /// RSA of 3072 bits.
    #[serde(rename = "RSA_3072")]
    Rsa3072,
    /// RSA of 4096 bits.
    #[serde(rename = "RSA_4096")]
    Rsa4096,
    /// The curve P-256.
    #[serde(rename = "ECC_NIST_P256")]
    EccP256,
    /// The curve P-384.
    #[serde(rename = "ECC_NIST_P384")]
    EccP384,
    /// The curve P-521.
    #[serde(rename = "ECC_NIST_P521")]
    EccP521,
    /// The curve secp256k1.
    #[serde(rename = "ECC_SECG_P256K1")]
    EccSecp256k1,
    /// HMAC with SHA-256.
    #[serde(rename = "HMAC_256")]
    Hmac256,
    /// HMAC with SHA-384.
    #[serde(rename = "HMAC_384")]
    Hmac384,
    /// HMAC with SHA-512.
    #[serde(rename = "HMAC_512")]
    Hmac512,
}

/// Every use and sort, with the name that AWS has for it.
#[cfg(feature = "kms")]
const USAGES: [(KeyUsage, &str); 4] = [
    (KeyUsage::EncryptDecrypt, "ENCRYPT_DECRYPT"),
    (KeyUsage::SignVerify, "SIGN_VERIFY"),
    (KeyUsage::GenerateVerifyMac, "GENERATE_VERIFY_MAC"),
    (KeyUsage::KeyAgreement, "KEY_AGREEMENT"),
];
#[cfg(feature = "kms")]
const SPECS: [(KeySpec, &str); 11] = [
    (KeySpec::Symmetric, "SYMMETRIC_DEFAULT"),
    (KeySpec::Rsa2048, "RSA_2048"),
    (KeySpec::Rsa3072, "RSA_3072"),
    (KeySpec::Rsa4096, "RSA_4096"),
    (KeySpec::EccP256, "ECC_NIST_P256"),
    (KeySpec::EccP384, "ECC_NIST_P384"),
    (KeySpec::EccP521, "ECC_NIST_P521"),
    (KeySpec::EccSecp256k1, "ECC_SECG_P256K1"),
    (KeySpec::Hmac256, "HMAC_256"),
    (KeySpec::Hmac384, "HMAC_384"),
    (KeySpec::Hmac512, "HMAC_512"),
];

/// A key that never leaves KMS.
///
/// A delete only schedules it: until the window is over it can be brought back with AWS's tools, and after that nothing that
/// was sealed with it can ever be read. A replacement would make a key that opens nothing of the old one's, so that the
/// program has to say `.unprotect()` for one. An interrupted create is found by the token among the keys of the account, which are asked
/// for their tags one by one.
///
/// moto neither takes a key's pending deletion for a reason to refuse calls nor has keys that are not usable at once, and knows no
/// period of rotation.
#[derive(Resource)]
#[resource(
    kind = "aws:kms:Key",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "1s",
    guarded
)]
pub struct Key {
    /// What it is for, at most 8192 characters.
    description: Option<Input<String>>,
    /// Who may use it, as JSON; AWS lets the account's own policies say it if none is given.
    #[resource(cloud_default, normaliser = "json_sets")]
    policy: Option<Input<String>>,
    /// Whether AWS makes new material for it from time to time.
    #[resource(default)]
    rotation: Input<bool>,
    /// After how many days: 90 to 2560; 365 if not given.
    #[resource(cloud_default, rule = "Between(90, 2560)")]
    rotation_period_days: Option<Input<u16>>,
    /// Whether it can be used.
    #[resource(default = true)]
    enabled: Input<bool>,
    /// What it can do.
    #[resource(force_new, default = KeyUsage::EncryptDecrypt)]
    usage: Input<KeyUsage>,
    /// Of which sort it is.
    #[resource(force_new, default = KeySpec::Symmetric)]
    spec: Input<KeySpec>,
    /// Whether replicas of it may be in other regions.
    #[resource(force_new, default)]
    multi_region: Input<bool>,
    /// For how many days it can be brought back after its delete: 7 to 30.
    #[resource(default = 30_u8, write_only, rule = "Between(7, 30)")]
    deletion_window_days: Input<u8>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}")]
    id: Computed<String>,
    /// The ARN.
    #[resource(
        computed,
        pattern = "arn:aws:kms:{region}:{digits:12}:key/{hex:8}-{hex:4}-{hex:4}-{hex:4}-{hex:12}"
    )]
    arn: Computed<String>,
}

impl Kind for Key {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if args.rotation_period_days.is_some() && !args.rotation {
            mistakes.push(mistake("rotation_period_days", "says when what is off: add `.rotation(true)`"));
        }
        if args.rotation && args.spec != KeySpec::Symmetric {
            mistakes.push(mistake("rotation", "AWS makes new material for symmetric keys alone"));
        }
        let is_mac = matches!(args.spec, KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512);
        let fits = match args.usage {
            KeyUsage::GenerateVerifyMac => is_mac,
            KeyUsage::SignVerify => !is_mac && args.spec != KeySpec::Symmetric,
            KeyUsage::EncryptDecrypt => {
                matches!(
                    args.spec,
                    KeySpec::Symmetric | KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096
                )
            }
            KeyUsage::KeyAgreement => {
                matches!(args.spec, KeySpec::EccP256 | KeySpec::EccP384 | KeySpec::EccP521)
            }
        };
        if !fits {
            mistakes.push(mistake("usage", "keys of this `spec` cannot do that"));
        }
        mistakes
    }
}

/// A key as the service describes it.
#[cfg(feature = "kms")]
type Item = KeyMetadata;

#[cfg(feature = "kms")]
#[async_trait]
impl Operations for Key {
    type Api = Kms;
    type Item = Item;
    const NAME: &'static str = "key";
    const UNREPORTED: &'static [&'static str] = &["deletion_window_days"];

    /// Those that AWS's services made for themselves, and those of uses and sorts that are not known here, are none of this kind.
    async fn describe(kms: &Aws<Kms>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let ids = match which {
            Which::Ids(ids) | Which::Among(ids) => ids,
            _ => {
                let pages = kms.list_keys().into_paginator().items().send();
                let all = pages.collect::<Result<Vec<_>, _>>().await.asked(kms)?;
                all.iter().map(|key| text(key.key_id())).collect()
            }
        };
        let mut all = Vec::new();
        for id in ids {
            all.extend(Self::of(kms, &id).await?);
        }
        let is_own = |found: &Found<Item>| found.key_manager() != Some(&KeyManagerType::Aws);
        all.retain(|found| is_own(found) && usage(found).is_some() && sort(found).is_some());
        Ok(all)
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(found.key_state(), Some(Phase::PendingDeletion | Phase::PendingReplicaDeletion))
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::of(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: KeyArgs) -> Result<Report<Self>, Failure> {
        let usage = USAGES.iter().find(|(of, _)| *of == args.usage).map(|(_, name)| (*name).into());
        let spec_of = SPECS.iter().find(|(of, _)| *of == args.spec).map(|(_, name)| (*name).into());
        let create = call.aws.create_key().set_description(args.description.clone());
        let create = create.set_key_usage(usage).set_key_spec(spec_of).multi_region(args.multi_region);
        let create = create.set_policy(args.policy.clone()).set_tags(spec(call, &args.tags));
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let made = made.key_metadata.ok_or_else(|| call.lacking(Self::NAME))?;
        let set = accepted(call, || Self::set_switches(call, &made, false, &args)).await;
        set.map_err(|failure| call.partial::<Self>(made.key_id(), failure))?;
        Ok(Report::new(made.key_id(), state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        match Self::get(call, prior).await? {
            Some(found) if Self::is_alive(&found) => {}
            _ => return Ok(()),
        }
        let days = prior.args.as_ref().map_or(30, |args| args.deletion_window_days);
        let delete = call.aws.schedule_key_deletion().key_id(&prior.id);
        delete.pending_window_in_days(days.into()).send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let policy = call.aws.get_key_policy().key_id(&found.id).policy_name(POLICY).send();
        let (policy, rotation) = tokio::join!(policy, Self::is_rotated(call, found));
        let (rotation, period) = rotation?;
        let args = KeyArgs {
            description: given(found.description()),
            policy: given(policy.asked(call)?.policy()),
            rotation,
            rotation_period_days: period,
            enabled: found.enabled(),
            usage: usage(found).ok_or_else(|| call.lacking("use that is known"))?,
            spec: sort(found).ok_or_else(|| call.lacking("sort of key that is known"))?,
            multi_region: found.multi_region().unwrap_or_default(),
            deletion_window_days: 30,
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "kms")]
#[async_trait]
impl UpdateOperation for Key {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let found = Self::of(call.aws, id).await?.filter(Self::is_alive).ok_or_else(|| call.not_there())?;
        let describe = call.aws.update_key_description().key_id(id);
        describe.description(args.description.clone().unwrap_or_default()).send().await.sent(call)?;
        if let Some(policy) = &args.policy {
            let there = call.aws.get_key_policy().key_id(id).policy_name(POLICY).send().await.asked(call)?;
            if !same_document(there.policy().unwrap_or_default(), policy) {
                let put = call.aws.put_key_policy().key_id(id).policy_name(POLICY);
                put.policy(policy).send().await.sent(call)?;
            }
        }
        let (is_rotated, _) = Self::is_rotated(call, &found).await?;
        Self::set_switches(call, &found, is_rotated, args).await?;
        call.retagged(change).await
    }
}

/// The one policy that a key has.
#[cfg(feature = "kms")]
const POLICY: &str = "default";

#[cfg(feature = "kms")]
impl Key {
    async fn of(kms: &Aws<Kms>, id: &str) -> Result<Option<Found<Item>>, Failure> {
        let found = match kms.describe_key().key_id(id).send().await.asked(kms) {
            Err(failure) if failure.class == Class::NotFound => return Ok(None),
            found => found?.key_metadata,
        };
        let Some(item) = found else { return Ok(None) };
        // The keys of AWS's services say nothing of tags to others.
        let tags = match item.key_manager() {
            Some(KeyManagerType::Aws) => BTreeMap::new(),
            _ => tags_of(kms, item.key_id()).await?,
        };
        Ok(Some(Found { id: item.key_id().to_owned(), tags, item }))
    }

    /// Tells whether a key gets new material, and after how many days.
    async fn is_rotated(call: &Call<'_>, found: &Item) -> Result<(bool, Option<u16>), Failure> {
        if found.key_spec().is_none_or(|spec| spec.as_str() != "SYMMETRIC_DEFAULT") {
            return Ok((false, None));
        }
        let found = call.aws.get_key_rotation_status().key_id(found.key_id()).send().await.asked(call)?;
        let period = found.rotation_period_in_days().and_then(|days| u16::try_from(days).ok());
        Ok((found.key_rotation_enabled(), period.filter(|_| found.key_rotation_enabled())))
    }

    /// Turns rotation and the key itself on or off: only a key that is on takes the first.
    async fn set_switches(
        call: &Call<'_>,
        found: &Item,
        is_rotated: bool,
        args: &KeyArgs,
    ) -> Result<(), Failure> {
        let id = found.key_id();
        if args.enabled && !found.enabled() {
            call.aws.enable_key().key_id(id).send().await.sent(call)?;
        }
        if args.rotation {
            let enable = call.aws.enable_key_rotation().key_id(id);
            let days = args.rotation_period_days.map(i32::from);
            enable.set_rotation_period_in_days(days).send().await.sent(call)?;
        } else if is_rotated {
            call.aws.disable_key_rotation().key_id(id).send().await.sent(call)?;
        }
        if !args.enabled && found.enabled() {
            call.aws.disable_key().key_id(id).send().await.sent(call)?;
        }
        Ok(())
    }
}

#[cfg(feature = "kms")]
fn usage(found: &Item) -> Option<KeyUsage> {
    let name = found.key_usage()?.as_str();
    USAGES.iter().find(|(_, of)| *of == name).map(|(usage, _)| *usage)
}

#[cfg(feature = "kms")]
fn sort(found: &Item) -> Option<KeySpec> {
    let name = found.key_spec()?.as_str();
    SPECS.iter().find(|(_, of)| *of == name).map(|(spec, _)| *spec)
}

#[cfg(feature = "kms")]
fn state(found: &Item) -> KeyState {
    KeyState { id: found.key_id().to_owned(), arn: text(found.arn()) }
}
