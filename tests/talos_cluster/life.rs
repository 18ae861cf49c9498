//! The life of a cluster: made, upgraded, with a machine lost and replaced, and reset.

use crate::machines::Machines;
use crate::program::{Program, named};

async fn versions(machines: &Machines, secrets: &str) -> Vec<String> {
    let mut all = Vec::new();
    for index in 0..machines.addresses.len() {
        all.push(machines.admin(index, secrets).version().await.unwrap().tag);
    }
    all
}

async fn lives(machines: &Machines) {
    let mut program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes"]).await.good();
    let secrets = program.secrets().await;
    assert_eq!(machines.admin(0, &secrets).etcd_members().await.unwrap().len(), 3);
    assert_eq!(machines.configured().await, 5);
    program.run(&["up", "--refresh", "--expect-no-changes"]).await.good();

    program.talos = "v1.13.10";
    program.run(&["up", "--yes"]).await.good();
    assert_eq!(versions(machines, &secrets).await, ["v1.13.10"; 5]);
    assert_eq!(machines.admin(1, &secrets).etcd_members().await.unwrap().len(), 3);

    program.run(&["down", "--yes"]).await.good();
    assert_eq!(machines.configured().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_is_made_upgraded_and_reset() {
    lives(&Machines::fake(5).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_of_machines_of_talos_is_made_upgraded_and_reset() {
    if let Some(machines) = Machines::of_talos(5) {
        lives(&machines).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_stops_at_the_first_machine_that_is_not_healthy_and_goes_on() {
    let machines = Machines::fake(3).await;
    let mut program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes"]).await.good();
    let secrets = program.secrets().await;
    program.talos = "v1.13.10";
    machines.fakes[1].installer_fails(true);
    program.run(&["up", "--yes"]).await.bad(&["1 skipped", &machines.addresses[1]]);
    assert_eq!(versions(&machines, &secrets).await, ["v1.13.10", "v1.13.9", "v1.13.9"]);
    machines.fakes[1].installer_fails(false);
    program.run(&["up", "--yes"]).await.good();
    assert_eq!(versions(&machines, &secrets).await, ["v1.13.10"; 3]);
}

/// Loses the first of three control planes, on which etcd was started; the fourth machine takes its place.
async fn loses_one(machines: &Machines) {
    let mut program = Program::new(&machines.addresses[..3], 3);
    program.run(&["up", "--yes"]).await.good();
    let secrets = program.secrets().await;

    machines.lose(0);
    let said = program.run(&["up", "--refresh", "--yes"]).await.bad(&[&machines.addresses[0]]);
    assert!(said.text.contains("no connection"), "{}", said.text);
    program.control_planes[0].clone_from(&machines.addresses[3]);
    program
        .run(&["state", "rm", &format!("talos:machine:Reset::{}", named(&machines.addresses[0])), "--yes"])
        .await
        .good();
    // Its member of etcd is dead, and someone has to say so.
    let other = machines.admin(1, &secrets);
    let members = other.etcd_members().await.unwrap();
    let dead = members.iter().find(|member| member.hostname == "node-1").unwrap();
    other.etcd_remove_member(dead.id).await.unwrap();
    program.run(&["up", "--yes"]).await.good();

    let members = other.etcd_members().await.unwrap();
    let mut names: Vec<&str> = members.iter().map(|member| member.hostname.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["node-2", "node-3", "node-4"]);
    program.run(&["up", "--refresh", "--expect-no-changes"]).await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_is_lost_is_replaced_and_etcd_is_not_started_again() {
    loses_one(&Machines::fake(4).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_of_talos_that_is_lost_is_replaced_and_etcd_is_not_started_again() {
    if let Some(machines) = Machines::of_talos(4) {
        loses_one(&machines).await;
    }
}
