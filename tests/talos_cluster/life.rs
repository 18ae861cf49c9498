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
    let file = program.run(&["output", "talosconfig", "--show-secrets"]).await.good().out;
    assert_eq!(machines.with_talosconfig(0, &file).version().await.unwrap().tag, "v1.13.9");
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

/// Loses the first control plane and the last worker, and takes the cluster down.
async fn goes_past(machines: &Machines) {
    let program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes", "-c", "patience=4"]).await.good();
    machines.lose(0);
    machines.lose(4);
    let reset = |index: usize| format!("talos:machine:Reset::{}", named(&machines.addresses[index]));
    let down = program.run(&["down", "--yes"]).await;
    let down = down.bad(&[&reset(0), &reset(4), "its member node-1 was removed from etcd", "2 failed"]);
    assert!(down.text.contains("a worker does as long as a control plane"), "{}", down.text);
    let mut left: Vec<String> =
        program.run(&["state", "list"]).await.good().out.lines().map(str::to_owned).collect();
    left.retain(|line| line.contains("talos:"));
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|line| line.contains(&reset(0)) || line.contains(&reset(4))), "{left:?}");
    for index in 1..4 {
        assert!(machines.is_blank(index).await, "{index}");
    }

    // They are found again, and what is recorded of them is enough to reset them.
    machines.find(0);
    machines.find(4);
    program.run(&["down", "--yes"]).await.good();
    assert_eq!(machines.configured().await, 0);
    program.run(&["up", "--yes", "-c", "patience=20"]).await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_down_goes_past_machines_that_do_not_answer() {
    goes_past(&Machines::fake(5).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_down_goes_past_machines_of_talos_that_do_not_answer() {
    if let Some(machines) = Machines::of_talos(5) {
        goes_past(&machines).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_plane_does_not_leave_while_another_one_that_stays_is_silent() {
    let machines = Machines::fake(3).await;
    let mut program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes", "-c", "patience=4"]).await.good();
    machines.lose(2);
    program.control_planes.remove(0);
    // Who cannot be told of it stops it before anything is wiped.
    program.run(&["up", "--yes", "-c", "patience=4"]).await.bad(&[&machines.addresses[2]]);
    let silent = format!("talos:machine:Applied::{}", named(&machines.addresses[2]));
    let said = program.run(&["up", "--yes", "-c", "patience=4", "--exclude", &silent]).await;
    said.bad(&["of etcd's members node-3 do not answer", "take these out of the program too"]);
    assert_eq!(machines.resets(), [""; 0]);

    // Both are to go: the one that does not answer is taken out first, and the other one can leave.
    program.control_planes.remove(1);
    let said = program.run(&["up", "--yes", "-c", "patience=4"]).await;
    let said = said.bad(&["node-3 was removed from etcd"]);
    assert_eq!(machines.resets(), ["node-1"], "{}", said.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lost_its_quorum_is_taken_down_all_the_same() {
    let machines = Machines::fake(3).await;
    let program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes", "-c", "patience=2"]).await.good();
    machines.lose(0);
    machines.lose(1);
    program.run(&["down", "--yes"]).await.bad(&["2 failed"]);
    assert_eq!(machines.resets(), ["node-3"]);
}

/// Loses the first of three control planes, on which etcd was started; the fourth machine takes its place.
async fn loses_one(machines: &Machines) {
    let mut program = Program::new(&machines.addresses[..3], 3);
    program.run(&["up", "--yes", "-c", "patience=3"]).await.good();
    let secrets = program.secrets().await;

    machines.lose(0);
    let lost = format!("talos:machine:Reset::{}", named(&machines.addresses[0]));
    let said = program.run(&["up", "--refresh", "--yes", "-c", "patience=3"]).await.good();
    assert!(said.text.contains("did not answer") && said.text.contains("no connection"), "{}", said.text);
    program
        .run(&["preview", "--refresh", "--expect-no-changes", "-c", "patience=3"])
        .await
        .bad(&["could not be read"]);

    // It leaves the program, and with that etcd: nobody else has to say so.
    program.control_planes[0].clone_from(&machines.addresses[3]);
    let said = program.run(&["up", "--yes", "-c", "patience=3"]).await;
    let said = said.bad(&[&lost, "its member node-1 was removed from etcd", "gone for good is forgotten"]);
    assert!(!said.text.contains("has its config"), "a worker's hint: {}", said.text);
    let other = machines.admin(1, &secrets);
    program.run(&["state", "rm", &lost, "--yes"]).await.good();
    program.run(&["up", "--yes", "-c", "patience=20"]).await.good();

    let members = other.etcd_members().await.unwrap();
    let mut names: Vec<&str> = members.iter().map(|member| member.hostname.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["node-2", "node-3", "node-4"]);
    program.run(&["up", "--refresh", "--expect-no-changes", "-c", "patience=20"]).await.good();
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
