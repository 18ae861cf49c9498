//! Runs one command: its output in bounds, its time in bounds, its secrets out of sight.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use sskuba_core::provider::{Class, Cx, Effect, Failure};
use sskuba_core::secret::{MASK, Secret};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::environment::keep_ours;

/// How much of standard output is kept, from its beginning.
const KEPT_OUT: usize = 64 * 1024;
/// How much of standard error is kept, from its end.
const KEPT_ERR: usize = 2 * 1024;
/// For how long output is awaited from what a command left running in the background.
const GRACE: Duration = Duration::from_millis(250);
/// A shorter value says too little to be a secret, and would mask half of every message.
const SHORTEST_SECRET: usize = 4;

/// What is to be run.
pub(super) struct Order<'a> {
    pub(super) field: &'a str,
    pub(super) line: &'a [String],
    pub(super) env: &'a BTreeMap<String, Secret<String>>,
    pub(super) cwd: Option<&'a str>,
    pub(super) timeout: Duration,
    pub(super) before: &'a str,
}

/// How it ended.
pub(super) struct Ended {
    pub(super) stdout: String,
    pub(super) status: i32,
}

impl Order<'_> {
    /// Runs it.
    pub(super) async fn run(&self, cx: &Cx) -> Result<Ended, Failure> {
        let mut child = self.start(cx)?;
        let group = Group::of(&child);
        let out = child.stdout.take().map(|pipe| Kept::spawn(pipe, KEPT_OUT, false));
        let err = child.stderr.take().map(|pipe| Kept::spawn(pipe, KEPT_ERR, true));
        let waited = tokio::time::timeout(self.timeout, child.wait()).await;
        let mut failure = match waited {
            Ok(Ok(status)) => {
                group.release();
                let out = text(out).await;
                if status.success() {
                    return Ok(Ended { stdout: out.trim().to_owned(), status: status.code().unwrap_or(0) });
                }
                // A command that ends by itself and says that it failed counts as not run: it is run again.
                let mut failure = self.failed(&ending(status), Class::Terminal);
                if status.code().is_some() {
                    failure.effect = Effect::NotApplied;
                }
                failure
            }
            Ok(Err(error)) => self.failed(&format!("could not be waited for: {error}"), Class::Terminal),
            Err(_) => {
                drop(group);
                // Where there are no process groups this is all that can be done.
                let _ = child.start_kill();
                let _ = child.wait().await;
                let seconds = self.timeout.as_secs_f64();
                self.failed(&format!("was killed after {seconds:.1} s"), Class::Timeout)
                    .hint("raise `timeout`, and the resource's own with `.timeout(…)`")
            }
        };
        let tail = self.masked(text(err).await.trim());
        if !tail.is_empty() {
            failure.message = format!("{}: {tail}", failure.message);
        }
        Err(failure)
    }

    fn start(&self, cx: &Cx) -> Result<Child, Failure> {
        let (program, arguments) =
            self.line.split_first().map_or(("", &[][..]), |(p, rest)| (p.as_str(), rest));
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        keep_ours(&mut command);
        command.env("SSKUBA_ADDRESS", cx.address.as_str()).env("SSKUBA_TOKEN", cx.token.to_string());
        command.env("SSKUBA_STDOUT", self.before);
        command.envs(self.env.iter().map(|(name, value)| (name, value.expose())));
        command.kill_on_drop(true);
        if let Some(cwd) = self.cwd {
            command.current_dir(cwd);
        }
        #[cfg(unix)]
        command.process_group(0);
        command.spawn().map_err(|error| {
            let there = self.cwd.is_none_or(|cwd| std::path::Path::new(cwd).is_dir());
            let field = if there { self.field } else { "cwd" };
            let what = if there { program } else { self.cwd.unwrap_or_default() };
            Failure::new(
                Class::Invalid(field.to_owned()),
                format!("cannot run `{}`: {error}", self.masked(what)),
            )
        })
    }

    /// Makes a failure of which only the command knows what it has done.
    fn failed(&self, how: &str, class: Class) -> Failure {
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

fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    format!("ended with status {}", status.code().unwrap_or(-1))
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

/// A part of an output, read by a task of its own so that a full pipe holds up nobody.
struct Kept {
    bytes: watch::Receiver<Vec<u8>>,
    task: tokio::task::JoinHandle<()>,
}

impl Kept {
    fn spawn(mut pipe: impl AsyncRead + Unpin + Send + 'static, most: usize, from_end: bool) -> Self {
        let (sender, bytes) = watch::channel(Vec::new());
        let task = tokio::spawn(async move {
            let mut buffer = vec![0_u8; 8 * 1024];
            while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
                sender.send_modify(|kept| {
                    kept.extend_from_slice(&buffer[..count]);
                    if kept.len() > most && from_end {
                        kept.drain(..kept.len() - most);
                    }
                    kept.truncate(most);
                });
            }
        });
        Self { bytes, task }
    }
}

/// Returns what was kept once the pipe has ended, or what there is after a while.
async fn text(kept: Option<Kept>) -> String {
    let Some(mut kept) = kept else { return String::new() };
    let _ = tokio::time::timeout(GRACE, &mut kept.task).await;
    kept.task.abort();
    let bytes = kept.bytes.borrow().clone();
    String::from_utf8_lossy(&bytes).into_owned()
}
