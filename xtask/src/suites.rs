//! `cargo xtask test`: everything that this machine can run, suite by suite, and why the rest cannot.

mod failures;
mod list;
mod outcome;
mod probe;
mod python;

use std::io::{self, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use failures::Failures;
use list::{SUITES, Step, Suite};
use outcome::{Outcome, Row};
pub(crate) use probe::{Env, WhyNot, cargo};

use crate::watch::Watch;

/// How long one command of a suite may take in CI: several times what the longest takes from cold. A test that hangs is
/// to be named, not to use up the time of all that come after it.
const BOUND: Duration = Duration::from_mins(30);

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run this suite alone (may be repeated)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the suites and run none
    #[arg(long)]
    list: bool,
    /// Leave out the suites that need more than this repository
    #[arg(long)]
    quick: bool,
}

/// Runs the suites and says whether none was broken.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    if options.list {
        for suite in SUITES {
            println!(
                "{:12} {}{}",
                suite.name,
                suite.about,
                if suite.slow { " (not with --quick)" } else { "" }
            );
        }
        return Ok(true);
    }
    let ci = std::env::var("CI").is_ok_and(|value| matches!(value.as_str(), "true" | "1"));
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for suite in chosen(&options.only)? {
        let start = Instant::now();
        let outcome = match options.quick && suite.slow {
            true => Outcome::Skipped("left out by --quick".into()),
            false => attempt(root, suite, ci, &mut failed)?,
        };
        if let Outcome::Skipped(why) = &outcome {
            println!("== {}: skipped: {why}", suite.name);
        }
        rows.push(Row { name: suite.name, outcome, time: start.elapsed() });
    }
    // A log may be cut, and what matters is far up in it.
    for line in &failed {
        println!("{line}");
    }
    println!("\n{}", outcome::table(&rows));
    Ok(!rows.iter().any(|row| matches!(row.outcome, Outcome::Broken(_))))
}

/// Runs one suite and says whether it was not broken.
pub(crate) fn run_alone(root: &Path, name: &str) -> anyhow::Result<bool> {
    run(root, &Options { only: vec![name.to_owned()], list: false, quick: false })
}

/// The suites with these names, or all.
fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static Suite>> {
    let names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
    if let Some(name) = only.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no suite `{name}`; there are {}", names.join(", "));
    }
    Ok(SUITES.iter().filter(|suite| only.is_empty() || only.iter().any(|name| name == suite.name)).collect())
}

/// Runs one suite if it can run here, and adds what its tests said that failed.
fn attempt(root: &Path, suite: &Suite, ci: bool, failed: &mut Vec<String>) -> anyhow::Result<Outcome> {
    let env = match probe::probe(root, suite.needs) {
        Ok(env) => env,
        Err(why) => return Ok(Outcome::of(why, suite.required_in_ci, ci)),
    };
    for step in suite.steps {
        if let Some(wrong) = carry_out(root, suite.name, step, (&env, ci), failed)? {
            return Ok(Outcome::Broken(wrong));
        }
    }
    Ok(Outcome::Good)
}

/// Carries out one step and returns what was wrong.
fn carry_out(
    root: &Path,
    suite: &str,
    step: &Step,
    (env, ci): (&Env, bool),
    failed: &mut Vec<String>,
) -> anyhow::Result<Option<String>> {
    let commands = match step {
        Step::Check => {
            println!("== {suite}: cargo xtask check");
            let good = crate::check::report(root)?;
            return Ok((!good).then(|| "rules are broken".into()));
        }
        Step::Torture(kills) => {
            println!("== {suite}: cargo xtask torture --kills {kills}");
            let good = crate::torture::run(root, &crate::torture::Options::with_kills(*kills))?;
            return Ok((!good).then(|| "something was lost".into()));
        }
        Step::Cargo(arguments) => &[*arguments][..],
        Step::WithTool(tool, with, without) => match probe::has_tool(tool) {
            true => with,
            false => without,
        },
    };
    for arguments in commands {
        println!("== {suite}: cargo {}", arguments.join(" "));
        let mut command = probe::cargo();
        command.args(*arguments).current_dir(root).envs(env.iter().map(|(key, value)| (key, value)));
        let (status, failures) = wait(&mut command, ci.then_some(BOUND))?;
        if !status.success() {
            failed.push(format!("\n== {suite}: what failed"));
            failed.extend(failures.lines());
            return Ok(Some(format!("cargo {} ended with {status}", arguments[0])));
        }
    }
    Ok(None)
}

/// Runs a command whose output goes where ours goes, and returns what of it was about failures.
fn wait(command: &mut Command, bound: Option<Duration>) -> anyhow::Result<(ExitStatus, Failures)> {
    if bound.is_some() {
        Watch::prepare(command);
    }
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let watch = bound.map(|bound| Watch::over(&child, bound)).transpose()?;
    let failures = match child.stdout.take() {
        Some(output) => Failures::listen(BufReader::new(output), io::stdout()),
        None => Ok(Failures::default()),
    };
    let status = child.wait()?;
    let mut failures = failures?;
    if let Some(bound) = bound
        && watch.is_some_and(Watch::ended)
    {
        failures.ended_after(bound);
    }
    Ok((status, failures))
}

#[cfg(test)]
mod tests {
    use super::list::Need;
    use super::*;

    fn suite(needs: &'static [Need], steps: &'static [Step]) -> Suite {
        Suite { name: "it", about: "a test", slow: false, required_in_ci: true, needs, steps }
    }

    fn outcome(suite: &Suite, ci: bool) -> Outcome {
        attempt(&crate::workspace_root().unwrap(), suite, ci, &mut Vec::new()).unwrap()
    }

    #[test]
    fn a_suite_is_as_good_as_its_commands() {
        assert_eq!(outcome(&suite(&[], &[Step::Cargo(&["--version"])]), true), Outcome::Good);
        let broken = suite(&[], &[Step::Cargo(&["--version"]), Step::Cargo(&["no-such-command"])]);
        let Outcome::Broken(why) = outcome(&broken, false) else { panic!("it should be broken") };
        assert!(why.starts_with("cargo no-such-command ended with "));
    }

    #[test]
    fn another_command_stands_in_for_an_absent_tool() {
        const STEPS: &[Step] = &[Step::WithTool("no-such-tool", &[&["no-such-tool"]], &[&["--version"]])];
        assert_eq!(outcome(&suite(&[], STEPS), true), Outcome::Good);
    }

    #[test]
    fn a_required_suite_that_cannot_run_is_broken_in_ci_alone() {
        let lacking = suite(&[Need::CargoTool("no-such-tool")], &[]);
        assert!(matches!(outcome(&lacking, true), Outcome::Broken(_)));
        assert!(matches!(outcome(&lacking, false), Outcome::Skipped(_)));
    }

    #[test]
    fn an_unknown_suite_is_an_error_that_lists_the_known() {
        assert_eq!(chosen(&[]).unwrap().len(), SUITES.len());
        assert_eq!(chosen(&["fmt".into()]).unwrap().len(), 1);
        let error = chosen(&["nothing".into()]).err().unwrap().to_string();
        assert!(error.starts_with("there is no suite `nothing`; there are fmt, clippy, "));
    }
}
