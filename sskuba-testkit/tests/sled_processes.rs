//! Two real processes and one sled store. The second process is this test binary, run again.
#![expect(clippy::unwrap_used, reason = "a test: what fails is seen, what is skipped or measured is said")]

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use sskuba_core::address::StackId;
use sskuba_core::state::{Fold, Owner, Records, StateStore, StoreError};
use sskuba_core::stores::Sled;

/// Names the root to the second process.
const ROOT: &str = "SSKUBA_TEST_HOLD";

fn dev() -> StackId {
    "local/demo/dev".parse().unwrap()
}

fn owner(command: &str) -> Owner {
    Owner { user: "ann".into(), host: "desk".into(), pid: std::process::id(), command: command.into() }
}

fn entry(number: u64) -> Vec<u8> {
    format!("entry {number:0300}").into_bytes()
}

/// The second process: holds the stack, and appends until it is killed. Does nothing in an ordinary run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hold() {
    let Ok(root) = env::var(ROOT) else { return };
    let store = Sled::open(root);
    let lease = store.acquire(&dev(), &owner("up")).await.unwrap();
    let mut revision = store.load(&dev()).await.unwrap().unwrap().revision;
    loop {
        let size = 1 + revision % 7;
        let group = (revision + 1..=revision + size).map(entry).collect();
        revision = store.append(&lease, revision, group).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {revision}").unwrap();
        out.flush().unwrap();
        drop(out);
        if revision.is_multiple_of(5) {
            let upto = revision - 2;
            let put = (1..=upto).map(|at| (entry(at), entry(at))).collect();
            store.fold(&lease, Fold { upto, records: Records::put(put), ..Fold::default() }).await.unwrap();
        }
    }
}

struct Holder {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Holder {
    fn start(root: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "hold", "--nocapture"])
            .env(ROOT, root)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits for the next acknowledged revision; none after the last.
    fn acknowledged(&mut self) -> Option<u64> {
        loop {
            let line = self.lines.next()?.unwrap();
            // The test runner writes its own words before the first.
            if let Some((_, number)) = line.split_once("acknowledged ") {
                return number.parse().ok();
            }
        }
    }
}

/// Checks that `image` is whole, and returns its revision.
fn whole(image: sskuba_core::state::Image) -> u64 {
    let known = image.records.iter().map(|(_, value)| value.clone());
    let known: Vec<_> = known.chain(image.journal.into_iter().map(|(_, value)| value)).collect();
    let expected: Vec<_> = (1..=image.revision).map(entry).collect();
    assert!(known == expected, "not all of revision {}", image.revision);
    image.revision
}

#[tokio::test]
async fn the_holder_is_named_and_answers_readers() {
    let root = tempfile::tempdir().unwrap();
    let mut holder = Holder::start(root.path());
    let store = Sled::open(root.path());
    holder.acknowledged().unwrap();

    let Err(StoreError::Busy { holder: named, .. }) = store.acquire(&dev(), &owner("down")).await else {
        panic!("two holders");
    };
    assert_eq!((named.owner.pid, &*named.owner.command), (holder.child.id(), "up"));
    assert_eq!(store.holder(&dev()).await.unwrap(), Some(*named.clone()));
    let Err(StoreError::Busy { holder: named, .. }) = store.unlock(&dev()).await else {
        panic!("a live holder was unlocked");
    };
    assert_eq!(named.owner.pid, holder.child.id());

    for _ in 0..20 {
        let acknowledged = holder.acknowledged().unwrap();
        let revision = whole(store.load(&dev()).await.unwrap().unwrap());
        assert!(revision >= acknowledged, "{acknowledged} was acknowledged, {revision} seen");
        assert_eq!(store.history(&dev(), 3).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_killed_holder_loses_nothing_that_was_acknowledged() {
    let root = tempfile::tempdir().unwrap();
    let mut total = 0;
    for kill in 0..24_u32 {
        let mut holder = Holder::start(root.path());
        let mut acknowledged = 0;
        for _ in 0..=kill {
            acknowledged = holder.acknowledged().unwrap();
        }
        if kill % 3 > 0 {
            // Somewhere in the fold that follows.
            while !acknowledged.is_multiple_of(5) {
                acknowledged = holder.acknowledged().unwrap();
            }
            std::thread::sleep(Duration::from_micros(u64::from(kill) * 150));
        }
        let pid = holder.child.id();
        holder.child.kill().unwrap();
        holder.child.wait().unwrap();
        while let Some(later) = holder.acknowledged() {
            acknowledged = later;
        }

        let store = Sled::open(root.path());
        let start = Instant::now();
        let revision = whole(store.load(&dev()).await.unwrap().unwrap());
        assert!(revision >= acknowledged, "{acknowledged} was acknowledged, {revision} is there");
        assert!(revision <= acknowledged + 7, "one append at most was under way");
        assert_eq!(store.holder(&dev()).await.unwrap(), None, "the dead hold nothing");
        let dead = store.unlock(&dev()).await.unwrap();
        assert_eq!(dead.map(|dead| dead.owner.pid), Some(pid), "whose it was");
        let lease = store.acquire(&dev(), &owner("up")).await.unwrap();
        assert!(start.elapsed() < Duration::from_secs(5));
        store.release(&lease).await.unwrap();
        total = revision;
    }
    assert!(total > 200, "the holders wrote {total}");
}

/// Acquiring and loading race each other in two processes' stead: nobody is told that a reader is a writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_readers_do_not_get_in_the_way() {
    let root = tempfile::tempdir().unwrap();
    let writer = Sled::open(root.path());
    let lease = writer.acquire(&dev(), &owner("up")).await.unwrap();
    writer.append(&lease, 0, (1..=300).map(entry).collect()).await.unwrap();
    writer.release(&lease).await.unwrap();
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let reader = Sled::open(root.path());
            tokio::spawn(async move {
                for _ in 0..30 {
                    assert_eq!(whole(reader.load(&dev()).await.unwrap().unwrap()), 300);
                }
            })
        })
        .collect();
    for _ in 0..30 {
        let lease = writer.acquire(&dev(), &owner("up")).await.unwrap();
        writer.release(&lease).await.unwrap();
    }
    for reader in readers {
        reader.await.unwrap();
    }
}
