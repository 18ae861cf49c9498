//! A bound for a command: one that hangs is ended, with all that it started.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Ends a command, with all that it started, when its time is over.
pub(crate) struct Watch {
    done: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Watch {
    /// Puts a command that is to be started into a group of its own. A terminal's Ctrl-C does not reach it then, so
    /// this is for where nobody sits.
    pub(crate) fn prepare(command: &mut Command) {
        command.process_group(0);
    }

    /// Watches over a command that was prepared.
    pub(crate) fn over(child: &Child, bound: Duration) -> anyhow::Result<Self> {
        let group = Pid::from_raw(child.id().try_into().context("the number of a process is too large")?);
        let (done, ended) = channel();
        let thread = std::thread::spawn(move || {
            let late = ended.recv_timeout(bound) == Err(RecvTimeoutError::Timeout);
            late && killpg(group, Signal::SIGKILL).is_ok()
        });
        Ok(Self { done, thread })
    }

    /// Says whether the command was ended because its time was over.
    pub(crate) fn ended(self) -> bool {
        drop(self.done);
        self.thread.join().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(script: &str, bound: Duration) -> (bool, bool) {
        let mut command = Command::new("sh");
        Watch::prepare(command.args(["-c", script]));
        let mut child = command.spawn().unwrap();
        let watch = Watch::over(&child, bound).unwrap();
        let good = child.wait().unwrap().success();
        (good, watch.ended())
    }

    #[test]
    fn what_takes_too_long_is_ended_with_what_it_started() {
        assert_eq!(watched("sleep 600 & wait", Duration::from_millis(100)), (false, true));
    }

    #[test]
    fn what_ends_in_time_is_left_alone() {
        assert_eq!(watched("exit 0", Duration::from_secs(600)), (true, false));
    }
}
