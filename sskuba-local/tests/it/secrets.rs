//! What commands do with the secrets that they are given.

#![cfg(unix)]

use sskuba_core::adapters::Redacting;
use sskuba_core::provider::Provider;
use sskuba_core::value::{Map, Value};

use super::commands::{call, command_schema};

/// Runs a script with a secret in its environment, as the engine does.
async fn run(secret: &str, script: &str) -> Result<Value, String> {
    let provider = Redacting::new(sskuba_local::provider());
    let (cx, schema) = (call(), command_schema());
    let line = ["/bin/sh", "-c", script].map(Value::from).to_vec();
    let env = Map::from([("KEY".to_owned(), Value::from(secret).into_secret())]);
    let given = [("create".to_owned(), Value::List(line)), ("env".to_owned(), Value::Map(env))];
    let made = provider.configure(None).await.unwrap().create(&cx, &schema.complete(given.into())).await;
    made.map(|object| object.outputs["stdout"].clone()).map_err(|failure| failure.to_string())
}

#[tokio::test]
async fn what_a_command_writes_of_a_secret_is_one() {
    for secret in ["k", "k9z", "k9zq", "k9zq4yw"] {
        let stdout = run(secret, "printf 'it is '; printf %s \"$KEY\" | base64").await.unwrap();
        assert!(stdout.has_secret(), "{secret}: {stdout:?}");
        assert!(!run(secret, "printf nothing").await.unwrap().has_secret() || secret.len() < 3);
        let failure = run(secret, "echo \"user:$KEY\" >&2; printf %s \"$KEY\" | base64 >&2; exit 3").await;
        let failure = failure.unwrap_err();
        let shown = failure.split_once("status 3").map_or(failure.as_str(), |(_, said)| said);
        assert!(failure.contains("(secret)") && !shown.contains(secret), "{secret}: {failure}");
        assert!(secret.len() > 3 || failure == "failed: (secret)", "{secret}: {failure}");
    }
}
