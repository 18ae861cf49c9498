//! Policies of secrets.

use super::prelude::*;

/// The policy of a secret: who may do what with it, also of other accounts.
///
/// A secret has one: two of the same secret are the same object, whatever they are called. AWS can neither tag it nor takes a
/// token for it, and would silently write over one that is there: a create asks first, and refuses with the line that
/// imports it; only what an interrupted create of this resource left, with the same document, counts as made. Its id is the
/// secret's ARN.
#[derive(Resource)]
#[resource(
    kind = "aws:secretsmanager:SecretPolicy",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "secret_arn"
)]
pub struct SecretPolicy {
    /// The secret.
    #[resource(force_new, reference = "aws:secretsmanager:Secret")]
    secret_arn: Input<String>,
    /// The policy, as JSON, at most 20,480 characters.
    #[resource(normaliser = "json_sets", rule = "AtMost(20_480)")]
    policy: Input<String>,
    /// Whether AWS refuses a policy that lets everybody in.
    #[resource(default = true, write_only)]
    block_public_policy: Input<bool>,
    /// The secret's ARN.
    #[resource(computed, id, pattern = "{field:secret_arn}")]
    id: Computed<String>,
}

impl Kind for SecretPolicy {}

#[cfg(feature = "secretsmanager")]
#[async_trait]
impl Operations for SecretPolicy {
    type Api = SecretsManager;
    /// The document.
    type Item = String;
    const NAME: &'static str = "policy of a secret";
    const UNREPORTED: &'static [&'static str] = &["block_public_policy"];

    /// Those of all are those of each secret.
    async fn describe(aws: &Aws<SecretsManager>, which: Which) -> Result<Vec<Found<String>>, Failure> {
        let mut all = Vec::new();
        for secret in super::Secret::describe(aws, which).await?.into_iter().filter(is_live) {
            all.extend(Self::of(aws, &secret.id).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<String>>, Failure> {
        match live_secret(call.aws, &prior.id).await? {
            Some(secret) => Self::of(call.aws, &secret.id).await,
            None => Ok(None),
        }
    }

    async fn create(call: &Call<'_>, args: SecretPolicyArgs) -> Result<Report<Self>, Failure> {
        let may_be_ours = call.aws.sent_creates.may_have_made(call);
        if let Some(there) = Self::of(call.aws, &args.secret_arn).await?
            && !(may_be_ours && same_document(&there, &args.policy))
        {
            let message = format!("the secret {} has a policy already", args.secret_arn);
            return Err(Failure::exists(message, args.secret_arn));
        }
        call.aws.sent_creates.send(call, Self::put(call, args)).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        if Self::get(call, prior).await?.is_none() {
            return Ok(());
        }
        call.aws.delete_resource_policy().secret_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<String>) -> Result<Report<Self>, Failure> {
        let (secret_arn, policy) = (found.id.clone(), found.item.clone());
        Ok(object(SecretPolicyArgs { secret_arn, policy, block_public_policy: true }))
    }
}

#[cfg(feature = "secretsmanager")]
#[async_trait]
impl UpdateOperation for SecretPolicy {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::put(call, change.args).await
    }
}

#[cfg(feature = "secretsmanager")]
impl SecretPolicy {
    async fn of(aws: &Aws<SecretsManager>, arn: &str) -> Result<Option<Found<String>>, Failure> {
        let found = aws.get_resource_policy().secret_id(arn).send().await.asked(aws)?;
        let found = given(found.resource_policy());
        Ok(found.map(|item| Found { id: arn.to_owned(), tags: BTreeMap::new(), item }))
    }

    async fn put(call: &Call<'_>, args: SecretPolicyArgs) -> Result<Report<Self>, Failure> {
        let put = call.aws.put_resource_policy().secret_id(&args.secret_arn).resource_policy(&args.policy);
        put.block_public_policy(args.block_public_policy).send().await.sent(call)?;
        Ok(object(args))
    }
}

#[cfg(feature = "secretsmanager")]
fn object(args: SecretPolicyArgs) -> Report<SecretPolicy> {
    let id = args.secret_arn.clone();
    Report::new(id.clone(), SecretPolicyState { id }).args(args)
}
