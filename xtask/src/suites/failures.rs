//! What failed in a run of tests, picked out of what it printed, so that the end of a long log says it again.

use std::io::{self, BufRead, Write};
use std::time::Duration;

/// How many lines of one step are kept: a panic of every test would fill the log once more.
const MOST: usize = 200;

/// How a test runner ends the line of a test that takes its time.
const SLOW: &str = " has been running for over 60 seconds";

/// The failures that a test runner of Rust printed.
#[derive(Default)]
pub(crate) struct Failures {
    lines: Vec<String>,
    within: bool,
    slow: Vec<String>,
}

impl Failures {
    /// Passes on everything that is read and keeps what failed.
    pub(crate) fn listen(from: impl BufRead, mut to: impl Write) -> io::Result<Self> {
        let mut failures = Self::default();
        for line in from.split(b'\n') {
            let mut line = line?;
            failures.hear(&String::from_utf8_lossy(&line));
            line.push(b'\n');
            to.write_all(&line)?;
        }
        to.flush()?;
        Ok(failures)
    }

    /// Takes one line: from `failures:` on they belong to what failed, up to the result.
    fn hear(&mut self, line: &str) {
        if let Some(test) = line.strip_prefix("test ") {
            match test.strip_suffix(SLOW) {
                Some(name) => self.slow.push(name.to_owned()),
                None => self.slow.retain(|name| !test.starts_with(&format!("{name} ..."))),
            }
        }
        match line.trim_end() {
            "failures:" => self.within = true,
            line if line.starts_with("test result: ") => self.within = false,
            _ => {}
        }
        if self.within && self.lines.len() < MOST {
            self.lines.push(line.to_owned());
        }
    }

    /// Adds that it was ended, and the tests that had not come to an end.
    pub(crate) fn ended_after(&mut self, bound: Duration) {
        self.lines.push(format!("ended after {} minutes", bound.as_secs() / 60));
        self.lines.extend(self.slow.drain(..).map(|name| format!("still running: {name}")));
    }

    /// The lines, as they were printed.
    pub(crate) fn lines(self) -> Vec<String> {
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\n\
        it is 3\n\n\nfailures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed\n\nrunning 0 tests\n";

    #[test]
    fn failures_are_kept_and_all_is_passed_on() {
        let mut printed = Vec::new();
        let failures = Failures::listen(PRINTED.as_bytes(), &mut printed).unwrap();
        assert_eq!(String::from_utf8(printed).unwrap(), PRINTED);
        let lines = failures.lines();
        assert_eq!(lines.first().map(String::as_str), Some("failures:"));
        assert!(lines.contains(&"it is 3".to_owned()) && lines.contains(&"    b".to_owned()));
        assert!(!lines.iter().any(|line| line.contains("passed") || line.contains("running")));
    }

    #[test]
    fn tests_that_hang_are_named() {
        let printed = format!("test a{SLOW}\ntest b{SLOW}\ntest a ... ok\n");
        let mut failures = Failures::listen(printed.as_bytes(), io::sink()).unwrap();
        failures.ended_after(Duration::from_mins(30));
        assert_eq!(failures.lines(), ["ended after 30 minutes", "still running: b"]);
    }

    #[test]
    fn they_have_an_end() {
        let many = format!("failures:\n{}", "panicked\n".repeat(10 * MOST));
        let failures = Failures::listen(many.as_bytes(), io::sink()).unwrap();
        assert_eq!(failures.lines().len(), MOST);
    }
}
