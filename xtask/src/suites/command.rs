//! One command of a suite: its output goes where ours goes, and what matters of it is kept.

use std::io::{self, BufReader, IsTerminal};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;

use super::output::{Summary, pass_on};
use crate::watch::Watch;

/// How long one command may take in CI: several times what the longest takes from cold. A test that hangs is to be
/// named, not to use up the time of all that come after it.
const BOUND: Duration = Duration::from_mins(50);

/// Runs a command, bounded in CI, and returns what of its output is to be said again.
pub(super) fn wait(command: &mut Command, ci: bool) -> anyhow::Result<(ExitStatus, Summary)> {
    if ci {
        Watch::prepare(command);
    }
    // Where somebody watches, cargo draws its progress and paints its errors itself.
    if !io::stderr().is_terminal() {
        command.stderr(Stdio::piped());
    }
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let watch = ci.then(|| Watch::over(&child, BOUND)).transpose()?;
    let summary = Mutex::<Summary>::default();
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        let reading =
            errors.map(|errors| scope.spawn(|| pass_on(&summary, BufReader::new(errors), io::stderr())));
        let read = output.map_or(Ok(()), |output| pass_on(&summary, BufReader::new(output), io::stdout()));
        reading.map_or(Ok(()), |thread| thread.join().unwrap_or(Ok(()))).and(read)
    })?;
    let status = child.wait()?;
    let mut summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    if watch.is_some_and(Watch::ended) {
        summary.ended_after(BOUND);
    }
    Ok((status, summary))
}
