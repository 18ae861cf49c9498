//! `cargo xtask torture`: kills the example `churn` with SIGKILL at random instants, runs it again, and asks the
//! simulated world, without the engine, whether record and world agree: object by object, by token.

mod agree;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// What is to be tortured, and how much.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many kills.
    #[arg(long, default_value_t = 200)]
    kills: u32,
    /// What decides the graphs and the instants; the clock if it is not given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many resources.
    #[arg(long, default_value_t = 120)]
    resources: u32,
    /// How many times faster than real services the simulated ones answer.
    #[arg(long, default_value_t = 200)]
    speed: u32,
}

impl Options {
    /// The usual torture with another number of kills.
    pub(crate) fn with_kills(kills: u32) -> Self {
        Self { kills, seed: None, resources: 120, speed: 200 }
    }
}

/// Random numbers that a seed decides.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns an instant before `most`.
    fn instant(&mut self, most: Duration) -> Duration {
        let parts = u32::try_from(self.roll() % 10_000).unwrap_or(0);
        most * parts / 10_000
    }
}

/// The programs and the folder of one torture.
struct Bench<'a> {
    churn: PathBuf,
    witness: PathBuf,
    folder: &'a Path,
    options: &'a Options,
    seed: u64,
}

/// Runs the torture; true if nothing was lost.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    build(root)?;
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seed = options.seed.unwrap_or(since.as_secs());
    let folder = tempfile::tempdir().context("failed to make a folder for the torture")?;
    let bin = crate::target_dir(root).join("debug");
    let bench = Bench {
        churn: bin.join("examples/churn"),
        witness: bin.join("sskuba-sim"),
        folder: folder.path(),
        options,
        seed,
    };
    println!("torture: {} kills, seed {seed}", options.kills);
    let (mut dice, mut killed, mut early, mut round) = (Dice(seed), 0, 0, 0_u64);
    let (mut usual, mut recovered) = (bench.complete(round)?.0, 0);
    while killed < options.kills {
        round += 1;
        // Up to three kills in a row, so that recovery is killed too.
        for _ in 0..1 + dice.roll() % 3 {
            match bench.kill(round, dice.instant(usual * 5 / 4))? {
                true => killed += 1,
                false => early += 1,
            }
        }
        let (took, resolved) = bench.complete(round)?;
        recovered += resolved;
        usual = (usual * 3 + took) / 4;
        let disagreements = agree::compare(&bench.world()?, &bench.record()?)?;
        if !disagreements.is_empty() {
            println!("torture: round {round} of seed {seed} after {killed} kills:");
            disagreements.iter().for_each(|line| println!("    {line}"));
            return Ok(false);
        }
        if round.is_multiple_of(20) {
            println!("torture: {killed} kills, {round} rounds, nothing lost so far");
        }
    }
    bench.expect(bench.command("down", round).arg("--yes"))?;
    let left = agree::objects(&bench.world()?)?;
    println!(
        "torture: seed {seed}: {killed} kills in {round} rounds ({early} runs had ended before), {recovered} open calls \
         resolved, 0 lost, 0 twice, {} left after down",
        left.len()
    );
    Ok(left.is_empty())
}

fn build(root: &Path) -> anyhow::Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    for what in [["--example", "churn"], ["--package", "sskuba-sim"]] {
        let status = Command::new(&cargo).current_dir(root).args(["build", "--quiet"]).args(what).status();
        if !status.context("failed to start cargo")?.success() {
            bail!("failed to build {}", what.join(" "));
        }
    }
    Ok(())
}

impl Bench<'_> {
    fn command(&self, verb: &str, round: u64) -> Command {
        let mut command = Command::new(&self.churn);
        command
            .current_dir(self.folder)
            .args(verb.split(' '))
            .args(["--state", "sled:state", "--json", "--sim-speed", &self.options.speed.to_string()])
            .args(["-c", &format!("seed={}", self.seed), "-c", &format!("round={round}")])
            .args(["-c", &format!("resources={}", self.options.resources)])
            .env("SSKUBA_SIM_WORLD", self.folder.join("world"))
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null());
        command
    }

    /// Starts an `up` and kills it after `wait`; false if it had ended by itself.
    fn kill(&self, round: u64, wait: Duration) -> anyhow::Result<bool> {
        let mut up = self.command("up", round);
        up.arg("--yes").stdout(Stdio::null()).stderr(Stdio::null());
        let mut child: Child = up.spawn().context("failed to start churn")?;
        sleep(wait);
        let ended = child.try_wait().context("failed to look at churn")?.is_some();
        // SIGKILL; an error means that it has just ended.
        let _ = child.kill();
        child.wait().context("failed to wait for churn")?;
        Ok(!ended)
    }

    /// Runs `up` to its end; returns how long that took, and how many calls it found open and resolved.
    fn complete(&self, round: u64) -> anyhow::Result<(Duration, usize)> {
        let start = Instant::now();
        let told = self.expect(self.command("up", round).arg("--yes"))?;
        let recovered = String::from_utf8_lossy(&told).matches("\"event\":\"recovered\"").count();
        Ok((start.elapsed(), recovered))
    }

    fn expect(&self, command: &mut Command) -> anyhow::Result<Vec<u8>> {
        let output = command.output().context("failed to start a program")?;
        if !output.status.success() {
            bail!(
                "seed {}: {command:?} ended with {}:\n{}{}",
                self.seed,
                output.status,
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(output.stdout)
    }

    fn record(&self) -> anyhow::Result<Vec<u8>> {
        self.expect(
            Command::new(&self.churn)
                .current_dir(self.folder)
                .args(["state", "list", "--json", "--state", "sled:state"])
                .env("XDG_CONFIG_HOME", self.folder.join("config"))
                .env_remove("CARGO_MANIFEST_DIR"),
        )
    }

    fn world(&self) -> anyhow::Result<Vec<u8>> {
        self.expect(Command::new(&self.witness).args(["list", "--json"]).arg(self.folder.join("world")))
    }
}
