//! `cargo xtask torture`: kills the example `churn` with SIGKILL at random instants, and stops it for a while at
//! others, and commands that change the state itself: new data keys, imports, repairs of a damaged database; runs it again, and asks the simulated world, without the engine, whether record and world agree: object by
//! object, by token. With `--points` programs die at every boundary instead of at random, and again while they
//! recover.

mod agree;
mod dice;
mod lane;

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use dice::Dice;
use lane::{Lane, Seen};

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
    /// How many programs are tortured at once, each in a folder of its own; four for each processor if not given.
    #[arg(long)]
    lanes: Option<u32>,
    /// Not at random: at every boundary, and every pair of them, under so many seeds.
    #[arg(long, value_name = "SEEDS", num_args = 0..=1, default_missing_value = "1")]
    points: Option<u32>,
}

impl Options {
    /// The usual torture with another number of kills.
    pub(crate) fn with_kills(kills: u32) -> Self {
        Self { kills, seed: None, resources: 60, speed: 200, lanes: None, points: None }
    }
}

/// One stop for so many rounds of kills.
const ROUNDS_PER_STOP: u64 = 5;

/// One change of the state itself for so many rounds of kills.
const ROUNDS_PER_EDIT: u64 = 4;

/// How often it is said how far the torture has come, in kills.
const TELL: u32 = 100;

/// What all lanes share.
#[derive(Default)]
struct Shared {
    seen: Seen,
    told: u32,
    broken: Option<String>,
}

/// Runs the torture; true if nothing was lost.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    if let Some(seeds) = options.points {
        return points(root, seeds);
    }
    build(root)?;
    let start = Instant::now();
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seed = options.seed.unwrap_or(since.as_secs());
    let processors = std::thread::available_parallelism().map_or(2, |count| count.get() as u32);
    let lanes = options.lanes.unwrap_or(processors * 4).clamp(1, options.kills / 5 + 1);
    let folder = tempfile::tempdir().context("failed to make a folder for the torture")?;
    println!("torture: {} kills in {lanes} lanes, seed {seed}", options.kills);
    let shared = Mutex::new(Shared::default());
    std::thread::scope(|scope| {
        for number in 0..lanes {
            let (shared, folder) = (&shared, folder.path().join(format!("lane-{number}")));
            scope.spawn(move || {
                let broken = lane(root, options, seed, number, &folder, shared).err();
                if let Some(error) = broken {
                    let text = format!("seed {seed}, lane {number}: {error:#}");
                    lock(shared).broken.get_or_insert(text);
                }
            });
        }
    });
    let Shared { seen, broken, .. } = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(broken) = broken {
        println!("torture: {broken}\ntorture: the evidence is in {}", folder.keep().display());
        return Ok(false);
    }
    let Seen { kills, stops, early, edits, rounds, recovered } = seen;
    println!(
        "torture: seed {seed}: {kills} kills and {stops} stops in {rounds} rounds, {edits} of them changed the state itself \
         ({early} runs had ended before), {recovered} open calls resolved, 0 lost, 0 twice, 0 left after down, in {:.0?}",
        start.elapsed()
    );
    Ok(true)
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tortures in one folder until there were kills enough in all.
fn lane(
    root: &Path,
    options: &Options,
    seed: u64,
    number: u32,
    folder: &Path,
    shared: &Mutex<Shared>,
) -> anyhow::Result<()> {
    std::fs::create_dir(folder).context("failed to make the folder of a lane")?;
    let bin = crate::target_dir(root).join("debug");
    let mut lane = Lane {
        churn: bin.join("examples/churn"),
        witness: bin.join("sskuba-sim"),
        folder: folder.to_owned(),
        // A graph of its own for each lane.
        seed: seed ^ u64::from(number) << 40,
        resources: options.resources,
        speed: options.speed,
        dice: Dice::new(seed, u64::from(number)),
        usual: Duration::ZERO,
        round: 0,
    };
    lane.complete()?;
    loop {
        {
            let shared = lock(shared);
            if shared.seen.kills >= options.kills || shared.broken.is_some() {
                break;
            }
        }
        let stops = (lane.round + u64::from(number)).is_multiple_of(ROUNDS_PER_STOP);
        let edits = (lane.round + u64::from(number)).is_multiple_of(ROUNDS_PER_EDIT);
        let seen = match (stops, edits) {
            (true, _) => lane.stop(),
            (_, true) => lane.edit(),
            _ => lane.kills(),
        };
        let seen = seen.with_context(|| format!("round {}", lane.round))?;
        let mut shared = lock(shared);
        shared.seen += seen;
        let Seen { kills, stops, rounds, .. } = shared.seen;
        if kills / TELL > shared.told {
            shared.told = kills / TELL;
            println!("torture: {kills} kills, {stops} stops, {rounds} rounds, nothing lost so far");
        }
    }
    match lane.down()? {
        0 => Ok(()),
        left => bail!("{left} objects are left after down"),
    }
}

fn cargo() -> std::ffi::OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn build(root: &Path) -> anyhow::Result<()> {
    // Of the whole workspace, as its tests are built: with the features of one package alone nearly all of it would be
    // compiled once more.
    let what = ["build", "--quiet", "--workspace", "--example", "churn", "--bin", "sskuba-sim"];
    let status = Command::new(cargo()).current_dir(root).args(what).status();
    if !status.context("failed to start cargo")?.success() {
        bail!("failed to build the example `churn` and `sskuba-sim`");
    }
    Ok(())
}

/// Runs the test of the engine that enumerates all pairs of deaths.
fn points(root: &Path, seeds: u32) -> anyhow::Result<bool> {
    let status = Command::new(cargo())
        .current_dir(root)
        .args([
            "test",
            "--package",
            "sskuba",
            "--test",
            "it",
            "--",
            "--ignored",
            "--nocapture",
            "every_pair_of_deaths",
        ])
        .env("SSKUBA_TEST_SEEDS", seeds.to_string())
        .status();
    Ok(status.context("failed to start cargo")?.success())
}
