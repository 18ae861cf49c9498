//! Examples, built as their users build them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

/// Builds an example into the folder that the running test was built into; returns the binary.
///
/// `packages` and `features` are those that the suite of `cargo xtask test` selects, so that nothing is built twice.
///
/// # Panics
/// If it does not compile.
#[expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]
pub fn example(name: &str, packages: &[&str], features: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.ancestors().nth(3).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["build", "--quiet"]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo
        .args(["--features", features, "--example", name])
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
