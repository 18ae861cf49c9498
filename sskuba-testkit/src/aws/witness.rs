//! The witness: boto3, which knows nothing of sskuba.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value as Json;

/// The region of all tests.
pub const REGION: &str = "us-east-1";

/// What the witness sees, by id.
pub type Seen = BTreeMap<String, Json>;

/// Returns every object that boto3 sees: those of a stack, or all.
///
/// # Panics
/// If boto3 cannot be asked.
pub fn seen(endpoint: &str, stack: Option<&str>) -> Seen {
    let text = python(endpoint, &[include_str!("witness.py"), stack.unwrap_or_default()]);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs a line of Python that has the clients `ec2` and `elb`, behind sskuba's back; returns what it prints.
///
/// # Panics
/// If it fails.
pub fn boto3(endpoint: &str, line: &str) -> String {
    let head = "import boto3\nec2, elb = boto3.client('ec2'), boto3.client('elbv2')\n";
    python(endpoint, &[&format!("{head}{line}\n")])
}

/// `SSKUBA_TEST_PYTHON` names the interpreter.
fn python(endpoint: &str, args: &[&str]) -> String {
    let program = std::env::var_os("SSKUBA_TEST_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(&program);
    command
        .arg("-c")
        .args(args)
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_ACCESS_KEY_ID", "witness")
        .env("AWS_SECRET_ACCESS_KEY", "witness");
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
