//! The workspace as the rules see it: its files, its packages, its parsed sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use toml::de::{DeTable, DeValue};
use walkdir::WalkDir;

use super::source::{Place, Source};
use super::violation::Violation;

/// Folders that hold no sources of ours, for when git cannot say.
const NOT_SOURCES: &[&str] = &[".git", "target", ".sskuba", "node_modules"];

/// A package of the workspace.
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its folder relative to the root, with `/` at the end; empty for the root package.
    pub(crate) folder: String,
    /// The text of its `Cargo.toml`.
    pub(crate) manifest: String,
}

/// A workspace that has been read.
pub(crate) struct Repo {
    /// Its root.
    pub(crate) root: PathBuf,
    /// Every file that belongs to it, relative to the root, with `/`.
    pub(crate) files: Vec<String>,
    /// The text of the root's `Cargo.toml`.
    pub(crate) manifest: String,
    /// Its packages.
    pub(crate) packages: Vec<Package>,
    /// The Rust files of its packages.
    pub(crate) sources: Vec<Source>,
    /// Files that could not be parsed.
    pub(crate) unreadable: Vec<Violation>,
}

impl Repo {
    /// Reads the workspace at `root`.
    pub(crate) fn load(root: &Path) -> anyhow::Result<Self> {
        let manifest = read(&root.join("Cargo.toml"))?;
        let files = files(root);
        let packages = packages(root, &manifest, &files)?;
        let mut repo = Self {
            root: root.to_path_buf(),
            files,
            manifest,
            packages,
            sources: Vec::new(),
            unreadable: Vec::new(),
        };
        repo.parse()?;
        Ok(repo)
    }

    /// Parses every Rust file that belongs to a package.
    fn parse(&mut self) -> anyhow::Result<()> {
        for file in self.files.iter().filter(|file| file.ends_with(".rs")) {
            let owner = self.packages.iter().filter(|package| file.starts_with(&package.folder));
            let Some(package) = owner.max_by_key(|package| package.folder.len()) else { continue };
            let inner = &file[package.folder.len()..];
            let Some(place) = place(inner, self.files.contains(&format!("{}src/lib.rs", package.folder)))
            else {
                continue;
            };
            let text = read(&self.root.join(file))?;
            match Source::parse(file, inner, &package.name, place, text) {
                Ok(source) => self.sources.push(source),
                Err(_) if place == Place::Test => {} // A test may keep files that are wrong on purpose.
                Err((line, error)) => self.unreadable.push(unreadable(file, line, &error)),
            }
        }
        let tests: Vec<String> = self.sources.iter().flat_map(Source::test_modules).collect();
        for source in &mut self.sources {
            let stem = source.file.trim_end_matches(".rs");
            if tests.iter().any(|test| stem == test || stem.starts_with(&format!("{test}/"))) {
                source.place = Place::Test;
            }
        }
        Ok(())
    }
}

/// What Cargo makes of a file at `inner` of its package; nothing for one that no target of ours holds.
fn place(inner: &str, has_library: bool) -> Option<Place> {
    let folder = inner.split_once('/').map_or("", |(folder, _)| folder);
    match folder {
        "" if inner == "build.rs" => Some(Place::BuildScript),
        "tests" | "benches" => Some(Place::Test),
        "examples" => Some(Place::Example),
        "src" if inner == "src/main.rs" || inner.starts_with("src/bin/") || !has_library => {
            Some(Place::Binary)
        }
        "src" => Some(Place::Library),
        _ => None,
    }
}

/// The files that git knows or would take; without git, all but those in [`NOT_SOURCES`].
fn files(root: &Path) -> Vec<String> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let mut files: Vec<String> = match git.output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.split_terminator('\0').map(str::to_owned).collect()
        }
        _ => walked(root),
    };
    files.retain(|file| root.join(file).is_file());
    files.sort();
    files.dedup();
    files
}

/// The files of a folder that is not under git.
fn walked(root: &Path) -> Vec<String> {
    let entries = WalkDir::new(root)
        .into_iter()
        .filter_entry(|entry| entry.file_name().to_str().is_none_or(|name| !NOT_SOURCES.contains(&name)));
    let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    files
        .filter_map(|entry| Some(entry.path().strip_prefix(root).ok()?.to_str()?.replace('\\', "/")))
        .collect()
}

/// The packages that the root's manifest names: itself and its members (`*` for one level of folders).
fn packages(root: &Path, manifest: &str, files: &[String]) -> anyhow::Result<Vec<Package>> {
    let table = DeTable::parse(manifest).context("Cargo.toml cannot be parsed")?;
    let table = table.get_ref();
    let mut folders = Vec::new();
    if table.contains_key("package") {
        folders.push(String::new());
    }
    let members = table.get("workspace").and_then(|workspace| workspace.get_ref().get("members"));
    for member in members.and_then(|members| members.get_ref().as_array()).into_iter().flatten() {
        let Some(member) = member.get_ref().as_str() else { continue };
        match member.strip_suffix('*') {
            None => folders.push(format!("{member}/")),
            Some(prefix) => folders.extend(files.iter().filter_map(|file| {
                let folder = file.strip_suffix("Cargo.toml")?;
                let rest = folder.strip_prefix(prefix)?;
                (rest.matches('/').count() == 1).then(|| folder.to_owned())
            })),
        }
    }
    folders.sort();
    folders.dedup();
    folders.into_iter().map(|folder| package(root, folder)).collect()
}

/// Reads the manifest of the package in `folder`.
fn package(root: &Path, folder: String) -> anyhow::Result<Package> {
    let path = root.join(&folder).join("Cargo.toml");
    let manifest = read(&path)?;
    let table = DeTable::parse(&manifest).with_context(|| format!("{} cannot be parsed", path.display()))?;
    let name = table.get_ref().get("package").and_then(|package| package.get_ref().get("name"));
    let name = name.and_then(|name| DeValue::as_str(name.get_ref()));
    let name = name.with_context(|| format!("{} names no package", path.display()))?.to_owned();
    Ok(Package { name, folder, manifest })
}

/// Reads a text file.
fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The violation that a file is which no rule can read.
fn unreadable(file: &str, line: usize, error: &str) -> Violation {
    Violation {
        file: file.to_owned(),
        line,
        rule: "syntax",
        what: format!("the file cannot be parsed: {error}"),
        why: "no rule can be checked in it".into(),
        fix: "correct it, or move it out of the package's sources".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn packages_and_places_are_found() {
        let (_keep, repo) = fixture::repo(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"more/*\"]\n[package]\nname = \"top\"\n"),
            ("src/lib.rs", "#[cfg(test)]\nmod tests;\n"),
            ("src/tests.rs", "\n"),
            ("examples/e.rs", "\n"),
            ("a/Cargo.toml", "[package]\nname = \"a\"\n"),
            ("a/src/main.rs", "\n"),
            ("more/b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("more/b/tests/ui/wrong.rs", "this is no Rust"),
            ("target/debug/x.rs", "nor is this"),
        ]);
        let names: Vec<&str> = repo.packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["top", "a", "b"]);
        let places: Vec<(&str, Place)> = repo.sources.iter().map(|s| (s.file.as_str(), s.place)).collect();
        let expected = [
            ("a/src/main.rs", Place::Binary),
            ("examples/e.rs", Place::Example),
            ("src/lib.rs", Place::Library),
            ("src/tests.rs", Place::Test),
        ];
        assert_eq!(places, expected);
        assert!(repo.unreadable.is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_parsed_is_a_violation() {
        let (_keep, repo) = fixture::core_file("value.rs", "//! V.\nfn {\n");
        assert_eq!(repo.unreadable.len(), 1);
        assert!(repo.unreadable[0].to_string().starts_with("sskuba-core/src/value.rs:2: syntax: "));
    }
}
