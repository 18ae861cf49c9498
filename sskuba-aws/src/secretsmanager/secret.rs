//! Secrets.

use super::prelude::*;
use crate::kms::same_key;

/// A secret without its value, which is another resource ([`SecretVersion`](super::SecretVersion)) or somebody else's matter.
///
/// Its name is unique in the account's region and made of the resource's name and its token unless one is given; with a given
/// name the old one goes before another takes its place. A delete only schedules it: until the window is over the name is
/// taken, and `restore-secret` of AWS's tools brings it back. With a window of 0 days it goes at once and for good.
///
/// moto keeps a description that is taken away.
///
/// ```
/// # use sskuba_aws::secretsmanager::{Secret, SecretVersion};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let password = sskuba_core::prelude::Secret::new("hunter2".to_owned());
/// let secret = stack.add("database", Secret::new().description("the password of the database"))?;
/// stack.add("database", SecretVersion::new(secret.arn(), password))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:secretsmanager:Secret",
    idempotency = "token, tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "name"
)]
pub struct Secret {
    /// The name, at most 512 letters, digits and any of `/_+=.@-`; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// What it is for, at most 2048 characters.
    #[resource(rule = "AtMost(2048)")]
    description: Option<Input<String>>,
    /// The key that it is sealed with: its id, ARN or alias; AWS's own if not given.
    #[resource(normaliser = "same_key", reference = "aws:kms:Key")]
    kms_key_id: Option<Input<String>>,
    /// For how many days it can be brought back after its delete: 7 to 30, or 0 for none.
    #[resource(default = 30_u8, write_only)]
    recovery_window_days: Input<u8>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(
        computed,
        id,
        pattern = "arn:aws:secretsmanager:{region}:{digits:12}:secret:{name}-{hex:12}-{upper:6}"
    )]
    arn: Computed<String>,
    /// The name that it has.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    secret_name: Computed<String>,
}

/// What AWS takes as the name of a secret
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>).
const NAMES: TextRule = TextRule { longest: 512, signs: "/_+=.@-", inner: "", reserved: "" };

/// The key that AWS takes if none is named.
#[cfg(feature = "secretsmanager")]
const OWN_KEY: &str = "alias/aws/secretsmanager";

impl Kind for Secret {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if !matches!(args.recovery_window_days, 0 | 7..=30) {
            let message = format!("is {}; AWS takes 7 to 30, or 0 for none", args.recovery_window_days);
            mistakes.push(mistake("recovery_window_days", message));
        }
        mistakes
    }
}

#[cfg(feature = "secretsmanager")]
#[async_trait]
impl Operations for Secret {
    type Api = SecretsManager;
    type Item = Item;
    const NAME: &'static str = "secret";
    const UNREPORTED: &'static [&'static str] = &["recovery_window_days"];

    async fn describe(aws: &Aws<SecretsManager>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let ids = match which {
            Which::Ids(ids) | Which::Among(ids) => ids,
            _ => arns(aws).await?,
        };
        let mut all = Vec::new();
        for id in ids {
            all.extend(secret(aws, &id).await?);
        }
        Ok(all)
    }

    fn is_alive(found: &Found<Item>) -> bool {
        is_live(found)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        secret(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: SecretArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let create = call.aws.create_secret().name(&name).client_request_token(call.token());
        let create = create.set_description(args.description.clone());
        let create = create.set_kms_key_id(args.kms_key_id.clone());
        let arn = match create.set_tags(spec(call, &args.tags)).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                let Some(there) = secret(call.aws, &name).await? else { return Err(refusal) };
                met(call, refusal, there.id.clone(), &there.tags)?
            }
            sent => text(sent.sent(call).map_err(scheduled)?.arn()),
        };
        Ok(Report::new(arn.clone(), SecretState { arn, secret_name: name }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let window = prior.args.as_ref().map_or(30, |args| i64::from(args.recovery_window_days));
        let Some(found) = secret(call.aws, &prior.id).await? else { return Ok(()) };
        if window > 0 && !is_live(&found) {
            return Ok(());
        }
        let delete = call.aws.delete_secret().secret_id(&prior.id);
        let delete = match window {
            0 => delete.force_delete_without_recovery(true),
            days => delete.recovery_window_in_days(days),
        };
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = SecretArgs {
            name: given(found.name()),
            description: given(found.description()),
            kms_key_id: given(found.kms_key_id()).filter(|key| !key.ends_with(OWN_KEY)),
            recovery_window_days: 30,
            tags: found.own_tags(),
        };
        let state = SecretState { arn: found.id.clone(), secret_name: text(found.name()) };
        Ok(Report::new(found.id.clone(), state).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Ok(secret(call.aws, &call.name(None, &NAMES)).await?.filter(is_live))
    }
}

#[cfg(feature = "secretsmanager")]
#[async_trait]
impl UpdateOperation for Secret {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let args = &change.args;
        let update = call.aws.update_secret().secret_id(&change.prior.id);
        let update = update.description(args.description.clone().unwrap_or_default());
        let update = update.kms_key_id(args.kms_key_id.as_deref().unwrap_or(OWN_KEY));
        update.send().await.sent(call)?;
        call.retagged(change).await
    }
}

/// Says what can be done about a name that a secret has which is to be deleted.
#[cfg(feature = "secretsmanager")]
fn scheduled(failure: Failure) -> Failure {
    match failure.class {
        Class::Conflict => failure.hint(
            "a secret of this name that was deleted can still be brought back: restore and import it, wait, or choose \
             another name",
        ),
        _ => failure,
    }
}
