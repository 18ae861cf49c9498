//! Ctrl-C: once, twice, and what the next run makes of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use crate::bench::Bench;

fn gated() -> (Bench, Arc<Semaphore>) {
    let bench = Bench::new();
    let gate = Arc::new(Semaphore::new(0));
    *bench.shelf.gate.lock().unwrap() = Some(Arc::clone(&gate));
    (bench, gate)
}

async fn until_running(bench: &Bench) {
    while !bench.run("state list").await.out.contains("creating") {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_waits_for_what_runs_and_starts_nothing_new() {
    let (bench, gate) = gated();
    let (sender, receiver) = mpsc::unbounded_channel();
    let run = bench.run_interrupted("up --yes --parallel 1", receiver);
    let other = async {
        until_running(&bench).await;
        sender.send(()).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        gate.add_permits(10);
    };
    let (ran, ()) = tokio::join!(run, other);
    let ran = ran.expect(130);
    assert!(ran.out.contains("stopping: waiting for 1 operation that runs"), "{}", ran.out);
    assert!(
        ran.out.contains("Cancelled after") && ran.out.contains("goes on where this run stopped"),
        "{}",
        ran.out
    );
    assert_eq!(bench.shelf.titles().len(), 1);
    bench.run("up --yes").await.expect(0);
    assert_eq!(bench.shelf.titles().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_leaves_and_the_next_run_resolves() {
    let (bench, gate) = gated();
    let (sender, receiver) = mpsc::unbounded_channel();
    let run = bench.run_interrupted("up --yes --json", receiver);
    let other = async {
        until_running(&bench).await;
        sender.send(()).unwrap();
        sender.send(()).unwrap();
    };
    let (ran, ()) = tokio::join!(run, other);
    assert_eq!(ran.expect(130).summary()["result"], "cancelled");
    gate.add_permits(10);
    let ran = bench.run("up --yes").await.expect(0);
    assert!(ran.out.contains("2 interrupted operations were resolved"), "{}", ran.out);
    assert_eq!(bench.shelf.titles().len(), 2, "nothing is made twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn before_anything_is_changed_one_is_enough() {
    let bench = Bench::new();
    let (sender, receiver) = mpsc::unbounded_channel();
    sender.send(()).unwrap();
    let mut environment = bench.environment();
    environment.interrupts = sskuba_cli::Interrupts::of_channel(receiver);
    environment.terminal.input = true;
    environment.terminal.output = true;
    // A person who never answers.
    let (reader, _writer) = std::io::pipe().unwrap();
    environment.input = Some(Box::new(std::io::BufReader::new(reader)));
    let ran = bench.run_in("up", environment).await.expect(130);
    assert!(ran.errors.contains("cancelled"), "{}", ran.errors);
    assert!(bench.shelf.titles().is_empty());
}
