//! Who may touch files, the network, processes, time, randomness, the environment and the terminal.

use super::layers::{core_modules, layer};
use super::repo::Repo;
use super::scan::{Mention, mentions};
use super::source::{Place, Source};
use super::tables::{
    ALSO_PURE, AT_THE_TERMINAL, CHANCE, CLOCK, EFFECTS, ENVIRONMENT, EXCEPTIONS, FILES, PURE_UP_TO, STORES,
    TERMINAL, VALUES,
};
use super::violation::Violation;

/// Checks the core for effects, and every library for the terminal and the environment.
pub(crate) fn check(repo: &Repo) -> Vec<Violation> {
    let mut found: Vec<Violation> =
        core_modules(repo).flat_map(|(module, source)| effects(&module, source)).collect();
    let libraries = repo.sources.iter().filter(|source| source.place == Place::Library);
    found.extend(libraries.filter(|s| !AT_THE_TERMINAL.contains(&s.package.as_str())).flat_map(terminal));
    found
}

/// Effects in a module of the core.
fn effects(module: &str, source: &Source) -> Vec<Violation> {
    let pure = ALSO_PURE.contains(&module) || layer(module).is_some_and(|layer| layer.level <= PURE_UP_TO);
    let judge = |mention: &Mention| {
        if module != STORES
            && let Some(name) = which(mention, FILES)
        {
            let fix = "let a store do it, or take what was read as an argument";
            return Some(violation(source, mention, name, "only `stores` touches files", fix));
        }
        if module != CLOCK
            && let Some(name) = which(mention, CHANCE)
        {
            let why = "`clock` is the only source of time and randomness, so that runs can be repeated";
            return Some(violation(
                source,
                mention,
                name,
                why,
                "take a `Clock` or an `IdSource` as an argument",
            ));
        }
        let name = which(mention, EFFECTS).filter(|_| pure)?;
        let why = "layers 0 to 2 and `planning` do no I/O: the same inputs give the same plan";
        Some(violation(source, mention, name, why, "take the value as an argument"))
    };
    mentions(source).iter().filter_map(judge).collect()
}

/// The terminal and the environment in a library.
fn terminal(source: &Source) -> Vec<Violation> {
    let judge = |mention: &Mention| {
        let excepted = |name: &str| EXCEPTIONS.contains(&(source.file.as_str(), name));
        let is = |name: &&&str| mention.called && mention.path.last().is_some_and(|last| last == **name);
        let printed = TERMINAL.iter().find(is).filter(|name| !excepted(name));
        if let Some(name) = printed {
            let why = "a library prints nothing: only `sskuba-cli`, programs and examples have a terminal";
            return Some(violation(
                source,
                mention,
                &format!("{name}!"),
                why,
                "emit an event, or use `tracing`",
            ));
        }
        let name = which(mention, ENVIRONMENT).filter(|name| !excepted(name))?;
        let why = "a library reads no environment: only `sskuba-cli`, programs and examples do";
        Some(violation(source, mention, name, why, "take the value as an argument"))
    };
    mentions(source).iter().filter_map(judge).collect()
}

/// The first of `names` that a path is, or is a part of.
fn which(mention: &Mention, names: &[&'static str]) -> Option<&'static str> {
    if mention.path.len() < 2 || VALUES.iter().any(|value| holds(&mention.path, value)) {
        return None;
    }
    names.iter().copied().find(|name| holds(&mention.path, name))
}

/// Whether a path holds the segments of `name`: a single one at its beginning, several anywhere.
fn holds(path: &[String], name: &str) -> bool {
    let name: Vec<&str> = name.split("::").collect();
    match name.len() {
        1 => path.first().is_some_and(|first| first == name[0]),
        length => path.windows(length).any(|window| window == name.as_slice()),
    }
}

fn violation(source: &Source, mention: &Mention, name: &str, why: &str, fix: &str) -> Violation {
    Violation {
        file: source.file.clone(),
        line: mention.line,
        rule: "purity",
        what: format!("`{name}` is used here"),
        why: why.into(),
        fix: fix.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn broken(name: &str, text: &str) -> Vec<String> {
        let (_keep, repo) = fixture::core_file(name, text);
        let mut found: Vec<String> = check(&repo).iter().map(|v| format!("{}: {}", v.line, v.what)).collect();
        found.dedup();
        found
    }

    #[test]
    fn pure_modules_have_no_effects() {
        for name in [
            "std::net::TcpStream",
            "std::process::Command",
            "tokio::net::TcpStream",
            "tokio::process::Command",
        ] {
            for module in ["value.rs", "graph/dag.rs", "plan/file.rs", "planning/diff.rs"] {
                assert_eq!(broken(module, &format!("use {name};\n")).len(), 1, "{name} in {module}");
            }
            assert!(broken("adapters/rate.rs", &format!("use {name};\n")).is_empty());
        }
        assert_eq!(broken("state/format.rs", "use std::{env, fmt};\n"), ["1: `std::env` is used here"]);
    }

    #[test]
    fn addresses_are_values() {
        assert!(broken("value.rs", "use std::net::{IpAddr, Ipv4Addr};\n").is_empty());
    }

    #[test]
    fn only_stores_touches_files() {
        assert!(broken("stores/sled.rs", "use std::fs;\n").is_empty());
        assert_eq!(broken("engine.rs", "use std::fs::File;\n"), ["1: `std::fs` is used here"]);
        assert_eq!(
            broken("applying/step.rs", "fn f() {\n    tokio::fs::read(x);\n}\n"),
            ["2: `tokio::fs` is used here"]
        );
    }

    #[test]
    fn only_the_clock_knows_time_and_chance() {
        let text =
            "fn f() {\n    std::time::SystemTime::now();\n    getrandom::fill(x);\n    rand::random();\n}\n";
        assert!(broken("clock.rs", text).is_empty());
        assert_eq!(broken("plan/steps.rs", text).len(), 3);
        assert_eq!(broken("engine.rs", text).len(), 3);
        let elapsed = "fn f() {\n    tokio::time::Instant::now();\n}\n";
        assert_eq!(broken("plan/steps.rs", elapsed).len(), 1);
        assert!(broken("applying/dispatcher.rs", elapsed).is_empty());
        assert!(broken("plan/steps.rs", "fn f(rand: u8) -> u8 {\n    rand\n}\n").is_empty());
    }

    #[test]
    fn a_library_has_no_terminal_and_no_environment() {
        let text = "//! X.\nfn f() {\n    println!(\"x\");\n    std::eprintln!(\"y\");\n    std::env::var(\"z\");\n}\n";
        let files = |name: &str, file: &str| {
            let manifest = format!("[package]\nname = \"{name}\"\n");
            let (lib, path) = ("it/src/lib.rs", format!("it/{file}"));
            let root = ("Cargo.toml", "[workspace]\nmembers = [\"it\"]\n");
            fixture::repo(&[root, ("it/Cargo.toml", &manifest), (lib, "//! L.\n"), (&path, text)])
        };
        let count = |name: &str, file: &str| check(&files(name, file).1).len();
        assert_eq!(count("sskuba-aws", "src/client.rs"), 3);
        assert_eq!(count("sskuba-cli", "src/ui.rs"), 0);
        assert_eq!(count("sskuba-ctl", "src/main.rs"), 0);
        assert_eq!(count("sskuba-ctl", "src/bin/x.rs"), 0);
        assert_eq!(count("sskuba-aws", "examples/x.rs"), 0);
        assert_eq!(count("sskuba-aws", "tests/x.rs"), 0);
        assert_eq!(count("sskuba-aws", "build.rs"), 0);
    }

    #[test]
    fn what_the_table_excepts_is_permitted_there_alone() {
        let prints = "fn f() {\n    eprintln!(\"x\");\n}\n";
        assert_eq!(broken("testing/provider_conformance.rs", prints), Vec::<String>::new());
        assert_eq!(broken("testing/other.rs", prints).len(), 1);
        let other = "fn f() {\n    println!(\"x\");\n}\n";
        assert_eq!(broken("testing/provider_conformance.rs", other).len(), 1);
    }

    #[test]
    fn tests_are_exempt() {
        assert!(broken("value.rs", "#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n").is_empty());
        assert!(broken("value.rs", "#[test]\nfn t() {\n    println!(\"x\");\n}\n").is_empty());
    }
}
