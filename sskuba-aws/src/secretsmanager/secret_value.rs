//! The value of a secret that the stack does not own.

use super::prelude::*;

/// The value of a secret, as it is at the time of the run: masked wherever it is shown, sealed wherever it is written.
///
/// ```
/// # use sskuba_aws::secretsmanager::SecretValue;
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let password = stack.read("password", SecretValue::new("shop/database").key("password"))?;
/// stack.export("password", password.value());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(kind = "aws:secretsmanager:SecretValue", lookup, create = "1s")]
pub struct SecretValue {
    /// The secret's name or ARN.
    secret_id: Input<String>,
    /// The key of the part that is wanted, of a value that is a JSON object; the whole value without one.
    key: Option<Input<String>>,
    /// The label of the version.
    #[resource(default = String::from("AWSCURRENT"))]
    stage: Input<String>,
    /// The value.
    #[resource(computed, secret, pattern = "{hex:32}")]
    value: Computed<String>,
    /// The secret's ARN.
    #[resource(computed, pattern = "arn:aws:secretsmanager:{region}:{digits:12}:secret:simulated")]
    arn: Computed<String>,
    /// The version's id.
    #[resource(computed, pattern = "{hex:32}")]
    version_id: Computed<String>,
}

impl Kind for SecretValue {}

#[cfg(feature = "secretsmanager")]
#[async_trait]
impl LookupOperation for SecretValue {
    type Api = SecretsManager;

    async fn look(aws: &Aws<SecretsManager>, args: SecretValueArgs) -> Result<SecretValueState, Failure> {
        let get = aws.get_secret_value().secret_id(&args.secret_id).version_stage(&args.stage);
        let found = get.send().await.asked(aws)?;
        let whole = found.secret_string().ok_or_else(|| {
            let message = format!("{} holds bytes, not a text", args.secret_id);
            Failure::new(Class::Invalid("secret_id".into()), message)
        })?;
        let value = match &args.key {
            None => whole.to_owned(),
            Some(key) => part(whole, key).ok_or_else(|| {
                let message =
                    format!("the value of {} is no JSON object with a text at this key", args.secret_id);
                Failure::new(Class::Invalid("key".into()), message)
            })?,
        };
        Ok(SecretValueState { value, arn: text(found.arn()), version_id: text(found.version_id()) })
    }
}

/// Returns the text at a key of a JSON object; of what is no text, its JSON.
#[cfg(feature = "secretsmanager")]
fn part(whole: &str, key: &str) -> Option<String> {
    match serde_json::from_str::<serde_json::Value>(whole).ok()?.get(key)? {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}
