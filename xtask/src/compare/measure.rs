//! What one command costs: wall time, processor time, peak memory, bytes written.
//!
//! A command runs below a process of its own (`xtask measure`, which nobody else calls), so that
//! what the kernel adds up for "all children" is that one command and what it waited for. The bytes come from
//! `/proc/<pid>/io`, read after the command has ended and before it is reaped; other systems have none.
//! The peak is that of the largest process, and is never less than that of the measuring process (about 4 MB).

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;

use crate::watch::Watch;

/// What `xtask measure` is asked for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Seconds after which the command is killed
    #[arg(long)]
    timeout: u64,
    /// Where the command's output goes
    #[arg(long)]
    log: PathBuf,
    /// Where the figures go
    #[arg(long)]
    out: PathBuf,
    /// The command
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// What a command cost and how it ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sample {
    /// Seconds from start to end.
    pub(crate) wall: f64,
    /// Seconds of processor time, the system's included.
    pub(crate) cpu: f64,
    /// The most memory that was resident, in bytes.
    pub(crate) peak: Option<f64>,
    /// Bytes handed to `write`, wherever they went: what was printed counts as well.
    pub(crate) written: Option<f64>,
    /// Bytes that were sent to a disk; none where the folder is in memory.
    pub(crate) disk: Option<f64>,
    /// The exit code; negative for the signal that ended it.
    pub(crate) code: i32,
    /// Whether it was killed for taking too long.
    pub(crate) timed_out: bool,
}

impl Sample {
    fn to_line(&self) -> String {
        let or_none = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| value.to_string());
        let Self { wall, cpu, peak, written, disk, code, timed_out } = self;
        let (peak, written, disk) = (or_none(*peak), or_none(*written), or_none(*disk));
        format!("{wall} {cpu} {peak} {written} {disk} {code} {timed_out}")
    }

    fn from_line(line: &str) -> anyhow::Result<Self> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [wall, cpu, peak, written, disk, code, timed_out] = fields.as_slice() else {
            bail!("a measurement has {} fields instead of 7", fields.len());
        };
        let or_none = |field: &str| if field == "-" { Ok(None) } else { field.parse().map(Some) };
        Ok(Self {
            wall: wall.parse()?,
            cpu: cpu.parse()?,
            peak: or_none(peak)?,
            written: or_none(written)?,
            disk: or_none(disk)?,
            code: code.parse()?,
            timed_out: timed_out.parse()?,
        })
    }
}

/// The one of some measurements whose time is in the middle.
pub(crate) fn middle(mut samples: Vec<Sample>) -> Option<Sample> {
    samples.sort_by(|one, other| one.wall.total_cmp(&other.wall));
    let middle = samples.len() / 2;
    samples.into_iter().nth(middle)
}

/// Measures a command by a process of its own; its output goes to `log`.
pub(crate) fn measured(command: &Command, log: &Path, timeout: u64) -> anyhow::Result<Sample> {
    let out = log.with_extension("figures");
    let mut outer = Command::new(std::env::current_exe().context("cannot find xtask itself")?);
    outer.arg("measure").args(["--timeout", &timeout.to_string()]);
    outer.arg("--log").arg(log).arg("--out").arg(&out).arg("--");
    outer.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(key, value),
            None => outer.env_remove(key),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    let status = outer.status().context("cannot start the measuring process")?;
    if !status.success() {
        bail!("the measuring process ended with {status}");
    }
    Sample::from_line(&fs::read_to_string(&out)?)
}

/// Runs the command of `options` and writes down what it cost.
pub(crate) fn run(options: &Options) -> anyhow::Result<bool> {
    let log = File::create(&options.log)?;
    let (program, arguments) = options.command.split_first().context("there is no command")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    Watch::prepare(&mut command);
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
    let watch = Watch::over(&child, Duration::from_secs(options.timeout))?;
    let sample = figures(child, start, watch)?;
    fs::write(&options.out, sample.to_line())?;
    Ok(true)
}

/// Waits for the child and takes the figures.
fn figures(mut child: Child, start: Instant, watch: Watch) -> anyhow::Result<Sample> {
    let io = await_end(Pid::from_raw(child.id().try_into()?));
    let mut wall = start.elapsed();
    // Where the end could not be awaited without reaping, the child still runs: do not reap it while it is watched.
    if io.is_none() {
        while child.try_wait()?.is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        wall = start.elapsed();
    }
    let timed_out = watch.ended();
    let status = child.wait()?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let unit = if cfg!(target_os = "macos") { 1.0 } else { 1024.0 };
    Ok(Sample {
        wall: wall.as_secs_f64(),
        cpu: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak: Some(usage.max_rss() as f64 * unit).filter(|peak| *peak > 0.0),
        written: io.as_deref().and_then(|io| field(io, "wchar")),
        disk: io.as_deref().and_then(|io| field(io, "write_bytes")),
        code: status.code().or_else(|| status.signal().map(|signal| -signal)).unwrap_or(-1),
        timed_out,
    })
}

/// Waits for the end of a process without reaping it, and returns what `/proc` says of its input and output.
#[cfg(target_os = "linux")]
fn await_end(process: Pid) -> Option<String> {
    use nix::errno::Errno;
    use nix::sys::wait::{Id, WaitPidFlag, waitid};

    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    while let Err(error) = waitid(Id::Pid(process), flags) {
        if error != Errno::EINTR {
            return None;
        }
    }
    Some(fs::read_to_string(format!("/proc/{process}/io")).unwrap_or_default())
}

/// Other systems have no `/proc`.
#[cfg(not(target_os = "linux"))]
fn await_end(_process: Pid) -> Option<String> {
    None
}

/// The value of a line `name: value`.
fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Measures a shell script in this process: the peak is then that of any child of the tests.
    fn shell(script: &str, timeout: u64) -> Sample {
        let folder = tempfile::tempdir().unwrap();
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let (log, out) = (folder.path().join("log"), folder.path().join("out"));
        run(&Options { timeout, log, out: out.clone(), command }).unwrap();
        Sample::from_line(&fs::read_to_string(out).unwrap()).unwrap()
    }

    #[test]
    fn a_line_of_figures_is_read_as_it_was_written() {
        let sample = Sample {
            wall: 1.5,
            cpu: 0.25,
            peak: Some(1024.0),
            disk: Some(0.0),
            code: -9,
            ..Sample::default()
        };
        assert_eq!(Sample::from_line(&sample.to_line()).unwrap(), sample);
        assert!(Sample::from_line("1 2 3").is_err());
    }

    #[test]
    fn the_middle_is_that_of_the_times() {
        let sample = |wall, code| Sample { wall, code, ..Sample::default() };
        assert_eq!(middle(Vec::new()), None);
        assert_eq!(middle(vec![sample(3.0, 1), sample(1.0, 2), sample(2.0, 3)]), Some(sample(2.0, 3)));
    }

    #[test]
    fn the_end_and_the_time_are_seen() {
        let sample = shell("sleep 0.2; exit 3", 60);
        assert_eq!((sample.code, sample.timed_out), (3, false));
        assert!(sample.wall >= 0.2 && sample.peak.is_some());
    }

    #[test]
    fn a_command_that_takes_too_long_is_killed_with_its_children() {
        let sample = shell("sleep 60 & sleep 60", 1);
        assert_eq!((sample.code, sample.timed_out), (-9, true));
        assert!(sample.wall < 30.0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn bytes_written_by_children_count() {
        let sample = shell("head -c 3000000 /dev/zero > /dev/null; true", 60);
        assert!(sample.written.unwrap() >= 3e6, "{sample:?}");
    }
}
