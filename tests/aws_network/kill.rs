//! A program that is killed while AWS carries its calls out: afterwards nothing is there twice, nothing forgotten.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sskuba_testkit::aws::Fate;

use crate::bench::{Bench, writes};
use crate::life::OBJECTS;
use crate::program::Said;

/// Runs a command of the program until it comes to its end, and kills it whenever a call is held. Returns how
/// often that was, and how many interrupted calls were resolved.
async fn through(bench: &Bench, args: &[&str]) -> (usize, usize) {
    let (mut kills, mut recovered) = (0, 0);
    loop {
        assert!(kills < 40, "it never comes to its end");
        let held = bench.proxy.held();
        let mut command = bench.command(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let killed = loop {
            if bench.proxy.held() > held {
                // The other calls of the moment are sent too.
                tokio::time::sleep(Duration::from_millis(100)).await;
                child.kill().unwrap();
                break true;
            }
            if child.try_wait().unwrap().is_some() {
                break false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let said = Said::new(&child.wait_with_output().unwrap());
        recovered += said.events("recovered").count();
        if !killed {
            said.good();
            return (kills, recovered);
        }
        kills += 1;
        bench.proxy.settled().await;
    }
}

/// Each kind of call that changes something is once carried out and never answered: its program is dead.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_every_call_it_makes_nothing_twice_and_forgets_nothing() {
    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let first = Arc::clone(&seen);
    let script = move |action: &str, _| {
        let new = writes(action) && first.lock().unwrap().insert(action.to_owned());
        if new { Fate::Hold } else { Fate::Pass }
    };
    let Some(bench) = Bench::new(script).await else { return };

    let (kills, recovered) = through(&bench, &["up", "--yes", "--json"]).await;
    assert_eq!(bench.agreed(), OBJECTS);
    let calls = std::mem::take(&mut *seen.lock().unwrap());
    println!("up: {kills} kills, {recovered} calls resolved, held: {calls:?}");
    for call in ["CreateVpc", "RunInstances", "CreateNatGateway", "CreateLoadBalancer", "CreateRoute"] {
        assert!(calls.contains(call), "{call} was not held: {calls:?}");
    }
    assert!(kills >= 5 && recovered >= calls.len() / 2, "{kills} kills, {recovered} resolved");
    bench.run(&["up", "--refresh", "--expect-no-changes"]).good();

    // Machines, their subnets and the group that they are targets of are replaced; one subnet goes.
    let other = r#"private=["10.0.64.0/20"]"#;
    let change = ["up", "--yes", "--json", "-c", "port=8080", "-c", other];
    let (kills, recovered) = through(&bench, &change).await;
    let calls = std::mem::take(&mut *seen.lock().unwrap());
    println!("change: {kills} kills, {recovered} calls resolved, held: {calls:?}");
    assert_eq!(bench.agreed(), OBJECTS - 2);
    assert!(calls.contains("ModifyListener") && calls.contains("TerminateInstances"), "{calls:?}");
    bench.run(&["up", "--refresh", "--expect-no-changes", "-c", "port=8080", "-c", other]).good();

    let (kills, recovered) = through(&bench, &["down", "--yes", "--json"]).await;
    println!("down: {kills} kills, {recovered} calls resolved, held: {:?}", seen.lock().unwrap());
    assert!(kills >= 5, "{kills} kills");
    assert_eq!(bench.left(), [""; 0]);
}
