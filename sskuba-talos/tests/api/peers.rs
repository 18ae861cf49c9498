//! Machines of Talos's own code beyond the transcript: upgrades, failures on demand, and the end of their process.

use sskuba_talos::api::{ApplyOptions, ErrorKind, Mode};
use sskuba_talos::client::{Bootstrapped, Identity, Machine, Upgraded};

use super::material::Cluster;
use super::peer::Peer;
use super::transcript::{SOON, settings, until_mode, until_version};

/// Makes a cluster of all machines, the last of which is a worker.
async fn cluster(peer: &Peer) -> (Cluster, Vec<Machine>) {
    let cluster = Cluster::new();
    let mut machines = Vec::new();
    for (at, node) in peer.nodes.iter().enumerate() {
        let kind = if at + 1 == peer.nodes.len() { "worker" } else { "controlplane" };
        let anyone = Machine::connect_with(node.target.clone(), Identity::ANYONE, settings());
        anyone.apply_configuration(&cluster.config(kind), ApplyOptions::default()).await.unwrap();
        machines.push(Machine::connect_with(node.target.clone(), cluster.admin(), settings()));
    }
    assert_eq!(machines[0].bootstrap_once(SOON).await.unwrap(), Bootstrapped::Now);
    for machine in &machines {
        machine.wait_ready(SOON).await.unwrap();
    }
    (cluster, machines)
}

#[tokio::test]
async fn three_control_planes_and_a_worker_are_upgraded_one_by_one() {
    let Some(peer) = Peer::start(4).await else { return };
    let (_, machines) = cluster(&peer).await;
    assert_eq!(machines[0].etcd_members().await.unwrap().len(), 3);
    for machine in &machines {
        let image = "ghcr.io/siderolabs/installer:v1.13.10";
        assert_eq!(machine.upgrade(image, drop).await.unwrap(), Upgraded::InSteps);
        until_version(machine, "v1.13.10").await;
        machine.wait_ready(SOON).await.unwrap();
        assert_eq!(machines[0].etcd_members().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn what_a_machine_was_told_outlives_its_process() {
    let Some(mut peer) = Peer::start(2).await else { return };
    let (cluster, _) = cluster(&peer).await;
    peer.start_again().await;
    let machine = Machine::connect_with(peer.nodes[0].target.clone(), cluster.admin(), settings());
    assert_eq!(until_mode(&peer.nodes[0].target, Mode::Configured).await, Mode::Configured);
    machine.wait_ready(SOON).await.unwrap();
    assert_eq!(machine.bootstrap_once(SOON).await.unwrap(), Bootstrapped::Before);
}

#[tokio::test]
async fn failures_on_demand_are_what_they_are_on_the_machines_of_this_crate() {
    let Some(peer) = Peer::start(2).await else { return };
    let (_, machines) = cluster(&peer).await;
    let (node, machine) = (&peer.nodes[0], &machines[0]);
    node.trouble(r#"{"drop": 2}"#).await;
    machine.version().await.unwrap();
    node.trouble(r#"{"refuse": 2, "refuse_code": 14}"#).await;
    machine.version().await.unwrap();
    node.trouble(r#"{"etcd_unhealthy": true}"#).await;
    let error = machine.etcd_members().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Busy { .. }), "{error}");
    node.trouble(r#"{"etcd_unhealthy": false, "deny": true}"#).await;
    let error = machine.version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Denied { .. }), "{error}");
    node.trouble(r#"{"deny": false, "installer_fails": true}"#).await;
    let error = machine.upgrade("installer:v1.13.10", drop).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Failed { .. }), "{error}");
    node.trouble(r#"{"off": true}"#).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let error = machine.version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Unreachable { .. }), "{error}");
    node.trouble(r#"{"off": false}"#).await;
    machine.wait_ready(SOON).await.unwrap();
}

#[tokio::test]
async fn the_machine_says_that_it_does_not_accept_a_certificate() {
    let Some(peer) = Peer::start(2).await else { return };
    let (cluster, _) = cluster(&peer).await;
    let identity = Identity::Cluster(Cluster::new().credentials_for(&cluster));
    let stranger = Machine::connect_with(peer.nodes[0].target.clone(), identity, settings());
    let error = stranger.version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Tls(sskuba_talos::api::TlsFault::Refused { .. })), "{error}");
}
