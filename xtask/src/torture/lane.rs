//! One folder in which one program is killed and stopped again and again.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::agree;
use super::dice::Dice;

/// How long a program may need that has nothing to wait for but a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The exit code of a program that finds its stack in use.
const BUSY: i32 = 4;

/// What one lane has seen.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Seen {
    /// Programs that were killed.
    pub(super) kills: u32,
    /// Programs that were stopped, and went on after another one had been refused.
    pub(super) stops: u32,
    /// Programs that had ended before their kill or stop.
    pub(super) early: u32,
    /// Changes of the state itself: new data keys, imports, repairs.
    pub(super) edits: u32,
    /// Rounds.
    pub(super) rounds: u32,
    /// Calls that were found open and resolved.
    pub(super) recovered: usize,
}

impl std::ops::AddAssign for Seen {
    fn add_assign(&mut self, other: Self) {
        self.kills += other.kills;
        self.stops += other.stops;
        self.early += other.early;
        self.edits += other.edits;
        self.rounds += other.rounds;
        self.recovered += other.recovered;
    }
}

impl Seen {
    /// Counts a program that was killed, or had ended before.
    fn count(&mut self, killed: bool) {
        match killed {
            true => self.kills += 1,
            false => self.early += 1,
        }
    }
}

/// A folder, and the programs that run in it.
pub(super) struct Lane {
    pub(super) churn: PathBuf,
    pub(super) witness: PathBuf,
    pub(super) folder: PathBuf,
    pub(super) seed: u64,
    pub(super) resources: u32,
    pub(super) speed: u32,
    pub(super) dice: Dice,
    /// How long an `up` takes that is left alone.
    pub(super) usual: Duration,
    pub(super) round: u64,
}

impl Lane {
    /// Kills an `up` up to five times in a row, so that recovery is killed too, lets one come to its end, and
    /// compares world and record.
    pub(super) fn kills(&mut self) -> anyhow::Result<Seen> {
        self.round += 1;
        let mut seen = Seen { rounds: 1, ..Seen::default() };
        for _ in 0..1 + self.dice.roll() % 5 {
            let wait = self.dice.instant(self.usual * 5 / 4);
            let child = self.start()?;
            seen.count(kill_after(child, wait)?);
        }
        seen.recovered = self.complete()?;
        self.judge()?;
        Ok(seen)
    }

    /// Stops an `up`, makes sure that another one is refused by name and that readers come to an end, and lets the
    /// first go on.
    pub(super) fn stop(&mut self) -> anyhow::Result<Seen> {
        self.round += 1;
        let mut seen = Seen { rounds: 1, ..Seen::default() };
        let child = self.start()?;
        sleep(self.dice.instant(self.usual));
        let pid = Pid::from_raw(child.id().cast_signed());
        // Its end is not taken yet, so the number is still its own.
        kill(pid, Signal::SIGSTOP).context("failed to stop churn")?;
        let refused = self.meanwhile(child.id());
        kill(pid, Signal::SIGCONT).context("failed to let churn go on")?;
        let refused = refused?;
        let output = ended(child)?;
        ensure!(output.status.success(), "the sleeper ended with {}: {}", output.status, text(&output));
        match refused {
            true => seen.stops += 1,
            false => seen.early += 1,
        }
        seen.recovered = self.complete()?;
        self.judge()?;
        Ok(seen)
    }

    /// Kills a command that changes the state itself, lets it come to its end, and compares world and record.
    pub(super) fn edit(&mut self) -> anyhow::Result<Seen> {
        self.round += 1;
        let mut seen = Seen { rounds: 1, edits: 1, ..Seen::default() };
        let exported = self.folder.join("exported.json");
        let exported = exported.to_string_lossy();
        let edit: &[&str] = match self.dice.roll() % 3 {
            0 => &["rotate-key"],
            1 => {
                self.expect(&mut self.state(&["export", &exported]))?;
                &["import", &exported, "--yes"]
            }
            _ => {
                self.damage()?;
                &["repair", "--yes"]
            }
        };
        for _ in 0..1 + self.dice.roll() % 3 {
            let wait = self.dice.instant(self.usual / 3);
            let mut edit = self.state(edit);
            edit.stdout(Stdio::null()).stderr(Stdio::null());
            let child = edit.spawn().context("failed to start churn")?;
            seen.count(kill_after(child, wait)?);
        }
        self.expect(&mut self.state(edit))?;
        seen.recovered = self.complete()?;
        self.judge()?;
        Ok(seen)
    }

    /// Changes one bit of the database, as a disk may.
    fn damage(&mut self) -> anyhow::Result<()> {
        let path = database(&self.folder.join("state"))?;
        let mut bytes = std::fs::read(&path).context("failed to read the database")?;
        // What is written is at the beginning.
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1) as u64;
        let at = usize::try_from(self.dice.roll() % used.max(1))?;
        bytes[at] ^= 1 << (self.dice.roll() % 8);
        std::fs::write(&path, bytes).context("failed to damage the database")
    }

    /// What others do while process `holder` is stopped. False if it did not hold the stack: it had not got it yet,
    /// or had ended.
    fn meanwhile(&self, holder: u32) -> anyhow::Result<bool> {
        let start = Instant::now();
        let reader = self.reader().output().context("failed to start a reader")?;
        let code = reader.status.code();
        ensure!(code == Some(0) || code == Some(BUSY), "a reader ended with {code:?}: {}", text(&reader));
        let second = self.command("up").arg("--yes").output().context("failed to start churn")?;
        ensure!(start.elapsed() < PATIENCE, "a reader and a writer took {:?}", start.elapsed());
        if second.status.success() {
            return Ok(false);
        }
        let said = text(&second);
        ensure!(second.status.code() == Some(BUSY), "the second ended with {}: {said}", second.status);
        // Between taking the lock and leaving its name the holder is somebody.
        let named = said.contains(&format!("process {holder},")) || said.contains("left no name");
        ensure!(named, "the holder, process {holder}, is not named: {said}");
        Ok(true)
    }

    /// Takes everything down; returns what is left of the world.
    pub(super) fn down(&self) -> anyhow::Result<usize> {
        self.expect(self.command("down").arg("--yes"))?;
        Ok(agree::objects(&self.world()?)?.len())
    }

    /// Runs `up` to its end; returns how many calls it found open and resolved.
    pub(super) fn complete(&mut self) -> anyhow::Result<usize> {
        let start = Instant::now();
        let told = self.expect(self.command("up").arg("--yes"))?;
        self.usual =
            if self.usual.is_zero() { start.elapsed() } else { (self.usual * 3 + start.elapsed()) / 4 };
        Ok(String::from_utf8_lossy(&told).matches("\"event\":\"recovered\"").count())
    }

    fn judge(&self) -> anyhow::Result<()> {
        let disagreements = agree::compare(&self.world()?, &self.record()?)?;
        ensure!(disagreements.is_empty(), "world and record disagree:\n    {}", disagreements.join("\n    "));
        Ok(())
    }

    fn start(&self) -> anyhow::Result<Child> {
        let mut up = self.command("up");
        up.arg("--yes").stdout(Stdio::null()).stderr(Stdio::piped());
        up.spawn().context("failed to start churn")
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.churn);
        command
            .current_dir(&self.folder)
            .args([verb, "--state", "sled:state", "--json", "--sim-speed", &self.speed.to_string()])
            .args(["-c", &format!("seed={}", self.seed), "-c", &format!("round={}", self.round)])
            .args(["-c", &format!("resources={}", self.resources)])
            .env("SSKUBA_SIM_WORLD", self.folder.join("world"))
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null());
        command
    }

    fn reader(&self) -> Command {
        self.state(&["list", "--json"])
    }

    /// A command on the state.
    fn state(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.churn);
        command
            .current_dir(&self.folder)
            .arg("state")
            .args(arguments)
            .args(["--state", "sled:state"])
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null());
        command
    }

    fn expect(&self, command: &mut Command) -> anyhow::Result<Vec<u8>> {
        let output = command.output().context("failed to start a program")?;
        if !output.status.success() {
            bail!("{command:?} ended with {}:\n{}", output.status, text(&output));
        }
        Ok(output.stdout)
    }

    fn record(&self) -> anyhow::Result<Vec<u8>> {
        self.expect(&mut self.reader())
    }

    fn world(&self) -> anyhow::Result<Vec<u8>> {
        self.expect(Command::new(&self.witness).args(["list", "--json"]).arg(self.folder.join("world")))
    }
}

/// Kills a program after `wait`; false if it had ended by itself.
fn kill_after(mut child: Child, wait: Duration) -> anyhow::Result<bool> {
    sleep(wait);
    let ended = child.try_wait().context("failed to look at churn")?.is_some();
    // SIGKILL; an error means that it has just ended.
    let _ = child.kill();
    child.wait().context("failed to wait for churn")?;
    Ok(!ended)
}

/// Finds the database below a folder.
fn database(folder: &Path) -> anyhow::Result<PathBuf> {
    for entry in std::fs::read_dir(folder).context("failed to list the state")? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name == "db") {
            return Ok(path);
        }
        if path.is_dir()
            && let Ok(found) = database(&path)
        {
            return Ok(found);
        }
    }
    bail!("there is no database in {}", folder.display())
}

/// Waits for the end of a program, which must come.
fn ended(mut child: Child) -> anyhow::Result<Output> {
    let start = Instant::now();
    let status = loop {
        match child.try_wait().context("failed to look at churn")? {
            Some(status) => break status,
            None if start.elapsed() > PATIENCE => {
                // It may end this moment; that it did not before is what is told.
                let _ = child.kill();
                bail!("a program that was stopped and goes on does not end");
            }
            None => sleep(Duration::from_millis(5)),
        }
    };
    let mut stderr = Vec::new();
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_end(&mut stderr).context("failed to read what churn said")?;
    }
    Ok(Output { status, stdout: Vec::new(), stderr })
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
