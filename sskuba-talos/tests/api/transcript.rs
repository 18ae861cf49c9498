//! One transcript of a cluster's life, on the machines of this crate and on those of Talos's own code.

use std::time::Duration;

use sskuba_talos::api::{
    ApplyOptions, ChangeKind, ErrorKind, EventKind, Fingerprint, Health, Mode, ResetOptions, ResourceKind,
    Stage, Target, TlsFault,
};
use sskuba_talos::client::{Bootstrapped, Bound, ClusterNodes, Identity, Machine, Settings, tell_mode};
use sskuba_talos::testing::Fleet;

use super::material::Cluster;
use super::peer::Peer;

/// Two control planes and a worker, without configs, of which the first says once that bootstrapping is too early.
struct Machines {
    first: Target,
    second: Target,
    worker: Target,
    fingerprint: Fingerprint,
}

/// Little patience: what is near answers at once.
pub(crate) fn settings() -> Settings {
    Settings {
        connect: Duration::from_secs(5),
        deadline: Duration::from_secs(10),
        pause: Duration::from_millis(50),
        ..Settings::default()
    }
}

pub(crate) const SOON: Bound = Bound { within: Duration::from_secs(30), every: Duration::from_millis(50) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_machines_of_this_crate() {
    let fleet = Fleet::default();
    let first = fleet.start("node-1", "v1.13.9").await.unwrap();
    let second = fleet.start("node-2", "v1.13.9").await.unwrap();
    let worker = fleet.start("node-3", "v1.13.9").await.unwrap();
    play(Machines {
        first: first.target(),
        second: second.target(),
        worker: worker.target(),
        fingerprint: first.fingerprint(),
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_of_talos_own_code() {
    let Some(peer) = Peer::start(3).await else { return };
    let [first, second, worker] = [0, 1, 2].map(|at| peer.nodes[at].target.clone());
    play(Machines { first, second, worker, fingerprint: peer.nodes[0].fingerprint }).await;
}

async fn play(machines: Machines) {
    let cluster = Cluster::new();
    maintenance(&machines, &cluster).await;
    for (target, kind) in
        [(&machines.first, "controlplane"), (&machines.second, "controlplane"), (&machines.worker, "worker")]
    {
        applied(target, &cluster, kind).await;
    }
    let connect = |target: &Target| Machine::connect_with(target.clone(), cluster.admin(), settings());
    let (first, second, worker) =
        (connect(&machines.first), connect(&machines.second), connect(&machines.worker));
    before_bootstrap(&first, &worker, &cluster).await;
    bootstrapped(&first, &second, &worker).await;
    resources(&first).await;
    leaving(&first, &second).await;
    reset(&worker).await;
}

async fn maintenance(machines: &Machines, cluster: &Cluster) {
    let target = &machines.first;
    assert_eq!(tell_mode(target, None, &settings()).await.unwrap(), Mode::Maintenance);
    let identity = Identity::Maintenance { fingerprint: Some(machines.fingerprint) };
    let machine = Machine::connect_with(target.clone(), identity, settings());
    assert_eq!(machine.version().await.unwrap().tag, "v1.13.9");
    assert!(machine.disks().await.unwrap().iter().any(|disk| disk.device == "/dev/sda"));
    assert_eq!(machine.status().await.unwrap().stage, Stage::Maintenance);
    let denied = machine.bootstrap().await.unwrap_err();
    assert!(matches!(denied.kind, ErrorKind::MaintenanceMode { .. }), "{denied}");

    // Another key, and a cluster's credentials before the cluster is there.
    let pinned = Identity::Maintenance { fingerprint: Some(Fingerprint([7; 32])) };
    let other = Machine::connect_with(target.clone(), pinned, settings()).version().await.unwrap_err();
    let ErrorKind::Tls(TlsFault::Fingerprint { expected, found }) = &other.kind else { panic!("{other}") };
    assert_eq!((*expected, *found), (Fingerprint([7; 32]), machines.fingerprint));
    let early =
        Machine::connect_with(target.clone(), cluster.admin(), settings()).version().await.unwrap_err();
    assert_eq!(early.kind, ErrorKind::Tls(TlsFault::UnknownCa));
}

async fn applied(target: &Target, cluster: &Cluster, kind: &str) {
    let anyone = Machine::connect_with(target.clone(), Identity::ANYONE, settings());
    let config = cluster.config(kind);
    // Talos quotes keys that it does not know, with their values.
    let wrong =
        config.expose().replace(&format!("type: {kind}"), "type: dancer\n  tokenz: canary-tokenz").into();
    let error = anyone.apply_configuration(&wrong, ApplyOptions::default()).await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Invalid { .. }), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");

    let dry = ApplyOptions { dry_run: true, ..ApplyOptions::default() };
    anyone.apply_configuration(&config, dry).await.unwrap();
    assert_eq!(tell_mode(target, None, &settings()).await.unwrap(), Mode::Maintenance, "a dry run is dry");

    anyone.apply_configuration(&config, ApplyOptions::default()).await.unwrap();
    let machine = Machine::connect_with(target.clone(), cluster.admin(), settings());
    machine.wait_for(SOON, |status| status.stage != Stage::Maintenance).await.unwrap();
    assert_eq!(tell_mode(target, None, &settings()).await.unwrap(), Mode::Configured);
    // The same again changes nothing.
    machine.apply_configuration(&config, ApplyOptions::default()).await.unwrap();
}

async fn before_bootstrap(first: &Machine, worker: &Machine, cluster: &Cluster) {
    let target = first.target().clone();
    let anyone =
        Machine::connect_with(target.clone(), Identity::ANYONE, settings()).version().await.unwrap_err();
    assert_eq!(anyone.kind, ErrorKind::Tls(TlsFault::CertificateRequired));
    let stranger = Cluster::new().admin();
    let stranger = Machine::connect_with(target.clone(), stranger, settings()).version().await.unwrap_err();
    assert_eq!(stranger.kind, ErrorKind::Tls(TlsFault::UnknownCa));
    let reader = Machine::connect_with(target, cluster.role("os:reader"), settings());
    assert_eq!(reader.version().await.unwrap().tag, "v1.13.9");
    let denied = reader.bootstrap().await.unwrap_err();
    assert!(matches!(denied.kind, ErrorKind::Denied { .. }), "{denied}");

    let services = first.services().await.unwrap();
    let etcd = services.iter().find(|service| service.id == "etcd").unwrap();
    assert_ne!(etcd.health, Health::Healthy);
    assert!(!worker.services().await.unwrap().iter().any(|service| service.id == "etcd"));
    let members = first.etcd_members().await.unwrap_err();
    assert!(matches!(members.kind, ErrorKind::Busy { .. }), "{members}");
    let role = worker.bootstrap().await.unwrap_err();
    assert!(matches!(role.kind, ErrorKind::NotOnThisRole { .. }), "{role}");
    let health = first.health_check(&ClusterNodes::default(), Duration::from_millis(200)).await.unwrap();
    let late = health.healthy().await.unwrap_err();
    assert!(matches!(late.kind, ErrorKind::NotYet { .. }), "{late}");
}

async fn bootstrapped(first: &Machine, second: &Machine, worker: &Machine) {
    let early = first.bootstrap().await.unwrap_err();
    assert!(matches!(early.kind, ErrorKind::NotReady { .. }), "{early}");
    assert_eq!(first.bootstrap_once(SOON).await.unwrap(), Bootstrapped::Now);
    assert_eq!(first.bootstrap_once(SOON).await.unwrap(), Bootstrapped::Before);
    let again = first.bootstrap().await.unwrap_err();
    assert!(matches!(again.kind, ErrorKind::AlreadyDone { .. }), "{again}");
    for machine in [first, second, worker] {
        machine.wait_ready(SOON).await.unwrap();
    }
    let members = first.etcd_members().await.unwrap();
    let mut names: Vec<&str> = members.iter().map(|member| member.hostname.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["node-1", "node-2"]);
    let status = second.etcd_status().await.unwrap();
    assert!(status.is_healthy() && members.iter().any(|member| member.id == status.member_id), "{status:?}");
    assert!(first.etcd_alarms().await.unwrap().is_empty());
    first
        .health_check(&ClusterNodes::default(), Duration::from_secs(5))
        .await
        .unwrap()
        .healthy()
        .await
        .unwrap();
    let kubeconfig = first.kubeconfig().await.unwrap();
    assert!(kubeconfig.expose().starts_with("apiVersion: v1\n"), "a kubeconfig");
    let role = worker.kubeconfig().await.unwrap_err();
    assert!(matches!(role.kind, ErrorKind::NotOnThisRole { .. }), "{role}");
}

async fn resources(first: &Machine) {
    let config = first.resource(ResourceKind::MACHINE_CONFIG, "v1alpha1").await.unwrap();
    assert!(config.spec.as_str().unwrap().contains("type: controlplane"), "{config:?}");
    assert!(!format!("{config:?}").contains("canary"));
    let missing = first.resource(ResourceKind::MACHINE_CONFIG, "none").await.unwrap_err();
    assert!(matches!(missing.kind, ErrorKind::NotFound { .. }), "{missing}");
    let members = first.resources(ResourceKind::MEMBER).await.unwrap();
    assert!(members.iter().any(|member| member.id == "node-2"), "{members:?}");

    let mut watch = first.watch(ResourceKind::MACHINE_STATUS, None).await.unwrap();
    let there = watch.next().await.unwrap().unwrap();
    assert_eq!(there.kind, ChangeKind::Created);
    assert_eq!(there.resource.unwrap().id, "machine");
    assert_eq!(watch.next().await.unwrap().unwrap().kind, ChangeKind::Bootstrapped);

    let mut events = first.events(100).await.unwrap();
    loop {
        let event = events.next().await.unwrap().unwrap();
        if matches!(&event.kind, EventKind::Service { name, .. } if name == "etcd") {
            break;
        }
    }
}

async fn leaving(first: &Machine, second: &Machine) {
    assert_eq!(first.etcd_forfeit_leadership().await.unwrap().as_deref(), Some("node-2"));
    assert_eq!(first.etcd_forfeit_leadership().await.unwrap(), None);
    let missing = first.etcd_remove_member(1).await.unwrap_err();
    assert!(matches!(missing.kind, ErrorKind::NotFound { .. }), "{missing}");
    // Not in order: the member stays, and has to be removed by another.
    let lost = second.etcd_status().await.unwrap().member_id;
    let options = ResetOptions { graceful: false, ..ResetOptions::default() };
    second.reset(&options).await.unwrap();
    let mode = until_mode(second.target(), Mode::Maintenance).await;
    assert_eq!(mode, Mode::Maintenance);
    assert_eq!(first.etcd_members().await.unwrap().len(), 2);
    first.etcd_remove_member(lost).await.unwrap();
    assert_eq!(first.etcd_members().await.unwrap().len(), 1);
}

async fn reset(worker: &Machine) {
    worker.reset(&ResetOptions::default()).await.unwrap();
    until_mode(worker.target(), Mode::Maintenance).await;
    let anyone = Machine::connect_with(worker.target().clone(), Identity::ANYONE, settings());
    assert_eq!(anyone.wait_stage(Stage::Maintenance, SOON).await.unwrap().stage, Stage::Maintenance);
}

/// Waits until a machine is in a mode.
pub(crate) async fn until_mode(target: &Target, mode: Mode) -> Mode {
    for _ in 0..200 {
        if tell_mode(target, None, &settings()).await == Ok(mode) {
            return mode;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{target} is never in {mode:?}");
}

/// Waits until a machine says that it has a version.
pub(crate) async fn until_version(machine: &Machine, tag: &str) {
    for _ in 0..200 {
        if machine.version().await.is_ok_and(|version| version.tag == tag) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{machine:?} never has version {tag}");
}
