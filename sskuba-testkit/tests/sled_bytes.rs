//! How much the sled store writes, and how long it takes. One test, so that nothing else of this process writes.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test: what fails is seen, what is skipped or measured is said"
)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sskuba_core::address::StackId;
use sskuba_core::clock::{IdSource, SeededIds};
use sskuba_core::state::{Fold, Owner, Records, StateStore};
use sskuba_core::stores::Sled;

/// What this process has given to the disk (`write_bytes`) and to the system (`wchar`), in bytes.
#[derive(Clone, Copy)]
struct Written {
    disk: u64,
    calls: u64,
}

fn proc_number(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn written() -> Written {
    let file = "/proc/self/io";
    Written { disk: proc_number(file, "write_bytes:"), calls: proc_number(file, "wchar:") }
}

impl Written {
    fn since(self, before: Self) -> Self {
        Self { disk: self.disk - before.disk, calls: self.calls - before.calls }
    }
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(
            |entry| if entry.path().is_dir() { size(&entry.path()) } else { entry.metadata().unwrap().len() },
        )
        .sum()
}

/// Bytes that do not compress, as sealed ones do not.
fn noise(ids: &SeededIds, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    ids.fill(&mut bytes);
    bytes
}

fn owner() -> Owner {
    Owner { user: "ann".into(), host: "desk".into(), pid: 1, command: "up".into() }
}

fn record(number: u64) -> Vec<u8> {
    format!("network/aws:ec2:Subnet::private-{number:05}").into_bytes()
}

/// What 1,000 steps with two entries each write, their fold into 1,000 records included.
async fn thousand_steps(name: &str, groups: impl Fn(u64) -> u64) -> Written {
    let root = tempfile::tempdir().unwrap();
    let stack: StackId = "local/demo/dev".parse().unwrap();
    let ids = SeededIds::new(7);
    let store = Sled::open(root.path());
    let before = written();
    let start = Instant::now();
    let lease = store.acquire(&stack, &owner()).await.unwrap();
    let acquired = start.elapsed();
    let (start, mut base, mut appends, mut slowest) = (Instant::now(), 0, 0, Duration::ZERO);
    while base < 2_000 {
        let group = groups(appends).min(2_000 - base);
        let entries = (0..group).map(|_| noise(&ids, 300)).collect();
        let one = Instant::now();
        base = store.append(&lease, base, entries).await.unwrap();
        slowest = slowest.max(one.elapsed());
        appends += 1;
    }
    let (appended, journal) = (start.elapsed(), written().since(before));
    let start = Instant::now();
    let put = (0..1_000).map(|number| (record(number), noise(&ids, 400))).collect();
    let fold = Fold {
        upto: 2_000,
        records: Records::put(put),
        history: vec![(2_000, noise(&ids, 400))],
        ..Fold::default()
    };
    store.fold(&lease, fold).await.unwrap();
    let folded = start.elapsed();
    let start = Instant::now();
    store.release(&lease).await.unwrap();
    let (released, all) = (start.elapsed(), written().since(before));
    let start = Instant::now();
    assert_eq!(store.load(&stack).await.unwrap().unwrap().records.len(), 1_000);
    let loaded = start.elapsed();
    println!(
        "{name}: {appends} appends, journal {} kB to disk, {} kB in calls; with fold {} kB, {} kB; files {} kB; \
         peak memory {} kB\n  first acquire {acquired:?}, append {:?} each, slowest {slowest:?}, fold {folded:?}, \
         release {released:?}, load {loaded:?}, which writes {} kB",
        journal.disk / 1000,
        journal.calls / 1000,
        all.disk / 1000,
        all.calls / 1000,
        size(root.path()) / 1000,
        proc_number("/proc/self/status", "VmHWM:"),
        appended / u32::try_from(appends).unwrap(),
        written().since(before).since(all).disk / 1000,
    );
    all
}

/// What one append of two entries and one fold of eight records write, on average, in a stack of `records`.
async fn per_append(records: u64) -> (u64, u64) {
    let root = tempfile::tempdir().unwrap();
    let stack: StackId = "local/demo/dev".parse().unwrap();
    let ids = SeededIds::new(7);
    let store = Sled::open(root.path());
    let lease = store.acquire(&stack, &owner()).await.unwrap();
    let put = (0..records).map(|number| (record(number), noise(&ids, 400))).collect();
    store.fold(&lease, Fold { records: Records::put(put), ..Fold::default() }).await.unwrap();
    let (mut appends, mut folds, mut revision) = (0, 0, 0);
    for round in 0..40 {
        let before = written();
        for _ in 0..10 {
            let entries = vec![noise(&ids, 300), noise(&ids, 300)];
            revision = store.append(&lease, revision, entries).await.unwrap();
        }
        appends += written().since(before).calls;
        let before = written();
        let changed = (0..8).map(|number| ((round * 8 + number) * 31) % records);
        let put = changed.map(|number| (record(number), noise(&ids, 400))).collect();
        store
            .fold(&lease, Fold { upto: revision, records: Records::put(put), ..Fold::default() })
            .await
            .unwrap();
        folds += written().since(before).calls;
    }
    println!("{records} records: {} bytes per append, {} bytes per fold", appends / 400, folds / 40);
    (appends / 400, folds / 40)
}

#[tokio::test]
async fn what_is_written_is_little_and_does_not_grow_with_the_stack() {
    let mixed = thousand_steps("groups of 1 to 100", |append| 1 + append * 37 % 100).await;
    thousand_steps("groups of 200", |_| 200).await;
    let single = thousand_steps("every step alone", |_| 2).await;
    // Of these, 440 kB are the copy for readers.
    assert!(mixed.calls < 2_440_000, "{} bytes in groups", mixed.calls);
    assert!(mixed.disk < 2_640_000, "{} bytes to disk in groups", mixed.disk);
    // A page of the disk per flush is the least there is.
    assert!(single.calls < 2_500_000, "{} bytes step by step", single.calls);

    let (small_append, small_fold) = per_append(100).await;
    let (large_append, large_fold) = per_append(10_000).await;
    assert!(large_append * 10 <= small_append * 11, "an append: {small_append}, then {large_append}");
    assert!(large_fold <= small_fold * 2, "a fold: {small_fold}, then {large_fold}");
}
