//! What a run of cargo printed that the end of a long log is to say again: what failed, and what took longest.

use std::io::{self, BufRead, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many lines of one step are kept: a panic of every test would fill the log once more.
const MOST: usize = 200;

/// How a test runner ends the line of a test that takes its time.
const SLOW: &str = " has been running for over 60 seconds";

/// What was picked out of the output of one command.
#[derive(Default)]
pub(crate) struct Summary {
    lines: Vec<String>,
    within: Option<Within>,
    slow: Vec<String>,
    /// The program of tests that cargo started last.
    program: String,
    /// The programs of tests that ended, with the seconds that they say.
    times: Vec<(f64, String)>,
}

/// What the lines that are kept belong to.
#[derive(PartialEq)]
enum Within {
    /// Tests that failed, up to the result.
    Tests,
    /// An error of the compiler or of cargo, up to an empty line.
    Error,
}

/// Passes on everything that is read, and keeps what matters.
pub(crate) fn pass_on(summary: &Mutex<Summary>, from: impl BufRead, mut to: impl Write) -> io::Result<()> {
    for line in from.split(b'\n') {
        let mut line = line?;
        summary.lock().unwrap_or_else(PoisonError::into_inner).read(&String::from_utf8_lossy(&line));
        line.push(b'\n');
        to.write_all(&line)?;
    }
    to.flush()
}

impl Summary {
    /// Takes one line of what a test runner, the compiler or cargo says.
    fn read(&mut self, line: &str) {
        if let Some(test) = line.strip_prefix("test ") {
            match test.strip_suffix(SLOW) {
                Some(name) => self.slow.push(name.to_owned()),
                None => self.slow.retain(|name| !test.starts_with(&format!("{name} ..."))),
            }
        }
        if let Some(program) = started(line) {
            self.program = program.to_owned();
        }
        let line = line.trim_end();
        match line {
            "failures:" => self.within = Some(Within::Tests),
            "" if self.within == Some(Within::Error) => self.within = None,
            line if line.starts_with("test result: ") => {
                self.within = None;
                self.times.extend(seconds(line).map(|seconds| (seconds, self.program.clone())));
            }
            line if line.starts_with("error") && self.within.is_none() => self.within = Some(Within::Error),
            _ => {}
        }
        if self.within.is_some() && self.lines.len() < MOST {
            self.lines.push(line.to_owned());
        }
    }

    /// Adds that it was ended, and the tests that had not come to an end.
    pub(crate) fn ended_after(&mut self, bound: Duration) {
        self.lines.push(format!("ended after {} minutes", bound.as_secs() / 60));
        self.lines.extend(self.slow.drain(..).map(|name| format!("still running: {name}")));
    }

    /// What failed, as it was printed, and the seconds that each program of tests took.
    pub(crate) fn into_parts(self) -> (Vec<String>, Vec<(f64, String)>) {
        (self.lines, self.times)
    }
}

/// The program of tests that cargo says it starts: `     Running tests/it/main.rs (target/…)`.
fn started(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let program = line.strip_prefix("Running ").or_else(|| line.strip_prefix("Doc-tests "))?;
    Some(program.split(" (").next().unwrap_or(program))
}

/// The seconds at the end of a line `test result: …; finished in 1.25s`.
fn seconds(line: &str) -> Option<f64> {
    line.rsplit_once("finished in ")?.1.strip_suffix('s')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "     Running tests/it/main.rs (target/it-1)\nrunning 2 tests\ntest a ... ok\ntest b ... FAILED\n\n\
        failures:\n\n---- b stdout ----\nit is 3\n\n\nfailures:\n    b\n\n\
        test result: FAILED. 1 passed; 1 failed; finished in 1.25s\n\nrunning 0 tests\n";

    fn summary(printed: &str) -> Summary {
        let summary = Mutex::default();
        pass_on(&summary, printed.as_bytes(), io::sink()).unwrap();
        summary.into_inner().unwrap()
    }

    #[test]
    fn failures_are_kept_and_all_is_passed_on() {
        let (summary, mut printed) = (Mutex::<Summary>::default(), Vec::new());
        pass_on(&summary, PRINTED.as_bytes(), &mut printed).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), PRINTED);
        let (lines, times) = summary.into_inner().unwrap().into_parts();
        assert_eq!(lines.first().map(String::as_str), Some("failures:"));
        assert!(lines.contains(&"it is 3".to_owned()) && lines.contains(&"    b".to_owned()));
        assert!(!lines.iter().any(|line| line.contains("passed") || line.contains("running")));
        assert_eq!(times, [(1.25, "tests/it/main.rs".to_owned())]);
    }

    #[test]
    fn what_does_not_compile_is_kept() {
        let printed =
            "   Compiling a v0.1.0\nerror[E0425]: cannot find `b`\n --> src/lib.rs:1:1\n\nwarning: c\n";
        let (lines, _) = summary(printed).into_parts();
        assert_eq!(lines, ["error[E0425]: cannot find `b`", " --> src/lib.rs:1:1"]);
    }

    #[test]
    fn tests_that_hang_are_named() {
        let mut summary = summary(&format!("test a{SLOW}\ntest b{SLOW}\ntest a ... ok\n"));
        summary.ended_after(Duration::from_mins(30));
        assert_eq!(summary.into_parts().0, ["ended after 30 minutes", "still running: b"]);
    }

    #[test]
    fn they_have_an_end() {
        let many = format!("failures:\n{}", "panicked\n".repeat(10 * MOST));
        assert_eq!(summary(&many).into_parts().0.len(), MOST);
    }
}
