//! What commands inherit. The environment of a process cannot be changed within a test: this program runs itself.

use sskuba_core::value::{Map, map_of};

use super::commands::{call, command_schema};

/// Runs as the child of the other test.
#[tokio::test]
#[ignore = "the other test runs it"]
async fn child() {
    let provider = sskuba_local::provider();
    let (cx, schema) = (call(), command_schema());
    let own = serde_json::json!({"create": ["/bin/sh", "-c", "env"], "env": {"SSKUBA_OWN": "mine"}});
    let inputs: Map = schema.complete(map_of(&own).unwrap());
    let made = provider.configure(None).await.unwrap().create(&cx, &inputs).await.unwrap();
    println!("{}", made.outputs["stdout"].as_str().unwrap());
}

#[cfg(unix)]
#[test]
fn a_command_inherits_no_setting_of_sskuba() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "environment::child", "--ignored", "--nocapture"])
        .env("SSKUBA_PASSPHRASE", "canary-1")
        .env("SSKUBA_IDENTITY", "canary-2")
        .env("SSKUBA_CONFIG_TOKEN", "canary-3")
        .env("SSKUBA_TOKEN", "canary-4")
        .env("OTHER", "inherited")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    for line in ["OTHER=inherited", "SSKUBA_OWN=mine", "SSKUBA_ADDRESS=local:exec:Command::main"] {
        assert!(text.lines().any(|other| other == line), "{line} is not in {text}");
    }
    assert!(text.contains(&format!("SSKUBA_TOKEN={}", "01".repeat(16))), "{text}");
    assert!(!text.contains("canary"), "{text}");
}
