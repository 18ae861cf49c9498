//! The process that writes: this test binary, run again. It says what is acknowledged, in the order in which it is.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sskuba_core::address::StackId;
use sskuba_core::state::{Fold, Image, Lease, Owner, Records, StateStore, StoreError};
use sskuba_core::stores::Sled;

/// Names the root to the process that writes.
pub(crate) const ROOT: &str = "SSKUBA_TEST_WRITE";

/// What was acknowledged up to some instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Acknowledged {
    pub(crate) fence: u64,
    pub(crate) revision: u64,
    pub(crate) meta: u64,
    pub(crate) folded: u64,
}

impl Acknowledged {
    /// Takes in a line of the writer.
    pub(crate) fn hear(&mut self, line: &str) {
        let Some((what, number)) = line.trim().split_once(' ') else { return };
        let Ok(number) = number.parse() else { return };
        match what {
            "fence" => self.fence = number,
            "revision" => self.revision = number,
            "meta" => self.meta = number,
            "folded" => self.folded = number,
            _ => {}
        }
    }
}

pub(crate) fn dev() -> StackId {
    "local/demo/dev".parse().unwrap()
}

pub(crate) fn owner() -> Owner {
    Owner { user: "ann".into(), host: "desk".into(), pid: 1, command: "up".into() }
}

/// How large every fiftieth entry is, in bytes: sled gives a page of more than 128 KiB a file of its own, which its log
/// only names.
const LARGE: u64 = 150_000;

/// Returns the entry of a revision.
pub(crate) fn entry(number: u64) -> Vec<u8> {
    let size = if number % 50 == 49 { LARGE } else { 20 + number * 37 % 900 };
    (0..size).map(|at| (number * 131 + at * 7 + (at * at) % 251) as u8).collect()
}

fn key(number: u64) -> Vec<u8> {
    format!("{number:06}").into_bytes()
}

fn say(what: &str, number: u64) {
    let mut out = std::io::stdout().lock();
    // One write, so that it is one line of the trace.
    out.write_all(format!("{what} {number}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Appends in groups, folds, writes small values; gives the stack back and takes it again.
async fn write(store: &Sled, cycles: u64) -> Result<(), StoreError> {
    let mut folded = 0;
    for cycle in 1..=cycles {
        let lease = store.acquire(&dev(), &owner()).await?;
        say("fence", lease.fence);
        let mut revision = store.load(&dev()).await?.map_or(0, |image| image.revision);
        for round in 0..14 {
            let group = [1, 2, 1, 7, 1, 16, 3][(round % 7) as usize];
            revision = store
                .append(&lease, revision, (revision + 1..=revision + group).map(entry).collect())
                .await?;
            say("revision", revision);
            if round % 5 == 2 {
                let meta = cycle * 100 + round;
                store.put_meta(&lease, "count", meta.to_string().into_bytes()).await?;
                say("meta", meta);
            }
            if round % 6 == 5 {
                folded = fold(store, &lease, folded, revision - 2).await?;
                say("folded", folded);
            }
        }
        store.release(&lease).await?;
    }
    Ok(())
}

async fn fold(store: &Sled, lease: &Lease, folded: u64, upto: u64) -> Result<u64, StoreError> {
    let put = (folded + 1..=upto).map(|at| (key(at), entry(at))).collect();
    let history = vec![(upto, entry(upto))];
    store.fold(lease, Fold { upto, records: Records::put(put), history, ..Fold::default() }).await?;
    Ok(upto)
}

/// Writes; does nothing in an ordinary run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_a_stack() {
    let Ok(root) = env::var(ROOT) else { return };
    let cycles = env::var("SSKUBA_TEST_CYCLES").map_or(2, |cycles| cycles.parse().unwrap());
    if let Err(error) = write(&Sled::open(root), cycles).await {
        println!("failed: {error}");
        std::process::exit(3);
    }
    println!("done");
}

/// Makes sure that an image has all that was acknowledged and nothing that nobody wrote; says what is wrong.
pub(crate) fn judge(image: &Image, known: Acknowledged) -> Result<(), String> {
    if let Some(damage) = &image.damage {
        return Err(format!("it is taken for damaged: {}", damage.why));
    }
    if image.revision < known.revision {
        return Err(format!("revision {} was acknowledged, {} is there", known.revision, image.revision));
    }
    // One append at most was under way.
    if image.revision > known.revision + 16 {
        return Err(format!("revision {} is there, {} was acknowledged", image.revision, known.revision));
    }
    let meta =
        image.meta.get("count").map_or(0, |text| String::from_utf8_lossy(text).parse().unwrap_or(u64::MAX));
    if meta < known.meta || meta > 1000 {
        return Err(format!("meta {} was acknowledged, {meta} is there", known.meta));
    }
    let mut at = 0;
    for (name, value) in &image.records {
        at += 1;
        if *name != key(at) || *value != entry(at) {
            return Err(format!("record {at} is not what was written"));
        }
    }
    if at < known.folded {
        return Err(format!("{} entries were folded, {at} records are there", known.folded));
    }
    for (revision, value) in &image.journal {
        at += 1;
        if *revision != at || *value != entry(at) {
            return Err(format!("entry {at} is not what was written, but {revision}"));
        }
    }
    if at == image.revision { Ok(()) } else { Err(format!("{at} entries at revision {}", image.revision)) }
}

/// Runs the writer under `strace` with these arguments; none where that is not possible.
pub(crate) fn traced(root: &Path, cycles: u32, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "--signal=none"]).args(arguments).arg(env::current_exe().unwrap());
    command.args(["--exact", "writer::write_a_stack", "--nocapture"]);
    command.env(ROOT, root).env("SSKUBA_TEST_CYCLES", cycles.to_string()).stdin(Stdio::null());
    match command.output() {
        Err(error) => {
            println!("skipped: strace cannot be started: {error}");
            None
        }
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("fence 1\n") => Some(output),
        Ok(output) if String::from_utf8_lossy(&output.stdout).contains("failed: ") => Some(output),
        Ok(output) => {
            println!(
                "skipped: strace may not trace here: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
            None
        }
    }
}
