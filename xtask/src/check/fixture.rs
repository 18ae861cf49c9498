//! Tiny workspaces in temporary folders, for the tests of the rules.

use std::fs;

use tempfile::TempDir;

use super::repo::Repo;
use super::violation::Violation;

/// Writes `files` into a new folder and loads it.
pub(crate) fn repo(files: &[(&str, &str)]) -> (TempDir, Repo) {
    let dir = TempDir::new().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let repo = Repo::load(dir.path()).unwrap();
    (dir, repo)
}

/// A workspace whose only member is `sskuba-core`, plus `files`.
pub(crate) fn core(files: &[(&str, &str)]) -> (TempDir, Repo) {
    let mut all = vec![
        ("Cargo.toml", "[workspace]\nmembers = [\"sskuba-core\"]\n"),
        ("sskuba-core/Cargo.toml", "[package]\nname = \"sskuba-core\"\n"),
    ];
    all.extend_from_slice(files);
    repo(&all)
}

/// `core` with the one file `sskuba-core/src/<name>`, beside a `lib.rs`.
pub(crate) fn core_file(name: &str, text: &str) -> (TempDir, Repo) {
    let path = format!("sskuba-core/src/{name}");
    core(&[("sskuba-core/src/lib.rs", "//! Core.\n"), (path.as_str(), text)])
}

/// The lines that a rule complains of in a file of `sskuba-core`.
pub(crate) fn broken_lines(rule: impl Fn(&Repo) -> Vec<Violation>, text: &str) -> Vec<usize> {
    let (_keep, repo) = core_file("value.rs", text);
    rule(&repo).iter().map(|violation| violation.line).collect()
}
