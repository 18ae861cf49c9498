//! A hundred programs at once: on one stack, one after the other and nobody for ever last; on a stack each, none in
//! the way of another.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use sskuba::core::state::{Owner, StateStore};
use sskuba::core::stores::Sled;

use crate::running::Running;
use crate::stage::Stage;

/// How many programs there are.
const PROGRAMS: usize = 100;

/// How many of them are killed while they hold the stack.
const KILLED: usize = 8;

/// How long a reader may take on a machine that has a hundred programs to run.
const READER: Duration = Duration::from_secs(20);

/// Who holds the stack now, and under which number.
fn holder(stage: &Stage) -> Option<(u32, u64)> {
    let text = std::fs::read_to_string(stage.database("dev").join("holder.json")).ok()?;
    let holder: Json = serde_json::from_str(&text).ok()?;
    Some((holder["owner"]["pid"].as_u64()? as u32, holder["fence"].as_u64()?))
}

#[tokio::test]
async fn a_hundred_programs_on_one_stack_hold_it_one_after_the_other() {
    let stage = Stage::new("scale", &[]);
    stage.run("up --yes -c resources=500").expect(0);
    let start = Instant::now();
    let mut running: Vec<Option<Running>> = (0..PROGRAMS)
        .map(|i| {
            Some(stage.start(&format!("up --yes --json --wait 10m --message m{i}- -c resources={}", i + 3)))
        })
        .collect();
    let (mut fences, mut killed, mut reads, mut slowest) = (BTreeMap::new(), Vec::new(), 0, Duration::ZERO);
    let (mut newest, mut dead) = (0, Vec::new());
    let mut reader: Option<Running> = None;
    let mut done = Vec::new();
    while running.iter().any(Option::is_some) {
        if let Some((pid, fence)) = holder(&stage) {
            assert!(fence >= newest, "fence {fence} after {newest}");
            newest = fence;
            // A number for each; that of one that was killed before it was durable is given again.
            let before = fences.insert(fence, pid).filter(|before| *before != pid);
            assert!(before.is_none_or(|before| dead.contains(&before)), "{before:?} and {pid} under {fence}");
            let place = running.iter().position(|one| one.as_ref().is_some_and(|one| one.pid() == pid));
            if let Some(place) = place.filter(|place| killed.len() < KILLED && place.is_multiple_of(3)) {
                running[place].take().unwrap().kill();
                killed.push(place);
                dead.push(pid);
            }
        }
        for (i, slot) in running.iter_mut().enumerate() {
            if slot.as_mut().is_some_and(Running::has_ended) {
                let ran = slot.take().unwrap().end();
                done.push((i, ran.expect(0).summary()));
            }
        }
        if reader.as_mut().is_none_or(Running::has_ended) {
            if let Some(reader) = reader.take() {
                let ran = reader.end().expect(0);
                assert!(ran.list().len() > 2, "{ran}");
                (reads, slowest) = (reads + 1, slowest.max(ran.took));
            }
            reader = Some(stage.start("state list --json"));
        }
        assert!(start.elapsed() < Duration::from_secs(300), "{} have ended: {killed:?} {newest}", done.len());
        std::thread::sleep(Duration::from_millis(3));
    }
    let took = start.elapsed();
    drop(reader);
    assert!(slowest < READER, "a reader took {slowest:?}");
    assert_eq!((done.len(), killed.len()), (PROGRAMS - KILLED, KILLED), "killed too late");
    assert!(done.iter().all(|(_, summary)| summary["result"] == "succeeded"));

    // Every run is in the history, and none began before the one before it had ended.
    let last = stage.run("up --yes --json -c resources=7").expect(0);
    assert_eq!((last.summary()["result"].as_str(), stage.record("dev").len()), (Some("succeeded"), 7));
    let history = stage.run("history --json --limit 1000").expect(0).list();
    for (i, _) in &done {
        let own = history.iter().filter(|run| run["message"] == format!("m{i}-")).count();
        assert_eq!(own, 1, "run {i} is {own} times in the history");
    }
    let mut times: Vec<(&str, Option<&str>)> =
        history.iter().map(|run| (run["started"].as_str().unwrap(), run["ended"].as_str())).collect();
    times.sort_unstable();
    for pair in times.windows(2) {
        assert!(pair[0].1.is_none_or(|ended| ended <= pair[1].0), "{pair:?} overlap");
    }
    let store = Sled::open(stage.path().join("state"));
    let owner = Owner { user: "ann".into(), host: "desk".into(), pid: 1, command: "test".into() };
    let lease = store.acquire(&"local/scale/dev".parse().unwrap(), &owner).await.unwrap();
    // The first, those that ended, the last, and this one; those that were killed may have had none yet.
    let least = (done.len() + 3) as u64;
    assert!((least..=least + KILLED as u64).contains(&lease.fence), "{} leases, not {least}", lease.fence);
    store.release(&lease).await.unwrap();
    println!(
        "{PROGRAMS} programs, {} killed as holders, {} leases seen of {}, {reads} reads, the slowest {slowest:?}, in \
         {took:?}",
        killed.len(),
        fences.len(),
        lease.fence
    );
}

#[test]
fn a_hundred_programs_on_a_hundred_stacks_are_in_nobody_s_way() {
    let stage = Stage::new("scale", &["resources=12"]);
    // The identity is made once.
    stage.run("up --yes --stack first").expect(0);
    for i in 0..PROGRAMS {
        stage.run(&format!("stack init s{i}")).expect(0);
    }
    let start = Instant::now();
    let running: Vec<Running> =
        (0..PROGRAMS).map(|i| stage.start(&format!("up --yes --json --stack s{i}"))).collect();
    for one in running {
        assert_eq!(one.end().expect(0).summary()["result"], "succeeded");
    }
    let took = start.elapsed();
    let stacks = stage.run("stack list --json").expect(0).list();
    assert_eq!(stacks.len(), PROGRAMS + 1);
    let names = (0..PROGRAMS).map(|i| format!("s{i}")).chain(["first".to_owned()]);
    assert!(names.step_by(10).all(|stack| stage.record(&stack).len() == 12));
    println!("{PROGRAMS} programs on {PROGRAMS} stacks in {took:?}");
}
