//! Waiting, with a bound, for what takes its time.

use std::time::{Duration, Instant};

use sskuba_talos::api::ErrorKind;
use sskuba_talos::client::{Bootstrapped, Bound, Machine};
use sskuba_talos::testing::Fleet;

use super::errors::configured;
use super::material::Cluster;
use super::transcript::{SOON, settings};

const SHORT: Bound = Bound { within: Duration::from_millis(400), every: Duration::from_millis(50) };

#[tokio::test]
async fn waiting_ends_at_its_bound_and_says_how_it_was_last() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    let begin = Instant::now();
    let error = machine.wait_ready(SHORT).await.unwrap_err();
    let ErrorKind::NotYet { last, .. } = &error.kind else { panic!("{error}") };
    assert!(last.contains("booting") && last.contains("etcd"), "{last}");
    assert!(begin.elapsed() < Duration::from_secs(5));

    fake.bootstraps_too_early(1000);
    let error = machine.bootstrap_once(SHORT).await.unwrap_err();
    let ErrorKind::NotYet { last, .. } = &error.kind else { panic!("{error}") };
    assert!(last.contains("not available yet"), "{last}");
}

#[tokio::test]
async fn waiting_goes_on_while_a_machine_is_away() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    machine.bootstrap_once(SOON).await.unwrap();
    fake.disappear();
    let error = machine.wait_ready(SHORT).await.unwrap_err();
    let ErrorKind::NotYet { last, .. } = &error.kind else { panic!("{error}") };
    assert!(last.contains("no connection"), "{last}");
    let back = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        fake.appear();
    };
    let (status, ()) = tokio::join!(machine.wait_ready(SOON), back);
    status.unwrap();
}

#[tokio::test]
async fn a_bootstrap_whose_answer_was_lost_is_found_done() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    fake.drop_next(1);
    assert_eq!(machine.bootstrap_once(SOON).await.unwrap(), Bootstrapped::Now, "the first did nothing");
    // Done before, but etcd does not answer: that is no success.
    fake.etcd_unhealthy(true);
    let error = machine.bootstrap_once(SHORT).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::NotYet { .. }), "{error}");
    fake.etcd_unhealthy(false);
    assert_eq!(machine.bootstrap_once(SOON).await.unwrap(), Bootstrapped::Before);
}
