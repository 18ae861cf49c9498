//! The values of secrets.

use super::prelude::*;

/// The value of a secret: the version of it that is `AWSCURRENT`.
///
/// A secret has one: two of the same secret are the same object, whatever they are called. Another value is another version, and
/// the one before stays as `AWSPREVIOUS`, as AWS has it. The value is never read back but by an update, which compares before it
/// makes a version; so a value that others set, e.g. by rotation, is no drift and stays until the program says another.
///
/// The version is called by this resource's token, so that an interrupted create is made again; a create that meets the
/// value of somebody else is refused, with the line that imports it. AWS has no call that takes a value away: a delete leaves it,
/// and it goes with the secret.
#[derive(Resource)]
#[resource(
    kind = "aws:secretsmanager:SecretVersion",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    deleting = "leaves the value in the secret",
    unique = "secret_arn"
)]
pub struct SecretVersion {
    /// The secret.
    #[resource(force_new, reference = "aws:secretsmanager:Secret")]
    secret_arn: Input<String>,
    /// The value, at most 65,536 bytes.
    #[resource(write_only)]
    value: Input<Secret<String>>,
    /// The secret's ARN.
    #[resource(computed, id, pattern = "{field:secret_arn}")]
    id: Computed<String>,
    /// The id of the version.
    #[resource(computed, volatile, pattern = "{hex:32}")]
    version_id: Computed<String>,
}

/// The most bytes of a value
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>).
const LIMIT: usize = 65_536;

impl Kind for SecretVersion {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        match args.value.expose().len() {
            0 => vec![mistake("value", "is empty, which AWS refuses")],
            1..=LIMIT => Vec::new(),
            length => vec![mistake("value", format!("has {length} bytes; AWS takes {LIMIT}"))],
        }
    }
}

#[cfg(feature = "secretsmanager")]
#[async_trait]
impl Operations for SecretVersion {
    type Api = SecretsManager;
    type Item = Item;
    const NAME: &'static str = "value of a secret";

    /// Those of all are those of each secret.
    async fn describe(aws: &Aws<SecretsManager>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let mut all = super::Secret::describe(aws, which).await?;
        all.retain(|found| is_live(found) && current(found).is_some());
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Ok(live_secret(call.aws, &prior.id).await?.filter(|found| current(found).is_some()))
    }

    async fn create(call: &Call<'_>, args: SecretVersionArgs) -> Result<Report<Self>, Failure> {
        let found = live_secret(call.aws, &args.secret_arn).await?;
        let there = found.as_ref().and_then(|found| current(found)).filter(|there| *there != call.token());
        if there.is_some() {
            let message = format!("the secret {} has a value already", args.secret_arn);
            return Err(Failure::exists(message, args.secret_arn));
        }
        let put = call.aws.put_secret_value().secret_id(&args.secret_arn).client_request_token(call.token());
        let made = put.secret_string(args.value.expose()).send().await.sent(call)?;
        Ok(Report::new(args.secret_arn.clone(), state(args.secret_arn, text(made.version_id()))))
    }

    async fn delete(_: &Call<'_>, _: &TypedPrior<Self>) -> Result<(), Failure> {
        Ok(())
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let value = Secret::new(String::new());
        let args = SecretVersionArgs { secret_arn: found.id.clone(), value };
        let state = state(found.id.clone(), text(current(found)));
        Ok(Report::new(found.id.clone(), state).args(args).unreported(["value"]))
    }
}

#[cfg(feature = "secretsmanager")]
#[async_trait]
impl UpdateOperation for SecretVersion {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (arn, value) = (&change.args.secret_arn, change.args.value.expose());
        // A version is made once, so that the one before it stays the previous one when the call is made again.
        let version = match call.aws.get_secret_value().secret_id(arn).send().await.asked(call)? {
            found if found.secret_string() == Some(value) => text(found.version_id()),
            _ => {
                let put = call.aws.put_secret_value().secret_id(arn).secret_string(value);
                text(put.send().await.sent(call)?.version_id())
            }
        };
        Ok(Report::new(arn.clone(), state(arn.clone(), version)))
    }
}

/// Returns the id of the version that is current.
#[cfg(feature = "secretsmanager")]
fn current(found: &Item) -> Option<&str> {
    let versions = found.version_ids_to_stages()?;
    let is_current = |stages: &Vec<String>| stages.iter().any(|stage| stage == "AWSCURRENT");
    versions.iter().find(|(_, stages)| is_current(stages)).map(|(id, _)| id.as_str())
}

#[cfg(feature = "secretsmanager")]
fn state(id: String, version_id: String) -> SecretVersionState {
    SecretVersionState { id, version_id }
}
