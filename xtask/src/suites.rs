//! `cargo xtask test`: everything that this machine can run, suite by suite, and why the rest cannot.

mod command;
mod list;
mod outcome;
mod output;
mod probe;
mod python;

use std::path::Path;
use std::time::Instant;

use anyhow::bail;

use list::{Need, SUITES, Step, Suite, When};
use outcome::{Outcome, Row};
pub(crate) use probe::{Env, WhyNot, cargo};

/// How many minutes all suites, and those of `--quick`, take from cold on two cores; estimated from their parts.
const MINUTES: (u32, u32) = (45, 10);

/// How many programs of tests are named at the end.
const SLOWEST: usize = 5;

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run this suite alone (may be repeated)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the suites and run none
    #[arg(long)]
    list: bool,
    /// Leave out the clients of clouds and machines, which take minutes to compile, and the slowest tests
    #[arg(long)]
    quick: bool,
}

/// How the suites are run, and what is remembered for the end of the log.
struct Run<'a> {
    root: &'a Path,
    ci: bool,
    quick: bool,
    /// What failed, as it was printed.
    failed: Vec<String>,
    /// The seconds of each program of tests.
    times: Vec<(f64, String)>,
}

/// Runs the suites and says whether none was broken.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    if options.list {
        SUITES.iter().for_each(|suite| println!("{:12} {}{}", suite.name, suite.about, suite.when.note()));
        return Ok(true);
    }
    let suites = chosen(&options.only)?;
    if options.only.is_empty() {
        let (whole, quick) = MINUTES;
        let minutes = if options.quick { quick } else { whole };
        println!("about {minutes} minutes from cold on two cores, and half of that when all is compiled");
        if !options.quick {
            println!("(`--quick` leaves out the clients of clouds and machines: about {quick} minutes)");
        }
    }
    let ci = std::env::var("CI").is_ok_and(|value| matches!(value.as_str(), "true" | "1"));
    let mut run = Run { root, ci, quick: options.quick, failed: Vec::new(), times: Vec::new() };
    let mut rows = Vec::new();
    for suite in suites {
        let start = Instant::now();
        let outcome = match options.quick && suite.when == When::Whole {
            true => Outcome::Skipped("left out by --quick".into()),
            false => run.attempt(suite)?,
        };
        if let Outcome::Skipped(why) = &outcome {
            println!("== {}: skipped: {why}", suite.name);
        }
        rows.push(Row { name: suite.name, outcome, time: start.elapsed() });
    }
    // A log may be cut, and what matters is far up in it.
    run.failed.iter().for_each(|line| println!("{line}"));
    println!("{}\n{}", outcome::slowest(run.times, SLOWEST), outcome::table(&rows));
    Ok(!rows.iter().any(|row| matches!(row.outcome, Outcome::Broken(_))))
}

/// Runs one suite and says whether it was not broken.
pub(crate) fn run_alone(root: &Path, name: &str) -> anyhow::Result<bool> {
    run(root, &Options { only: vec![name.to_owned()], list: false, quick: false })
}

/// The suites with these names; without names, those that nobody has to ask for.
fn chosen(only: &[String]) -> anyhow::Result<Vec<&'static Suite>> {
    let names: Vec<&str> = SUITES.iter().map(|suite| suite.name).collect();
    if let Some(name) = only.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("there is no suite `{name}`; there are {}", names.join(", "));
    }
    let wanted = |suite: &&Suite| match only.is_empty() {
        true => suite.when != When::OnRequest,
        false => only.iter().any(|name| name == suite.name),
    };
    Ok(SUITES.iter().filter(wanted).collect())
}

impl Run<'_> {
    /// Runs one suite if it can run here.
    fn attempt(&mut self, suite: &Suite) -> anyhow::Result<Outcome> {
        let clients = |needs: &'static [Need]| if self.quick { &[][..] } else { needs };
        let needs = [suite.needs, clients(suite.clients_need)].concat();
        let mut env = match probe::probe(self.root, &needs) {
            Ok(env) => env,
            Err(why) => return Ok(Outcome::of(why, suite.required_in_ci, self.ci)),
        };
        for want in clients(suite.clients_want) {
            match probe::probe(self.root, &[*want]) {
                Ok(more) => env.extend(more),
                Err(WhyNot::Machine(why)) => println!("== {}: without some of its peers: {why}", suite.name),
                Err(broken) => return Ok(Outcome::of(broken, false, self.ci)),
            }
        }
        for step in suite.steps {
            if let Some(wrong) = self.carry_out(suite.name, step, &env)? {
                return Ok(Outcome::Broken(wrong));
            }
        }
        Ok(Outcome::Good)
    }

    /// Carries out one step and returns what was wrong.
    fn carry_out(&mut self, suite: &str, step: &Step, env: &Env) -> anyhow::Result<Option<String>> {
        let commands = match step {
            Step::Check => {
                println!("== {suite}: cargo xtask check");
                let good = crate::check::report(self.root)?;
                return Ok((!good).then(|| "rules are broken".into()));
            }
            Step::Torture(kills) => {
                let kills = if self.quick { kills / 4 } else { *kills };
                println!("== {suite}: cargo xtask torture --kills {kills}");
                let good = crate::torture::run(self.root, &crate::torture::Options::with_kills(kills))?;
                return Ok((!good).then(|| "something was lost".into()));
            }
            Step::Cargo(arguments) => &[*arguments][..],
            Step::WithTool(tool, with, without) => match probe::has_tool(tool) {
                true => with,
                false => without,
            },
        };
        let mut wrong = None;
        for arguments in commands {
            let words = list::words(arguments, self.quick);
            println!("== {suite}: cargo {}", words.join(" "));
            let mut command = probe::cargo();
            command.args(&words).current_dir(self.root).envs(env.iter().map(|(key, value)| (key, value)));
            if !self.quick {
                command.env("SSKUBA_TEST_FEATURES", list::FEATURES);
            }
            let (status, summary) = command::wait(&mut command, self.ci)?;
            let (lines, times) = summary.into_parts();
            self.times.extend(times);
            if !status.success() {
                self.failed.push(format!("\n== {suite}: what failed"));
                self.failed.extend(lines);
                wrong = wrong.or_else(|| Some(format!("cargo {} ended with {status}", arguments[0])));
            }
        }
        Ok(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(needs: &'static [Need], steps: &'static [Step]) -> Suite {
        let (clients_need, clients_want) = (&[][..], &[][..]);
        let when = When::Always;
        Suite {
            name: "it",
            about: "a test",
            when,
            required_in_ci: true,
            needs,
            clients_need,
            clients_want,
            steps,
        }
    }

    fn outcome(suite: &Suite, ci: bool) -> Outcome {
        let root = crate::workspace_root().unwrap();
        let mut run = Run { root: &root, ci, quick: false, failed: Vec::new(), times: Vec::new() };
        run.attempt(suite).unwrap()
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
        assert!(chosen(&[]).unwrap().iter().all(|suite| suite.when != When::OnRequest));
        assert_eq!(chosen(&["fmt".into()]).unwrap().len(), 1);
        let error = chosen(&["nothing".into()]).err().unwrap().to_string();
        assert!(error.starts_with("there is no suite `nothing`; there are fmt, check, "));
    }
}
