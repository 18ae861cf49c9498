//! Which crate may depend on which, and where the SDKs of clouds may be.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::repo::{Package, Repo};
use super::tables::{CLOUD_SDKS, CRATES, CrateRule, Tests};
use super::violation::Violation;

/// A line of a manifest that names a dependency.
struct Dependency {
    /// The name of the package, whatever it is called here.
    package: String,
    /// Its line, from 1.
    line: usize,
    /// Whether it is under `dev-dependencies`.
    dev: bool,
    /// Whether it is optional.
    optional: bool,
}

/// Checks the manifest of every package.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let renamed = renamed(&repo.manifest);
    let ours: Vec<&str> = repo.packages.iter().map(|package| package.name.as_str()).collect();
    let mut found = Vec::new();
    for package in &repo.packages {
        let rule = CRATES.iter().find(|rule| rule.name == package.name);
        if rule.is_none() {
            found.push(violation(
                package,
                1,
                format!("the crate `{}` is unknown", package.name),
                "every crate has a place, or the directions between crates cannot be checked",
                "place it in the table CRATES of xtask/src/check/tables.rs".into(),
            ));
        }
        for dependency in dependencies(&package.manifest, &renamed) {
            found.extend(sdk(package, &dependency));
            let known = CRATES.iter().any(|rule| rule.name == dependency.package);
            if known || ours.contains(&dependency.package.as_str()) {
                found.extend(rule.and_then(|rule| direction(package, rule, &dependency)));
            }
        }
    }
    found
}

/// A dependency on a crate of ours that the table does not permit.
fn direction(package: &Package, rule: &CrateRule, dependency: &Dependency) -> Option<Violation> {
    let name = dependency.package.as_str();
    let permitted = rule.may.contains(&name)
        || (dependency.dev
            && match rule.may_in_tests {
                Tests::Any => true,
                Tests::Only(names) => names.contains(&name),
            });
    if permitted {
        return None;
    }
    let may = if rule.may.is_empty() { "none of ours".into() } else { rule.may.join(", ") };
    Some(violation(
        package,
        dependency.line,
        format!("`{}` depends on `{name}`; it may depend on {may}", package.name),
        "sskuba -> {cli, providers, sim} -> core and ctl -> cluster -> sskuba: whoever is below knows nobody above or beside",
        "move what is needed to a crate below both, or let the crate above put the two together".into(),
    ))
}

/// A cloud's SDK outside of its crate, or one that everybody would have to build.
fn sdk(package: &Package, dependency: &Dependency) -> Option<Violation> {
    let name = dependency.package.as_str();
    let is = |sdk: &str| if sdk.ends_with(['-', '_']) { name.starts_with(sdk) } else { name == sdk };
    let (_, home) = CLOUD_SDKS.iter().find(|(sdk, _)| is(sdk))?;
    if package.name != *home {
        return Some(violation(
            package,
            dependency.line,
            format!("`{}` depends on the SDK `{name}`", package.name),
            "an SDK takes minutes to build and is the business of one crate",
            format!("use it in `{home}` alone, behind its `client` feature"),
        ));
    }
    (!dependency.optional).then(|| {
        violation(
            package,
            dependency.line,
            format!("the SDK `{name}` is not optional"),
            "a program that does not talk to this cloud must not build its SDK",
            "put it under [dependencies] with `optional = true` and enable it by a feature".into(),
        )
    })
}

/// Workspace dependencies that are called otherwise than their package.
fn renamed(manifest: &str) -> BTreeMap<String, String> {
    let Ok(table) = DeTable::parse(manifest) else { return BTreeMap::new() };
    let shared = table.get_ref().get("workspace").and_then(|w| w.get_ref().get("dependencies"));
    let shared = shared.and_then(|shared| shared.get_ref().as_table());
    let named = shared.into_iter().flatten().filter_map(|(key, value)| {
        Some((key.get_ref().to_string(), value.get_ref().get("package")?.get_ref().as_str()?.to_owned()))
    });
    named.collect()
}

/// Every dependency that a manifest names, those for one platform included.
fn dependencies(manifest: &str, renamed: &BTreeMap<String, String>) -> Vec<Dependency> {
    let Ok(table) = DeTable::parse(manifest) else { return Vec::new() };
    let mut tables = vec![table.get_ref()];
    let targets = table.get_ref().get("target").and_then(|target| target.get_ref().as_table());
    tables.extend(targets.into_iter().flatten().filter_map(|(_, target)| target.get_ref().as_table()));
    let mut found = Vec::new();
    for table in tables {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let entries = table.get(section).and_then(|section| section.get_ref().as_table());
            for (key, value) in entries.into_iter().flatten() {
                found.push(Dependency {
                    package: package_of(key.get_ref(), value, renamed),
                    line: manifest[..key.span().start].matches('\n').count() + 1,
                    dev: section == "dev-dependencies",
                    optional: value
                        .get_ref()
                        .get("optional")
                        .is_some_and(|o| o.get_ref().as_bool() == Some(true)),
                });
            }
        }
    }
    found.sort_by_key(|dependency: &Dependency| dependency.line);
    found
}

/// The package that a dependency names.
fn package_of(key: &str, value: &Spanned<DeValue<'_>>, renamed: &BTreeMap<String, String>) -> String {
    let named = value.get_ref().get("package").and_then(|package| package.get_ref().as_str());
    let named = named.or_else(|| renamed.get(key).map(String::as_str));
    named.unwrap_or(key).to_owned()
}

fn violation(package: &Package, line: usize, what: String, why: &str, fix: String) -> Violation {
    let file = format!("{}Cargo.toml", package.folder);
    Violation { file, line, rule: "crates", what, why: why.into(), fix }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    /// Checks a workspace of one crate with these lines in its manifest.
    fn broken(name: &str, lines: &str) -> Vec<String> {
        let root = "[workspace]\nmembers = [\"it\"]\n[workspace.dependencies]\nalias = { package = \"sskuba-kube\" }\n";
        let manifest = format!("[package]\nname = \"{name}\"\n{lines}");
        let (_keep, repo) = fixture::repo(&[("Cargo.toml", root), ("it/Cargo.toml", &manifest)]);
        check(&repo).iter().map(|v| format!("{}: {}", v.line, v.what)).collect()
    }

    #[test]
    fn a_provider_knows_no_other_provider() {
        let lines = "[dependencies]\nsskuba-core.workspace = true\nsskuba-sim.workspace = true\n";
        let found = broken("sskuba-aws", lines);
        assert_eq!(
            found,
            ["5: `sskuba-aws` depends on `sskuba-sim`; it may depend on sskuba-core, sskuba-macros"]
        );
        assert!(broken("sskuba-aws", "[dev-dependencies]\nsskuba-sim.workspace = true\n").is_empty());
    }

    #[test]
    fn another_name_hides_nothing() {
        assert_eq!(
            broken("sskuba-aws", "[dependencies]\nx = { package = \"sskuba-cli\", path = \".\" }\n").len(),
            1
        );
        assert_eq!(broken("sskuba-aws", "[dependencies]\nalias.workspace = true\n").len(), 1);
        assert_eq!(broken("sskuba-aws", "[target.'cfg(unix)'.dependencies]\nsskuba-cli = \"1\"\n").len(), 1);
        assert_eq!(broken("sskuba-aws", "[dependencies.sskuba-cli]\nversion = \"1\"\n").len(), 1);
    }

    #[test]
    fn the_core_knows_no_provider_even_in_tests() {
        assert_eq!(broken("sskuba-core", "[dev-dependencies]\nsskuba-sim.workspace = true\n").len(), 1);
        assert_eq!(broken("sskuba-core", "[dependencies]\nsskuba.workspace = true\n").len(), 1);
        assert!(
            broken("sskuba-core", "[dependencies]\nsskuba-macros.workspace = true\nserde = \"1\"\n")
                .is_empty()
        );
    }

    #[test]
    fn the_cluster_stands_on_the_facade_alone() {
        assert!(broken("sskuba-ctl", "[dependencies]\nsskuba = \"1\"\nsskuba-cluster = \"1\"\n").is_empty());
        assert_eq!(
            broken("sskuba-cluster", "[dependencies]\nsskuba-ctl = \"1\"\nsskuba-aws = \"1\"\n").len(),
            2
        );
    }

    #[test]
    fn a_cloud_sdk_is_optional_and_at_home() {
        assert!(
            broken("sskuba-aws", "[dependencies]\naws-sdk-ec2 = { version = \"1\", optional = true }\n")
                .is_empty()
        );
        let found =
            broken("sskuba-aws", "[dependencies]\naws-sdk-ec2 = \"1\"\naws-config.workspace = true\n");
        assert_eq!(
            found,
            ["4: the SDK `aws-sdk-ec2` is not optional", "5: the SDK `aws-config` is not optional"]
        );
        let found =
            broken("sskuba-kube", "[dependencies]\nazure_core = { version = \"1\", optional = true }\n");
        assert_eq!(found, ["4: `sskuba-kube` depends on the SDK `azure_core`"]);
        assert_eq!(broken("sskuba-aws", "[dev-dependencies]\naws-config = \"1\"\n").len(), 1);
    }

    #[test]
    fn a_new_crate_must_be_placed() {
        assert_eq!(broken("sskuba-new", ""), ["1: the crate `sskuba-new` is unknown"]);
    }
}
