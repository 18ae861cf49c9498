//! The layers inside `sskuba-core/src`: a module imports only from layers below its own.

use super::repo::Repo;
use super::scan::{Mention, mentions};
use super::source::{Place, Source};
use super::tables::{LAYERS, Layer};
use super::violation::Violation;

/// The module of the table with this name.
pub(crate) fn layer(module: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.module == module)
}

/// The modules of the core, each with its file; the root only re-exports and is none.
pub(crate) fn core_modules(repo: &Repo) -> impl Iterator<Item = (String, &Source)> {
    let core = repo.sources.iter().filter(|s| s.package == "sskuba-core" && s.place == Place::Library);
    core.filter_map(|source| Some((source.module().into_iter().next()?, source)))
}

/// Checks every module of the core.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let mut found = Vec::new();
    for (module, source) in core_modules(repo) {
        match layer(&module) {
            None => found.push(unknown(source, 1, format!("the module `{module}` is unknown"))),
            Some(own) => {
                found.extend(imports(source).filter_map(|(line, name)| import(source, own, line, &name)))
            }
        }
    }
    found
}

/// What a file imports from the root of its crate: the line, and the segment after `crate::`.
fn imports(source: &Source) -> impl Iterator<Item = (usize, String)> {
    let here = source.module();
    mentions(source).into_iter().filter_map(move |mention| {
        let path = absolute(&here, &mention)?;
        // A macro at the root, `crate::name!`, belongs to no module.
        let of_the_root = mention.called && path.len() == 1;
        Some((mention.line, path.into_iter().next()?)).filter(|_| !of_the_root)
    })
}

/// The path from the root of the crate; nothing for a path that does not say that it is one of ours.
fn absolute(here: &[String], mention: &Mention) -> Option<Vec<String>> {
    let (first, rest) = mention.path.split_first()?;
    match first.as_str() {
        "crate" | "sskuba_core" => Some(rest.to_vec()),
        "super" | "self" => {
            let mut path = here.to_vec();
            path.extend(mention.within.iter().cloned());
            let ups = mention.path.iter().take_while(|segment| *segment == "super").count();
            path.truncate(path.len().saturating_sub(ups));
            path.extend(mention.path.iter().skip_while(|s| matches!(s.as_str(), "super" | "self")).cloned());
            Some(path)
        }
        _ => None,
    }
}

/// Judges one import of the module `own`.
fn import(source: &Source, own: &Layer, line: usize, name: &str) -> Option<Violation> {
    if name == own.module {
        return None;
    }
    let Some(other) = layer(name) else {
        let is_module = name.starts_with(|first: char| first.is_ascii_lowercase());
        return Some(match is_module {
            true => {
                unknown(source, line, format!("`{}` imports `crate::{name}`, which is unknown", own.module))
            }
            false => through_the_root(source, line, own, name),
        });
    };
    if other.level < own.level || own.siblings.contains(&name) {
        return None;
    }
    let (module, level) = (own.module, own.level);
    let why = match (module, name) {
        ("planning", "applying") | ("applying", "planning") => {
            "planning makes every decision and applying makes none: they meet only at the plan"
        }
        _ => "a module imports only from layers below its own, never a sibling",
    };
    Some(violation(
        source,
        line,
        format!("`{module}` (L{level}) imports `{name}` (L{})", other.level),
        why,
        "move what both need to a layer below, or pass it in; if the wall is wrong, move it in \
         xtask/src/check/tables.rs and write an ADR",
    ))
}

fn unknown(source: &Source, line: usize, what: String) -> Violation {
    let why = "every module has a layer, or imports cannot be checked";
    violation(source, line, what, why, "place it in the table LAYERS of xtask/src/check/tables.rs")
}

fn through_the_root(source: &Source, line: usize, own: &Layer, name: &str) -> Violation {
    let what = format!("`{}` imports `crate::{name}` through the root", own.module);
    let why = "a re-export hides the layer that an import comes from";
    violation(source, line, what, why, "import it from the module that defines it")
}

fn violation(source: &Source, line: usize, what: String, why: &str, fix: &str) -> Violation {
    let file = source.file.clone();
    Violation { file, line, rule: "layers", what, why: why.into(), fix: fix.into() }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(name: &str, text: &str) -> Vec<String> {
        let (_keep, repo) = fixture::core_file(name, text);
        check(&repo).iter().map(|v| format!("{}: {}", v.line, v.what)).collect()
    }

    #[test]
    fn below_is_permitted() {
        assert!(
            broken("plan/steps.rs", "use crate::{graph::Dag, state::Record, value::Value};\n").is_empty()
        );
        assert!(broken("plan/steps.rs", "use super::action::Action;\nuse crate::plan::file;\n").is_empty());
        assert!(broken("value.rs", "use crate::secret::MASK;\n").is_empty());
    }

    #[test]
    fn above_is_forbidden() {
        assert_eq!(
            broken("value.rs", "use crate::engine::Engine;\n"),
            ["1: `value` (L0) imports `engine` (L4)"]
        );
        assert_eq!(
            broken("plan/mod.rs", "use super::engine::E;\n"),
            ["1: `plan` (L2) imports `engine` (L4)"]
        );
        let inline = "fn f() {\n    g(crate::engine::run());\n    vec![crate::stores::X];\n}\n";
        let expected = ["2: `plan` (L2) imports `engine` (L4)", "3: `plan` (L2) imports `stores` (L3)"];
        assert_eq!(broken("plan/file.rs", inline), expected);
    }

    #[test]
    fn a_sibling_is_forbidden_unless_the_table_lists_it() {
        assert_eq!(
            broken("state/record.rs", "use crate::plan::P;\n"),
            ["1: `state` (L2) imports `plan` (L2)"]
        );
        assert!(broken("output.rs", "use crate::resource::Resource;\n").is_empty());
        assert_eq!(broken("lifecycle.rs", "use crate::output::O;\n").len(), 1);
        assert_eq!(broken("clock.rs", "use crate::digest::D;\n").len(), 1);
    }

    #[test]
    fn planning_and_applying_meet_only_at_the_plan() {
        for (file, text) in [
            ("planning/diff.rs", "use crate::applying::Step;\n"),
            ("applying/step.rs", "fn f() {\n    super::super::planning::decide();\n}\n"),
        ] {
            let (_keep, repo) = fixture::core_file(file, text);
            let found = check(&repo);
            assert_eq!(found.len(), 1);
            assert!(found[0].why.ends_with("they meet only at the plan"));
        }
    }

    #[test]
    fn the_journal_and_calls_know_neither_recovery_nor_runs() {
        for upper in ["recovering", "applying"] {
            let text = format!("use crate::{upper}::X;\n");
            for file in ["journal/log.rs", "calling/call.rs", "refresh.rs", "planning/make.rs", "event.rs"] {
                assert_eq!(broken(file, &text).len(), 1, "{file} imports {upper}");
            }
        }
        let lower = "use crate::{calling::Call, journal::Journal};\n";
        assert!(broken("recovering/recover.rs", lower).is_empty());
        assert!(broken("refresh.rs", lower).is_empty());
        assert_eq!(broken("journal/log.rs", "use crate::calling::Call;\n").len(), 1);
        assert_eq!(broken("recovering/pending.rs", "use crate::applying::Run;\n").len(), 1);
    }

    #[test]
    fn an_unknown_module_must_be_placed() {
        let (_keep, repo) = fixture::core_file("novel.rs", "\n");
        let found = check(&repo);
        assert_eq!(found.len(), 1);
        assert!(found[0].fix.contains("place it in the table LAYERS"));
        assert_eq!(
            broken("plan.rs", "use crate::novel::X;\n"),
            ["1: `plan` imports `crate::novel`, which is unknown"]
        );
    }

    #[test]
    fn the_root_is_no_way_round() {
        assert_eq!(
            broken("value.rs", "use crate::Engine;\n"),
            ["1: `value` imports `crate::Engine` through the root"]
        );
        assert_eq!(broken("value.rs", "use crate::*;\n").len(), 1);
        assert!(broken("value.rs", "fn f() {\n    crate::ensure!(true);\n}\n").is_empty());
    }

    #[test]
    fn tests_are_exempt() {
        assert!(
            broken("value.rs", "#[cfg(test)]\nmod tests {\n    use crate::engine::Engine;\n}\n").is_empty()
        );
    }
}
