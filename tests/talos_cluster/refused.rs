//! What is wrong is said in one clear error, and nothing is applied blindly.

use crate::machines::Machines;
use crate::program::Program;

/// What is wrong with what the program is told.
type Change = fn(&mut Program);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_of_another_cluster_is_left_alone() {
    let mut machines = Machines::fake(1).await;
    let theirs = Program::new(&machines.addresses, 1);
    theirs.run(&["up", "--yes"]).await.good();
    let secrets = theirs.secrets().await;

    machines.another().await;
    let ours = Program::new(&machines.addresses, 2);
    ours.run(&["up", "--yes"]).await.bad(&[&machines.addresses[0], "another cluster"]);
    assert_eq!(machines.admin(0, &secrets).etcd_members().await.unwrap().len(), 1, "theirs still runs");
    ours.run(&["down", "--yes"]).await.bad(&[&machines.addresses[0], "another cluster"]);
    theirs.run(&["up", "--refresh", "--expect-no-changes"]).await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_inputs_are_found_before_anything_is_touched() {
    let machines = Machines::fake(1).await;
    let program = |change: fn(&mut Program)| {
        let mut program = Program::new(&machines.addresses, 1);
        change(&mut program);
        program
    };
    let cases: [(&str, Change, &[&str]); 3] = [
        (
            "address",
            |program| program.control_planes.push("https://10.0.0.5".into()),
            &["`address`", "10.0.0.5", "no address of a machine"],
        ),
        ("version", |program| program.talos = "v1.10.0", &["v1.10.0", "1.13"]),
        ("nobody", |program| program.control_planes.clear(), &["control_planes"]),
    ];
    for (what, change, says) in cases {
        let said = program(change).run(&["up", "--yes"]).await;
        assert_ne!(said.code, Some(0), "{what}: {}", said.text);
        for words in says {
            assert!(said.text.contains(words), "{what}: {words:?} is missing in {}", said.text);
        }
    }
    assert_eq!(machines.configured().await, 0);
    // A config that no machine should get, though its secrets are not known yet.
    let program = Program::new(&machines.addresses, 1);
    let said = program.run(&["preview", "-c", "kubernetes=1.20.0"]).await.bad(&["not 1.20", "cluster"]);
    assert!(!said.text.contains("talos:secrets:Bundle::cluster  create"), "{}", said.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_cannot_be_reached_is_named_and_the_rest_is_kept() {
    let machines = Machines::fake(2).await;
    let mut program = Program::new(&machines.addresses, 1);
    machines.fakes[1].disappear();
    let said = program.run(&["up", "--yes", "-c", "patience=2"]).await;
    said.bad(&[&machines.addresses[1], "no connection"]);
    machines.fakes[1].appear();
    program.run(&["up", "--yes"]).await.good();
    program.workers.clear();
    program.run(&["up", "--yes"]).await.good();
    assert_eq!(machines.configured().await, 1, "what left the program is reset");
}

/// A worker gets its certificate from a control plane.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_worker_gets_a_config_before_the_control_planes_have_theirs() {
    let machines = Machines::fake(2).await;
    let program = Program::new(&machines.addresses, 1);
    machines.fakes[0].disappear();
    program.run(&["up", "--yes", "-c", "patience=2"]).await.bad(&[&machines.addresses[0]]);
    assert_eq!(machines.fleet.history(), [""; 0]);
    machines.fakes[0].appear();
    program.run(&["up", "--yes"]).await.good();
    program.run(&["down", "--yes"]).await.good();
    assert_eq!(machines.configured().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_with_another_key_gets_no_config() {
    let machines = Machines::fake(2).await;
    let mut program = Program::new(&machines.addresses, 1);
    program.fingerprints = machines.fingerprints();
    let swapped = program.fingerprints.values().rev().cloned().collect::<Vec<_>>();
    program.fingerprints.values_mut().zip(swapped).for_each(|(pin, other)| *pin = other);
    program.run(&["up", "--yes"]).await.bad(&[&machines.addresses[0], "another machine"]);
    assert_eq!(machines.configured().await, 0);
    program.fingerprints = machines.fingerprints();
    program.run(&["up", "--yes"]).await.good();
    program.run(&["up", "--refresh", "--expect-no-changes"]).await.good();
}
