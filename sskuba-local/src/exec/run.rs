//! Runs one command: its output in bounds, its time in bounds, its secrets out of sight, its end on the disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sskuba_core::provider::{Class, Cx, Effect, Failure};
use sskuba_core::secret::{MASK, Secret};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::environment::keep_ours;
use super::marks::{Found, MISSING, Mark};

/// A shorter value says too little to be a secret, and would mask half of every message.
const SHORTEST_SECRET: usize = 4;

/// How often the outputs are looked at.
const LOOK: Duration = Duration::from_millis(500);

/// How often it is asked whether a command of an earlier run has ended.
const POLL: Duration = Duration::from_millis(50);

/// Runs its arguments after the first and writes the status to the file that the first names, whoever still waits for
/// it. They are a program, not a word of the shell.
#[cfg(unix)]
const KEEPER: &str = r#"end=$1; shift
command -v "$1" >/dev/null 2>&1 || { echo missing >"$end"; exit 127; }
(exec "$@"); status=$?
echo "$status" >"$end.new" && mv "$end.new" "$end"
exit "$status""#;

/// What is to be run.
pub(super) struct Order<'a> {
    pub(super) field: &'a str,
    pub(super) line: &'a [String],
    pub(super) env: &'a BTreeMap<String, Secret<String>>,
    pub(super) cwd: Option<&'a Path>,
    pub(super) timeout: Duration,
    pub(super) before: &'a str,
    pub(super) mark: &'a Mark,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) stdout: String,
    pub(super) status: i32,
}

impl Order<'_> {
    /// Runs it.
    pub(super) async fn run(&self, cx: &Cx) -> Result<Ended, Failure> {
        let (out, err) = self.mark.begin().map_err(|error| {
            let message =
                format!("the {} command was not run: its output cannot be kept: {error}", self.field);
            Failure::new(Class::Terminal, message)
        })?;
        let mut child = self.start(cx, out, err).inspect_err(|_| self.mark.remove())?;
        let group = Group::of(&child);
        child.id().into_iter().for_each(|process| self.mark.note(process));
        let wait = async {
            loop {
                match timeout(LOOK, child.wait()).await {
                    Ok(ended) => break ended,
                    Err(_) => self.mark.bound(),
                }
            }
        };
        match timeout(self.timeout, wait).await {
            Ok(Ok(status)) => {
                group.release();
                self.ended(&self.status(status))
            }
            Ok(Err(error)) => Err(self.failed(&format!("could not be waited for: {error}"), Class::Terminal)),
            Err(_) => {
                drop(group);
                // Where there are no process groups this is all that can be done.
                let _ = child.start_kill();
                let _ = child.wait().await;
                let how = format!("was killed after {:.1} s", self.timeout.as_secs_f64());
                let failure = self.failed(&how, Class::Timeout);
                Err(failure.hint("raise `timeout`, and the resource's own with `.timeout(…)`"))
            }
        }
    }

    /// Waits for a command that an earlier run began, and takes its end as its own.
    pub(super) async fn adopt(&self) -> Result<Ended, Failure> {
        let late = Instant::now() + self.timeout.min(Duration::from_secs(1 << 30));
        loop {
            match self.mark.look() {
                Ok(Found::Running { .. }) if Instant::now() < late => sleep(POLL).await,
                Ok(Found::Running { process }) => {
                    let how = format!("of an earlier run still runs, as process {process}");
                    let hint = "wait for it, or end it; the next run takes its end as that of the command";
                    return Err(self.failed(&how, Class::Timeout).hint(hint));
                }
                Ok(Found::Ended(status)) => return self.ended(&status),
                Ok(_) => {
                    let how =
                        "was begun and ended without leaving a status: it was killed, or the machine stopped";
                    return Err(self.failed(how, Class::Terminal));
                }
                Err(error) => {
                    let how = format!("was run earlier, and what came of it cannot be read: {error}");
                    return Err(self.failed(&how, Class::Terminal));
                }
            }
        }
    }

    /// Makes of a status what it means.
    fn ended(&self, status: &str) -> Result<Ended, Failure> {
        let mut failure = match status.parse::<i32>() {
            Ok(0) => return Ok(Ended { stdout: self.mark.out().trim().to_owned(), status: 0 }),
            // A command that ends by itself and says that it failed counts as not run: it is run again.
            Ok(status @ ..=128) => {
                let mut failure = self.failed(&format!("ended with status {status}"), Class::Terminal);
                failure.effect = Effect::NotApplied;
                failure
            }
            Ok(status) => self.failed(&format!("was ended by signal {}", status - 128), Class::Terminal),
            Err(_) if status == MISSING => {
                let program = self.line.first().map_or("", String::as_str);
                let message = format!("cannot run `{}`: there is no such program", self.masked(program));
                return Err(Failure::new(Class::Invalid(self.field.to_owned()), message));
            }
            Err(_) => self.failed("ended with a status that cannot be read", Class::Terminal),
        };
        let tail = self.masked(self.mark.err().trim());
        if !tail.is_empty() {
            failure.message = format!("{}: {tail}", failure.message);
        }
        Err(failure)
    }

    /// Returns the status of what ended now: as it is on the disk, where a signal to the keeper left one.
    fn status(&self, ended: std::process::ExitStatus) -> String {
        #[cfg(unix)]
        if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&ended) {
            return (128 + signal).to_string();
        }
        match self.mark.look() {
            Ok(Found::Ended(status)) => status,
            _ => {
                // Nobody keeps it where there is no shell.
                let status = ended.code().unwrap_or(-1).to_string();
                let _ = std::fs::write(self.mark.end(), &status);
                status
            }
        }
    }

    fn start(&self, cx: &Cx, out: File, err: File) -> Result<Child, Failure> {
        #[cfg(unix)]
        let mut command = {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", KEEPER, "sskuba"]).arg(self.mark.end()).args(self.line);
            command.process_group(0);
            command
        };
        #[cfg(not(unix))]
        let mut command = {
            let mut command = Command::new(self.line.first().map_or("", String::as_str));
            command.args(self.line.iter().skip(1));
            command
        };
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        keep_ours(&mut command);
        command.env("SSKUBA_ADDRESS", cx.address.as_str()).env("SSKUBA_TOKEN", cx.token.to_string());
        command.env("SSKUBA_STDOUT", self.before);
        command.envs(self.env.iter().map(|(name, value)| (name, value.expose())));
        command.kill_on_drop(true);
        if let Some(cwd) = self.cwd {
            command.current_dir(cwd);
        }
        command.spawn().map_err(|error| {
            let there = self.cwd.is_none_or(Path::is_dir);
            let field = if there { self.field } else { "cwd" };
            let program = self.line.first().map_or("", String::as_str);
            let cwd = self.cwd.unwrap_or(Path::new("")).to_string_lossy();
            let what = if there { program } else { &cwd };
            Failure::new(
                Class::Invalid(field.to_owned()),
                format!("cannot run `{}`: {error}", self.masked(what)),
            )
        })
    }

    /// Makes a failure of which only the command knows what it has done.
    pub(super) fn failed(&self, how: &str, class: Class) -> Failure {
        let line = self.masked(&self.line.join(" "));
        let short: String = line.chars().take(120).collect();
        let dots = if short.len() < line.len() { "…" } else { "" };
        Failure::unknown(class, format!("the {} command `{short}{dots}` {how}", self.field))
    }

    fn masked(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self.env.values().map(|value| value.expose().trim()).collect();
        // The longest first: one secret may be the beginning of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
        secrets.into_iter().fold(text.to_owned(), |text, secret| text.replace(secret, MASK))
    }
}

/// The process group of a command: killed with everything in it when dropped, unless released.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Self {
        Self(child.id())
    }

    fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    #[cfg(unix)]
    fn drop(&mut self) {
        let pid = self.0.take().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(pid) = pid {
            // It may be gone already.
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }

    #[cfg(not(unix))]
    fn drop(&mut self) {}
}
