//! Lock files of workspaces beside this one, which no command here writes anew.

use toml::de::{DeTable, DeValue};

use super::repo::{Package, Repo};
use super::violation::Violation;

/// The lock file of what `cargo fuzz` runs; it needs another compiler, so that nothing here builds it.
const LOCK: &str = "fuzz/Cargo.lock";

/// Checks that every package of this workspace stands in the lock file with all that it depends on.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let Ok(text) = std::fs::read_to_string(repo.root.join(LOCK)) else { return Vec::new() };
    let Ok(lock) = DeTable::parse(&text) else {
        return vec![violation(1, "it cannot be parsed".to_owned())];
    };
    let locked = lock.get_ref().get("package").map(|packages| packages.get_ref());
    let locked =
        locked.and_then(DeValue::as_array).into_iter().flatten().filter_map(|item| item.get_ref().as_table());
    let mut found = Vec::new();
    for entry in locked {
        let Some(name) = entry.get("name").and_then(|name| name.get_ref().as_str()) else { continue };
        let Some(package) = repo.packages.iter().find(|package| package.name == name) else { continue };
        let has: Vec<&str> = entry
            .get("dependencies")
            .and_then(|list| list.get_ref().as_array())
            .into_iter()
            .flatten()
            .filter_map(|item| item.get_ref().as_str()?.split(' ').next())
            .collect();
        let lacks: Vec<String> =
            needed(package).into_iter().filter(|needed| !has.contains(&needed.as_str())).collect();
        if !lacks.is_empty() {
            let line =
                1 + text.find(&format!("name = \"{name}\"")).map_or(0, |at| text[..at].matches('\n').count());
            found.push(violation(line, format!("{name} lacks {}", lacks.join(", "))));
        }
    }
    found
}

/// Returns what a package always depends on, by the names of the packages.
fn needed(package: &Package) -> Vec<String> {
    let Ok(manifest) = DeTable::parse(&package.manifest) else { return Vec::new() };
    let Some(table) = manifest.get_ref().get("dependencies").and_then(|table| table.get_ref().as_table())
    else {
        return Vec::new();
    };
    let mut names: Vec<String> = Vec::new();
    names.extend(table.iter().filter_map(|(key, value)| {
        let of = |name: &str| value.get_ref().as_table().and_then(|table| table.get(name));
        let optional = of("optional").is_some_and(|value| value.get_ref().as_bool() == Some(true));
        let name = of("package").and_then(|value| value.get_ref().as_str()).unwrap_or(key.get_ref());
        (!optional).then(|| name.to_owned())
    }));
    names.sort();
    names
}

fn violation(line: usize, what: String) -> Violation {
    Violation {
        file: LOCK.to_owned(),
        line,
        rule: "locks",
        what,
        why: "a fuzz target that does not build is noticed by whoever wants to run it".into(),
        fix: "cargo update -w --manifest-path fuzz/Cargo.toml".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn found(lock: &str) -> Vec<String> {
        let manifest = "[package]\nname = \"sskuba-core\"\n[dependencies]\nserde = \"1\"\nshort = { package = \"long-name\", \
                        version = \"1\" }\nextra = { version = \"1\", optional = true }\n[dev-dependencies]\ninsta = \"1\"\n";
        let (_keep, repo) = fixture::repo(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"sskuba-core\"]\n"),
            ("sskuba-core/Cargo.toml", manifest),
            ("fuzz/Cargo.lock", lock),
        ]);
        check(&repo).into_iter().map(|violation| format!("{}: {}", violation.line, violation.what)).collect()
    }

    #[test]
    fn a_lock_file_that_lacks_a_dependency_is_found() {
        let head = "version = 4\n\n[[package]]\nname = \"sskuba-core\"\n";
        assert_eq!(
            found(&format!("{head}dependencies = [\n \"long-name 1.0.0\",\n \"serde\",\n]\n")),
            Vec::<String>::new()
        );
        assert_eq!(
            found(&format!("{head}dependencies = [\n \"serde\",\n]\n")),
            ["4: sskuba-core lacks long-name"]
        );
        assert_eq!(found(head), ["4: sskuba-core lacks long-name, serde"]);
        assert_eq!(found("version = "), ["1: it cannot be parsed"]);
    }
}
