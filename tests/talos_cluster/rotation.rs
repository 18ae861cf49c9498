//! Authorities that are replaced while the cluster runs: no machine is cut off at any stage, and whoever stops goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sskuba::talos::api::Target;
use sskuba::talos::client::{Credentials, Identity, Machine};
use sskuba::talos::credentials::Talosconfig;
use sskuba::talos::secrets::Bundle;
use tokio::task::JoinHandle;

use crate::kill::{Dice, through};
use crate::machines::Machines;
use crate::program::Program;

fn with_names(machines: &Machines, os: &str, kubernetes: &str) -> Program {
    let mut program = Program::new(&machines.addresses, 3);
    named(&mut program, os, kubernetes);
    program
}

fn named(program: &mut Program, os: &str, kubernetes: &str) {
    program.more = vec![
        ("os_authority", os.to_owned()),
        ("kubernetes_authority", kubernetes.to_owned()),
        ("patience", "20".to_owned()),
    ];
}

async fn bundle(program: &Program) -> Bundle {
    Bundle::from_yaml(&program.secrets().await).unwrap()
}

async fn stage(program: &Program) -> String {
    program.run(&["output", "rotation"]).await.good().out.trim().to_owned()
}

/// Asks a machine with a talosconfig; the text says what went wrong.
async fn asked(address: &str, file: &str) -> Result<(), String> {
    let file = Talosconfig::read(file).unwrap();
    let context = file.context(file.current().unwrap()).unwrap();
    let (ca, client) = (context.authority.unwrap(), context.client.unwrap());
    let credentials = Credentials::from_pem(&ca, &client.certificate, &client.key).unwrap();
    let target: Target = address.parse().unwrap();
    let machine = Machine::connect(target, Identity::Cluster(credentials));
    machine.version().await.map(drop).map_err(|error| error.to_string())
}

async fn talosconfig(program: &Program) -> String {
    program.run(&["output", "talosconfig", "--show-secrets"]).await.good().out
}

/// Somebody who asks all machines again and again with the file of the stage before, until told to stop; returns what went
/// wrong.
fn watched(addresses: &[String], file: String) -> (Arc<AtomicBool>, JoinHandle<(usize, Vec<String>)>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (ended, addresses) = (Arc::clone(&stop), addresses.to_vec());
    let task = tokio::spawn(async move {
        let (mut count, mut wrong) = (0, Vec::new());
        while !ended.load(Ordering::Relaxed) {
            for address in &addresses {
                count += 1;
                wrong.extend(asked(address, &file).await.err());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        (count, wrong)
    });
    (stop, task)
}

/// Rotates by runs until nothing is left to do; returns the stages.
async fn rotates(machines: &Machines, program: &Program) -> Vec<String> {
    let mut stages = Vec::new();
    for _ in 0..10 {
        let preview = program.run(&["preview"]).await.good();
        if !preview.text.contains("Rotation") {
            return stages;
        }
        assert!(preview.text.contains("rotates the authority of"), "{}", preview.text);
        // Of the stage before, the file of people is good until the old authority is dropped.
        let before = stage(program).await;
        let (stop, watcher) = watched(&machines.addresses, talosconfig(program).await);
        program.run(&["up", "--yes"]).await.good();
        stop.store(true, Ordering::Relaxed);
        let (count, wrong) = watcher.await.unwrap();
        assert!(count > 0 && wrong.is_empty(), "after {before}: {wrong:?}");
        let file = talosconfig(program).await;
        for address in &machines.addresses {
            asked(address, &file).await.unwrap();
        }
        stages.push(stage(program).await);
    }
    panic!("it never ends: {stages:?}");
}

async fn is_rotated(machines: &Machines) {
    let mut program = with_names(machines, "one", "one");
    program.run(&["up", "--yes"]).await.good();
    program.run(&["preview", "--expect-no-changes"]).await.good();
    let (first, old) = (bundle(&program).await, talosconfig(&program).await);

    named(&mut program, "two", "two");
    let stages = rotates(machines, &program).await;
    let all = ["os accept-new", "os issue-new", "settled", "k8s accept-new", "k8s issue-new", "settled"];
    assert_eq!(stages, all);
    let last = bundle(&program).await;
    assert_ne!(last.certificates.os, first.certificates.os);
    assert_ne!(last.certificates.kubernetes, first.certificates.kubernetes);
    assert_eq!((last.cluster, &last.certificates.etcd), (first.cluster, &first.certificates.etcd));
    for address in &machines.addresses {
        assert!(asked(address, &old).await.is_err(), "{address} believes the old authority");
    }
    let admin = machines.with_talosconfig(0, &talosconfig(&program).await);
    assert_eq!(admin.etcd_members().await.unwrap().len(), 3);
    assert_eq!(machines.resets(), [""; 0]);
    program.run(&["up", "--refresh", "--expect-no-changes"]).await.good();
    program.run(&["down", "--yes"]).await.good();
    assert_eq!(machines.configured().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorities_are_replaced_and_nobody_is_cut_off() {
    is_rotated(&Machines::fake(4).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorities_of_machines_of_talos_are_replaced_and_nobody_is_cut_off() {
    if let Some(machines) = Machines::of_talos(4) {
        is_rotated(&machines).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_does_not_answer_is_waited_for() {
    let machines = Machines::fake(4).await;
    let mut program = with_names(&machines, "one", "one");
    program.run(&["up", "--yes"]).await.good();
    named(&mut program, "two", "one");
    program.more.last_mut().unwrap().1 = "3".to_owned();

    // The last machine did not get what the first stage brings.
    machines.lose(3);
    let preview = program.run(&["preview"]).await.good();
    assert!(preview.text.contains("waits in stage `settled`"), "{}", preview.text);
    program.run(&["up", "--yes"]).await;
    assert_eq!(stage(&program).await, "settled");
    machines.find(3);
    program.run(&["up", "--yes"]).await.good();
    assert_eq!(stage(&program).await, "os accept-new");

    machines.lose(3);
    let preview = program.run(&["preview"]).await.good();
    let waits = "waits in stage `os accept-new`";
    assert!(
        preview.text.contains(waits) && preview.text.contains(&machines.addresses[3]),
        "{}",
        preview.text
    );
    program.run(&["up", "--yes"]).await;
    assert_eq!(stage(&program).await, "os accept-new");
    machines.find(3);
    while stage(&program).await != "settled" {
        program.run(&["up", "--yes"]).await.good();
    }
    let file = talosconfig(&program).await;
    for address in &machines.addresses {
        asked(address, &file).await.unwrap();
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what people look for")]
async fn survives(machines: &Machines, seed: u64) {
    let mut program = with_names(machines, "one", "one");
    program.run(&["up", "--yes"]).await.good();
    let first = bundle(&program).await;
    named(&mut program, "two", "two");
    let (mut dice, mut kills, mut runs) = (Dice(seed), 0, 0);
    loop {
        kills += through(&program, &["up", "--yes", "--json"], &mut dice, 1500).await;
        runs += 1;
        assert!(runs < 12, "it never ends: {}", stage(&program).await);
        let file = talosconfig(&program).await;
        for address in &machines.addresses {
            asked(address, &file).await.unwrap();
        }
        if program.run(&["preview", "--expect-no-changes"]).await.code == Some(0) {
            break;
        }
    }
    let last = bundle(&program).await;
    assert_ne!(last.certificates.os, first.certificates.os);
    assert_ne!(last.certificates.kubernetes, first.certificates.kubernetes);
    let admin = machines.with_talosconfig(0, &talosconfig(&program).await);
    assert_eq!(admin.etcd_members().await.unwrap().len(), 3);
    println!("seed {seed}: {kills} kills in {runs} runs");
    assert!(kills > 0, "nothing was killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_that_is_killed_goes_on() {
    survives(&Machines::fake(4).await, 0x5eed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_of_machines_of_talos_that_is_killed_goes_on() {
    if let Some(machines) = Machines::of_talos(4) {
        survives(&machines, 0x5eed).await;
    }
}
