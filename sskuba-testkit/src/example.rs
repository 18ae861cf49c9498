//! Examples, built as their users build them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// Builds an example into the folder that the running test was built into; returns the binary.
///
/// `SSKUBA_TEST_FEATURES` names the features that the whole workspace was built with, as `cargo xtask test` does, so
/// that nothing is built twice; without it the root package is built with `features`.
///
/// # Panics
/// If it does not compile.
#[expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]
pub fn example(name: &str, features: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.ancestors().nth(3).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["build", "--quiet"]);
    match std::env::var("SSKUBA_TEST_FEATURES") {
        Ok(all) => cargo.args(["--workspace", "--features", &all]),
        Err(_) => cargo.args(["--package", "sskuba", "--features", features]),
    };
    cargo
        .args(["--example", name])
        .args(["--message-format", "json-render-diagnostics", "--target-dir"])
        .arg(target);
    // What cargo says to tests is not for a build: it would make some build scripts run again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|about| name.starts_with(about)) {
            cargo.env_remove(name);
        }
    }
    let built = cargo.output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let messages = String::from_utf8(built.stdout).unwrap();
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Json>(line).ok());
    let path = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    path.unwrap_or_else(|| panic!("cargo does not say where the example {name} is"))
}
