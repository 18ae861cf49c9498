//! `cargo xtask mutants`: breaks the engine on purpose, one promise at a time, and runs the test that has to notice.
//!
//! A mutation is a text that is replaced by another, in a copy of the sources; one whose text is not there any more is
//! an error, so that the list follows the code. `docs/reliability.md` shows the list.

mod asked;
mod declared;
mod list;
mod local;
mod rollout;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, bail};

use list::Mutation;

/// Which mutations are tried.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Try this one alone (may be repeated)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List them as a table of Markdown and try none
    #[arg(long)]
    list: bool,
}

/// Tries the mutations; true if all were noticed.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    if options.list {
        print!("{}", table());
        return Ok(true);
    }
    let chosen: Vec<&Mutation> = mutations()
        .filter(|mutation| options.only.is_empty() || options.only.iter().any(|name| name == mutation.name))
        .collect();
    if chosen.is_empty() {
        bail!("there is no such mutation; `cargo xtask mutants --list` shows them");
    }
    let copy = copy(root)?;
    let mut missed = 0;
    for mutation in &chosen {
        let start = Instant::now();
        let noticed = attempt(&copy, mutation).with_context(|| format!("mutation {}", mutation.name))?;
        let word = if noticed { "noticed" } else { "MISSED " };
        println!("{word} {:6.1}s  {}: {}", start.elapsed().as_secs_f64(), mutation.name, mutation.test());
        missed += usize::from(!noticed);
    }
    println!("mutants: {} of {} noticed", chosen.len() - missed, chosen.len());
    Ok(missed == 0)
}

/// All mutations.
fn mutations() -> impl Iterator<Item = &'static Mutation> {
    let all = [list::MUTATIONS, asked::MUTATIONS, declared::MUTATIONS, rollout::MUTATIONS, local::MUTATIONS];
    all.into_iter().flatten()
}

/// The list as a table of Markdown.
fn table() -> String {
    let row = |m: &Mutation| format!("| {} | `{}` | `{}` |\n", m.breaks, m.file, m.test());
    let rows: String = mutations().map(row).collect();
    format!("| what is broken | where | noticed by |\n|---|---|---|\n{rows}")
}

/// Copies what git knows of into a folder of its own, so that no mutation ever reaches the sources.
fn copy(root: &Path) -> anyhow::Result<PathBuf> {
    let copy = crate::target_dir(root).join("mutants");
    let listed = Command::new("git")
        .current_dir(root)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .context("failed to ask git for the files")?;
    for name in String::from_utf8_lossy(&listed.stdout).split_terminator('\0') {
        let (from, to) = (root.join(name), copy.join(name));
        let Ok(bytes) = fs::read(&from) else { continue };
        // What is the same stays as it is, so that it is not compiled again.
        if fs::read(&to).is_ok_and(|there| there == bytes) {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&to, bytes).with_context(|| format!("failed to write {}", to.display()))?;
    }
    Ok(copy)
}

/// Breaks the copy, runs the test, and mends the copy; true if the test failed.
fn attempt(copy: &Path, mutation: &Mutation) -> anyhow::Result<bool> {
    let path = copy.join(mutation.file);
    let whole = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let count = whole.matches(mutation.from).count();
    if count != 1 {
        bail!("its text stands {count} times in {}, and has to stand there once", mutation.file);
    }
    fs::write(&path, whole.replace(mutation.from, mutation.to))?;
    let noticed = noticed(copy, mutation);
    fs::write(&path, whole)?;
    noticed
}

fn noticed(copy: &Path, mutation: &Mutation) -> anyhow::Result<bool> {
    let mut build = cargo(copy, mutation);
    build.arg("--no-run").stdout(Stdio::null()).stderr(Stdio::piped());
    let built = build.output().context("failed to start cargo")?;
    if !built.status.success() {
        bail!("it does not compile:\n{}", String::from_utf8_lossy(&built.stderr));
    }
    let mut test = cargo(copy, mutation);
    test.arg("--").args(mutation.filter).env("SSKUBA_MODEL_SEQUENCES", "400");
    let ended =
        test.stdout(Stdio::piped()).stderr(Stdio::null()).output().context("failed to start cargo")?;
    let told = String::from_utf8_lossy(&ended.stdout);
    if told.contains("running 0 tests") && !told.contains("running 1 test") {
        bail!("there is no test {}", mutation.test());
    }
    Ok(!ended.status.success())
}

fn cargo(copy: &Path, mutation: &Mutation) -> Command {
    let mut command = crate::suites::cargo();
    command.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target"));
    command.args(["test", "--quiet"]).args(mutation.target);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_stands_once_where_it_is_said_to_be() {
        let root = crate::workspace_root().unwrap();
        for mutation in mutations() {
            let text = fs::read_to_string(root.join(mutation.file)).unwrap();
            assert_eq!(text.matches(mutation.from).count(), 1, "{}", mutation.name);
        }
        assert!(mutations().count() >= 15);
    }

    #[test]
    fn the_list_is_shown_as_it_is() {
        let root = crate::workspace_root().unwrap();
        let shown = fs::read_to_string(root.join("docs/reliability.md")).unwrap();
        assert!(
            shown.contains(&table()),
            "put what `cargo xtask mutants --list` prints into docs/reliability.md"
        );
    }
}
