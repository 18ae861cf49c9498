//! Another version, on machines that install in steps and on those that do it at once.

use sskuba_talos::api::ErrorKind;
use sskuba_talos::client::{Machine, UpgradeStep, Upgraded};
use sskuba_talos::testing::Fleet;

use super::errors::configured;
use super::material::Cluster;
use super::transcript::{SOON, settings, until_version};

async fn upgraded(from: &str, how: Upgraded) -> Vec<UpgradeStep> {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", from).await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    machine.bootstrap_once(SOON).await.unwrap();
    let mut steps = Vec::new();
    let image = "ghcr.io/siderolabs/installer:v1.13.10";
    assert_eq!(machine.upgrade(image, |step| steps.push(step)).await.unwrap(), how);
    until_version(&machine, "v1.13.10").await;
    machine.wait_ready(SOON).await.unwrap();
    steps
}

#[tokio::test]
async fn machines_from_1_13_on_install_in_steps() {
    let steps = upgraded("v1.13.9", Upgraded::InSteps).await;
    assert!(matches!(steps.first(), Some(UpgradeStep::Pulling { total: 1024, .. })), "{steps:?}");
    assert!(steps.iter().any(|step| matches!(step, UpgradeStep::Installing { .. })), "{steps:?}");
    assert_eq!(steps.last(), Some(&UpgradeStep::Rebooting));
}

#[tokio::test]
async fn older_machines_install_at_once() {
    assert_eq!(upgraded("v1.12.4", Upgraded::AtOnce).await, [UpgradeStep::Rebooting]);
}

#[tokio::test]
async fn an_installer_that_fails_leaves_the_machine_as_it_was() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    fake.installer_fails(true);
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    let error = machine.upgrade("installer:v1.13.10", drop).await.unwrap_err();
    let ErrorKind::Failed { message, .. } = &error.kind else { panic!("{error}") };
    assert!(message.contains("no space left"), "{message}");
    assert_eq!(machine.version().await.unwrap().tag, "v1.13.9");
}
