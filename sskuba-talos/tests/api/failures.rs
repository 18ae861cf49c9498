//! What goes wrong with a machine that was reached.

use std::time::{Duration, Instant};

use sskuba_talos::api::{ErrorKind, RebootMode};
use sskuba_talos::client::{Machine, Settings};
use sskuba_talos::testing::Fleet;
use tonic::Code;

use super::errors::configured;
use super::material::Cluster;
use super::transcript::settings;

#[tokio::test]
async fn what_only_asks_is_tried_again() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    for code in [Code::Unavailable, Code::ResourceExhausted] {
        fake.refuse_next(2, code);
        machine.version().await.unwrap();
    }
    fake.drop_next(2);
    machine.version().await.unwrap();
    fake.refuse_next(1, Code::Internal);
    let error = machine.version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Failed { .. }), "{error}");
    fake.refuse_next(9, Code::Unavailable);
    let error = machine.version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Busy { .. }), "the tries are bounded: {error}");
}

#[tokio::test]
async fn what_changes_something_is_not_tried_again() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    fake.refuse_next(1, Code::Unavailable);
    let error = machine.reboot(RebootMode::Default).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Busy { .. }), "{error}");
    fake.drop_next(1);
    let error = machine.reboot(RebootMode::Default).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Lost { .. }), "{error}");
    assert!(error.may_have_happened());
}

#[tokio::test]
async fn a_machine_that_hangs_is_waited_for_until_the_deadline() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    fake.delay(Duration::from_secs(60));
    let deadline = Duration::from_millis(300);
    let machine =
        Machine::connect_with(fake.target(), cluster.admin(), Settings { deadline, tries: 2, ..settings() });
    let begin = Instant::now();
    let error = machine.version().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout { after: deadline });
    assert!(begin.elapsed() >= deadline * 2, "it was tried twice");
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(error.may_have_happened());
}

#[tokio::test]
async fn a_machine_that_denies_says_so() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    fake.deny(true);
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    let error = machine.version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Denied { .. }), "{error}");
    assert!(error.to_string().contains("os:admin"), "{error}");
}

#[tokio::test]
async fn every_code_has_a_meaning() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), Settings { tries: 1, ..settings() });
    for (code, meaning) in [
        (Code::Unavailable, "unavailable"),
        (Code::PermissionDenied, "denied"),
        (Code::Unauthenticated, "denied"),
        (Code::FailedPrecondition, "not now"),
        (Code::AlreadyExists, "done before"),
        (Code::Unimplemented, "does not do this"),
        (Code::InvalidArgument, "refused"),
        (Code::NotFound, "not found"),
        (Code::DeadlineExceeded, "no answer within"),
        (Code::Cancelled, "cancelled"),
        (Code::DataLoss, "failed (DataLoss"),
    ] {
        fake.refuse_next(1, code);
        let error = machine.version().await.unwrap_err().to_string();
        assert!(error.contains(meaning), "{code:?}: {error}");
    }
}
