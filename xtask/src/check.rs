//! `cargo xtask check`: the rules of the house that a program can check.
//!
//! Every rule reads one [`Repo`] and returns its violations; all of them are listed together.
//! What a rule permits is data in [`tables`].

mod commands;
mod crates;
mod docs;
#[cfg(test)]
mod fixture;
mod layers;
mod locks;
mod names;
mod purity;
mod repo;
mod scan;
mod size;
mod source;
mod tables;
mod texts;
mod violation;

use std::io::Write;
use std::path::Path;

use repo::Repo;
use violation::Violation;

/// A rule: what it is called and the function that looks for violations of it.
type Rule = (&'static str, fn(&Repo) -> Vec<Violation>);

/// All rules, in the order in which they run.
const RULES: &[Rule] = &[
    ("crates", crates::check),
    ("layers", layers::check),
    ("purity", purity::check),
    ("size", size::check),
    ("docs", docs::check),
    ("names", names::check),
    ("texts", texts::check),
    ("commands", commands::check),
    ("locks", locks::check),
];

/// Finds every violation under `root`, sorted by file and line.
pub(crate) fn violations(root: &Path) -> anyhow::Result<Vec<Violation>> {
    let repo = Repo::load(root)?;
    let mut found = repo.unreadable.clone();
    found.extend(RULES.iter().flat_map(|(_, rule)| rule(&repo)));
    found.sort_by(|a, b| (&a.file, a.line, a.rule, &a.what).cmp(&(&b.file, b.line, b.rule, &b.what)));
    found.dedup_by(|a, b| (&a.file, a.line, a.rule, &a.what) == (&b.file, b.line, b.rule, &b.what));
    Ok(found)
}

/// Prints every violation under `root` and says whether there was none.
pub(crate) fn report(root: &Path) -> anyhow::Result<bool> {
    let found = violations(root)?;
    let mut text: String = found.iter().map(|violation| format!("{violation}\n\n")).collect();
    let names: Vec<&str> = RULES.iter().map(|(name, _)| *name).collect();
    text.push_str(&match found.len() {
        0 => format!("check: every rule holds ({})\n", names.join(", ")),
        1 => "check: 1 violation\n".to_owned(),
        count => format!("check: {count} violations\n"),
    });
    // Whoever reads us through a pipe may have seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(found.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_keeps_the_rules() {
        let found = violations(&crate::workspace_root().unwrap()).unwrap();
        let text: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.is_empty(), "{} violations\n\n{}", found.len(), text.join("\n\n"));
    }

    #[test]
    fn violations_of_several_rules_come_together_and_in_order() {
        let (_keep, repo) = fixture::core(&[
            ("sskuba-core/src/lib.rs", "//! Core.\npub mod value;\npub mod engine;\n"),
            ("sskuba-core/src/value.rs", "use crate::engine::Engine;\nuse std::fs;\npub struct Value;\n"),
            ("sskuba-core/src/engine.rs", "//! Engine.\n/// Engine.\npub struct Engine;\n"),
        ]);
        let found = violations(&repo.root).unwrap();
        let seen: Vec<(usize, &str)> = found.iter().map(|v| (v.line, v.rule)).collect();
        assert_eq!(seen, [(1, "docs"), (1, "layers"), (2, "purity"), (3, "docs")]);
    }
}
