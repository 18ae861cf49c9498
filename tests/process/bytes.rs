//! What a step writes does not depend on how large the stack is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sskuba::Engine;
use sskuba::core::address::StackId;
use sskuba::core::state::{Lease, StateStore, StoreError};
use sskuba::core::stores::Memory;
use sskuba::local::data::Data;
use sskuba::prelude::*;
use sskuba_testkit::around::{Around, Outer};

use crate::damage::copy;
use crate::running::Running;
use crate::stage::Stage;

/// Runs a program to its end and returns the bytes that it handed to the system.
#[cfg(target_os = "linux")]
fn written(stage: &Stage, resources: u64) -> u64 {
    let mut command = stage.command("up --yes --quiet");
    command.args(["-c", &format!("resources={resources}")]);
    let running = Running::start(command);
    let io = running.at_its_end("io");
    let ran = running.end().expect(0);
    let count = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
    // What went to the terminal is no state.
    count.parse::<u64>().unwrap() - (ran.out.len() + ran.errors.len()) as u64
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_step_of_a_process_writes_does_not_grow_with_the_stack() {
    // How much more 150 steps write than 50, from the same state: what opening costs, once a run, is in both.
    let per_step = |there: u64| {
        let stage = Stage::new("scale", &[]);
        written(&stage, there);
        copy(&stage.path().join("state"), &stage.path().join("kept"));
        let few = written(&stage, there + 50);
        std::fs::remove_dir_all(stage.path().join("state")).unwrap();
        copy(&stage.path().join("kept"), &stage.path().join("state"));
        let many = written(&stage, there + 150);
        println!("{there} resources: 50 more write {few} bytes, 150 more {many}");
        (many - few.min(many)) / 100
    };
    let (small, large) = (per_step(100), per_step(10_000));
    println!("bytes per step: {small} at 100 resources, {large} at 10,000");
    // What the store is given is compared exactly below. How the database packs it depends on how the flushes fell;
    // a step that wrote of the whole stack would write a hundred times as much here.
    assert!(large <= 2 * small, "{small} bytes at 100 resources, {large} at 10,000");
}

/// A store that counts what it is given.
#[derive(Debug, Default)]
struct Counting {
    store: Memory,
    appended: AtomicU64,
}

#[async_trait]
impl Around for Counting {
    fn inner(&self) -> &dyn StateStore {
        &self.store
    }
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        let bytes: usize = entries.iter().map(Vec::len).sum();
        self.appended.fetch_add(bytes as u64, Ordering::Relaxed);
        self.store.append(lease, base, entries).await
    }
}

/// Declares values that are as long whatever their number.
fn values(count: usize) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| {
        for i in 0..count {
            stack.add(format!("value-{i:06}"), Data::new(serde_json::json!({"place": format!("{i:06}")})))?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_step_appends_as_much_at_10_000_resources_as_at_100() {
    let stack: StackId = "local/bytes/dev".parse().unwrap();
    let mut appended = Vec::new();
    for there in [100, 10_000] {
        let store = Arc::new(Outer::<Counting>::default());
        let engine = Engine::builder().store(store.clone()).provider(sskuba::local::provider()).build();
        engine.up(&stack, values(there)).await.unwrap();
        let before = store.appended.load(Ordering::Relaxed);
        let report = engine.up(&stack, values(there + 50)).await.unwrap();
        assert_eq!(report.counts.create, 50);
        appended.push(store.appended.load(Ordering::Relaxed) - before);
    }
    println!("50 steps append {} bytes at 100 resources, {} at 10,000", appended[0], appended[1]);
    assert!(appended[0] > 10_000, "{appended:?}");
    assert!(appended[0].abs_diff(appended[1]) * 20 <= appended[0], "{appended:?}");
}
