//! A folder of its own for every test, in which programs run with a state, a world and an identity of their own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

use crate::agree;
use crate::programs;
use crate::running::Running;

/// How long a program may take before its test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A secret that no test wants to see anywhere.
pub(crate) const CANARY: &str = "canary-4f1d";

/// A folder, a program, and how it is called.
pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) program: &'static str,
    /// Arguments of every run: the program's configuration.
    pub(crate) usual: Vec<String>,
    /// Variables of every run.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// How many times faster than real services the simulated ones answer.
    pub(crate) speed: f64,
}

impl Stage {
    /// Makes a folder for a program; `usual` are the `KEY=VALUE` of its configuration.
    pub(crate) fn new(program: &'static str, usual: &[&str]) -> Self {
        Self::within(tempfile::tempdir().unwrap(), program, usual)
    }

    /// Makes the stage in a folder that is there.
    pub(crate) fn within(folder: tempfile::TempDir, program: &'static str, usual: &[&str]) -> Self {
        let usual = usual.iter().flat_map(|pair| ["-c".to_owned(), (*pair).to_owned()]).collect();
        Self { folder, program, usual, variables: Vec::new(), speed: 2000.0 }
    }

    /// Answers at this speed.
    pub(crate) fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Sets a variable for every run.
    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the folder of a stack's database.
    pub(crate) fn database(&self, stack: &str) -> PathBuf {
        self.path().join("state/local").join(self.program).join(stack)
    }

    /// Prepares a run of the stage's program.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut words: Vec<&str> = args.split_whitespace().collect();
        if words.first().is_some_and(|verb| ["up", "preview"].contains(verb)) {
            // What this run says comes later, and wins.
            words.splice(1..1, self.usual.iter().map(String::as_str));
        }
        self.command_of(self.program, &words.join(" "))
    }

    /// Prepares a run of another program in this folder.
    pub(crate) fn command_of(&self, program: &str, args: &str) -> Command {
        let mut command = Command::new(programs::path(program));
        command.args(args.split_whitespace()).current_dir(self.path()).env_clear();
        if !args.contains("--state") {
            command.args(["--state", "sled:state"]);
        }
        if !args.contains("--sim-speed") {
            command.args(["--sim-speed", &self.speed.to_string()]);
        }
        command
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("USER", "ann")
            .env("HOME", self.path().join("home"))
            .env("XDG_CONFIG_HOME", self.path().join("config"))
            .env("SSKUBA_SIM_WORLD", self.path().join("world"))
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs the stage's program to its end.
    #[track_caller]
    pub(crate) fn run(&self, args: &str) -> Ran {
        Ran::of(self.command(args))
    }

    /// Starts the stage's program and goes on while it runs.
    pub(crate) fn start(&self, args: &str) -> Running {
        Running::start(self.command(args))
    }

    /// Returns what exists in the world.
    #[track_caller]
    pub(crate) fn world(&self) -> Vec<Json> {
        let mut witness = Command::new(programs::witness());
        witness.args(["list", "--json"]).arg(self.path().join("world")).stdin(Stdio::null());
        Ran::of(witness).expect(0).list()
    }

    /// Returns what is recorded of a stack.
    #[track_caller]
    pub(crate) fn record(&self, stack: &str) -> Vec<Json> {
        self.run(&format!("state list --json --stack {stack}")).expect(0).list()
    }

    /// Makes sure that the world has what is recorded of the stack `dev`, and nothing else.
    #[track_caller]
    pub(crate) fn agrees(&self) {
        let lines = agree::compare(&self.world(), &self.record("dev"));
        assert!(lines.is_empty(), "world and record disagree:\n{}", lines.join("\n"));
    }
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    /// How it was called.
    pub(crate) call: String,
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
    pub(crate) took: Duration,
}

impl Ran {
    /// Runs a command to its end.
    #[track_caller]
    pub(crate) fn of(command: Command) -> Self {
        Running::start(command).end()
    }

    /// Makes sure of the exit code, that nothing panicked, and that no secret was shown.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(!self.errors.contains("panicked"), "a panic: {self}");
        assert!(!format!("{}{}", self.out, self.errors).contains(CANARY), "a secret was shown: {self}");
        self
    }

    /// Makes sure that there was exactly one error, and returns its text, hints included.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        let text = if self.out.lines().any(|line| line.starts_with("{\"event\"")) {
            let errors: Vec<Json> =
                self.events().into_iter().filter(|line| line["event"] == "error").collect();
            assert_eq!(errors.len(), 1, "not one error: {self}");
            errors[0]["message"].as_str().unwrap().to_owned()
        } else {
            assert_eq!(self.errors.matches("error: ").count(), 1, "not one error: {self}");
            self.errors.split_once("error: ").unwrap().1.to_owned()
        };
        // The words themselves are judged by people.
        if std::env::var_os("SSKUBA_TEST_TEXTS").is_some() {
            println!("--- {}\n{}", self.call, text.trim_end());
        }
        text
    }

    /// Makes sure that there was one error which says all of `parts`.
    #[track_caller]
    pub(crate) fn says(&self, parts: &[&str]) {
        let text = self.error();
        for part in parts {
            assert!(text.contains(part), "the error does not say `{part}`:\n{text}");
        }
    }

    /// Reads the JSON lines, each of which has `event` and `time`.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Json> {
        let read = |line: &str| -> Json {
            let line: Json =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in `{line}` of {self}"));
            assert!(line["event"].is_string(), "{line}");
            assert!(line["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{line}");
            line
        };
        self.out.lines().map(read).collect()
    }

    /// Returns the last JSON line, which is the summary.
    #[track_caller]
    pub(crate) fn summary(&self) -> Json {
        let last = self.events().pop().unwrap();
        assert_eq!(last["event"], "summary", "{self}");
        last
    }

    /// Reads one JSON document that is a list.
    #[track_caller]
    pub(crate) fn list(&self) -> Vec<Json> {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "`{}` ended with {:?} after {:?}", self.call, self.code, self.took)?;
        let lines: Vec<&str> = self.out.lines().collect();
        let hidden = lines.len().saturating_sub(30);
        if hidden > 0 {
            writeln!(f, "-- out, after {hidden} lines")?;
        }
        write!(f, "{}\n-- errors\n{}", lines[hidden..].join("\n"), self.errors)
    }
}
