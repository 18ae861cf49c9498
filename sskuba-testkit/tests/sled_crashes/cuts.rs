//! Every state that a cut may leave is opened.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use sskuba_core::state::StateStore;
use sskuba_core::stores::Sled;

use crate::disk::{Dice, LOSSES, Loss, cut};
use crate::trace::{self, Op, Step};
use crate::writer::{Acknowledged, dev, entry, judge, owner, traced};

/// Returns what had been acknowledged before a line of the trace.
fn acknowledged(steps: &[Step], cut: usize) -> Acknowledged {
    let mut known = Acknowledged::default();
    for step in steps.iter().filter(|step| step.ended < cut) {
        if let Op::Said(line) = &step.op {
            known.hear(line);
        }
    }
    known
}

/// Opens what a cut left, judges it, and goes on with it; says what is wrong.
async fn open(steps: &[Step], at: usize, loss: Loss, seed: u64) -> Result<(), String> {
    let known = acknowledged(steps, at);
    let root =
        tempfile::tempdir_in(if fs::exists("/dev/shm").unwrap_or(false) { "/dev/shm" } else { "/tmp" });
    let root = root.unwrap();
    cut(steps, at, loss, &Dice::new(seed)).restore(root.path());
    let store = Sled::open(root.path());
    let dev = dev();
    let Ok(loaded) = tokio::time::timeout(Duration::from_secs(20), store.load(&dev)).await else {
        return Err("it hangs".to_owned());
    };
    match loaded.map_err(|error| format!("refused: {error}"))? {
        Some(image) => judge(&image, known)?,
        None if known == Acknowledged::default() => {}
        None => return Err(format!("it is gone, and {known:?} was acknowledged")),
    }
    let lease = store.acquire(&dev, &owner()).await.map_err(|error| format!("acquire: {error}"))?;
    if lease.fence <= known.fence {
        return Err(format!("fence {} after {}", lease.fence, known.fence));
    }
    let revision = store.load(&dev).await.unwrap().unwrap().revision;
    let next = store.append(&lease, revision, vec![entry(revision + 1)]).await;
    if next.map_err(|error| format!("append: {error}"))? != revision + 1 {
        return Err("it does not go on".to_owned());
    }
    store.release(&lease).await.map_err(|error| format!("release: {error}"))?;
    let image = store.load(&dev).await.map_err(|error| format!("again: {error}"))?;
    judge(&image.unwrap(), Acknowledged { revision: revision + 1, ..known })
}

/// How many states are opened; `SSKUBA_TEST_STATES` says otherwise.
const STATES: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_of_power_at_any_instant_loses_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (root, file) = (folder.path().join("root"), folder.path().join("trace"));
    let arguments = ["-y", "-xx", "-s", "4000000", "-e", trace::CALLS, "-o", file.to_str().unwrap()];
    let Some(output) = traced(&root, 2, &arguments) else { return };
    assert!(String::from_utf8_lossy(&output.stdout).contains("done"), "{output:?}");
    let steps = trace::read(&fs::read_to_string(&file).unwrap(), &root);
    let count = |is: fn(&Op) -> bool| steps.iter().filter(|step| is(&step.op)).count();
    let (writes, syncs) = (count(|op| matches!(op, Op::Write { .. })), count(|op| matches!(op, Op::Sync(_))));
    let said = count(|op| matches!(op, Op::Said(_)));
    assert!(
        writes > 100 && syncs > 40 && said > 30,
        "{writes} writes, {syncs} syncs, {said} acknowledgements"
    );

    // Before each call begins, and while each sync is under way.
    let cuts: Vec<usize> = steps.iter().flat_map(|step| [step.began + 1, step.ended + 1]).collect();
    let states = std::env::var("SSKUBA_TEST_STATES").map_or(STATES, |states| states.parse().unwrap());
    let seed = std::env::var("SSKUBA_TEST_SEED").map_or(1, |seed| seed.parse().unwrap());
    let dice = Dice::new(seed);
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for state in 0..states {
        let (at, loss) = (cuts[dice.roll(cuts.len())], LOSSES[state % LOSSES.len()]);
        if let Err(what) = open(&steps, at, loss, seed + state as u64).await {
            let line = format!("cut at line {at}, {loss:?}, seed {}: {what}", seed + state as u64);
            let what: String = what
                .split_whitespace()
                .filter(|word| !word.contains(|c: char| c == '/' || c.is_ascii_digit()))
                .take(14)
                .collect::<Vec<_>>()
                .join(" ");
            let what = format!("{loss:?}: {what}");
            if wrong.insert(what.clone(), wrong.get(&what).map_or(1, |n| n + 1)).is_none() {
                println!("{line}");
                let last = steps.iter().rfind(|step| step.began < at);
                println!("    after {:.200}", format!("{last:?}"));
            }
        }
    }
    println!("seed {seed}: {writes} writes, {syncs} syncs, {said} acknowledgements; {states} states opened");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
