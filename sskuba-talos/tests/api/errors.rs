//! What goes wrong before a machine is reached, or because of who we are to it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sskuba_talos::api::{ApplyOptions, ErrorKind, Mode, Target, TlsFault};
use sskuba_talos::client::{Bytes, Dialer, Identity, Machine, Settings, Tcp, tell_mode};
use sskuba_talos::testing::{FakeMachine, Fleet};
use tokio::net::TcpListener;

use super::material::Cluster;
use super::transcript::{SOON, settings, until_mode};

/// A machine with a config of a cluster.
pub(crate) async fn configured(fleet: &Fleet, cluster: &Cluster, name: &str, tag: &str) -> FakeMachine {
    let fake = fleet.start(name, tag).await.unwrap();
    let anyone = Machine::connect_with(fake.target(), Identity::ANYONE, settings());
    anyone.apply_configuration(&cluster.config("controlplane"), ApplyOptions::default()).await.unwrap();
    until_mode(&fake.target(), Mode::Configured).await;
    fake
}

async fn version_error(target: Target, identity: Identity) -> ErrorKind {
    Machine::connect_with(target, identity, settings()).version().await.unwrap_err().kind
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_now_is_found_here() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let old = Identity::Cluster(cluster.credentials("os:admin", (2001, 2002)));
    let ErrorKind::Tls(TlsFault::Expired { whose: "our", when }) = version_error(fake.target(), old).await
    else {
        panic!()
    };
    assert!(when.starts_with("until 2002-01-01"), "{when}");
    let new = Identity::Cluster(cluster.credentials("os:admin", (2110, 2111)));
    let ErrorKind::Tls(TlsFault::NotYetValid { whose: "our", when }) =
        version_error(fake.target(), new).await
    else {
        panic!()
    };
    assert!(when.starts_with("from 2110-01-01"), "{when}");
}

#[tokio::test]
async fn the_machine_says_that_it_does_not_accept_a_certificate() {
    let (fleet, cluster, other) = (Fleet::default(), Cluster::new(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    // We trust the machine, and it does not trust us.
    let identity = Identity::Cluster(other.credentials_for(&cluster));
    let kind = version_error(fake.target(), identity).await;
    assert!(matches!(kind, ErrorKind::Tls(TlsFault::Refused { .. })), "{kind}");
}

#[tokio::test]
async fn a_certificate_for_other_names_is_not_accepted() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let target = fake.target().named("node-9");
    let kind = version_error(target, cluster.admin()).await;
    let ErrorKind::Tls(TlsFault::WrongName { name, .. }) = &kind else { panic!("{kind}") };
    assert_eq!(name, "node-9");
    let named = Machine::connect_with(fake.target().named("node-1"), cluster.admin(), settings());
    named.version().await.unwrap();
}

#[tokio::test]
async fn nobody_there_is_unreachable_and_says_why() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let target: Target = listener.local_addr().unwrap().to_string().parse().unwrap();
    drop(listener);
    let machine = Machine::connect_with(target.clone(), Identity::ANYONE, settings());
    let error = machine.version().await.unwrap_err();
    let ErrorKind::Unreachable { why } = &error.kind else { panic!("{error}") };
    assert!(why.contains("refused"), "{why}");
    assert!(error.to_string().starts_with(&format!("version on {target}: ")), "{error}");
    assert!(!error.may_have_happened());
    assert!(matches!(
        tell_mode(&target, None, &settings()).await.unwrap_err().kind,
        ErrorKind::Unreachable { .. }
    ));
}

#[tokio::test]
async fn silence_ends_at_the_time_to_connect() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let target: Target = listener.local_addr().unwrap().to_string().parse().unwrap();
    let settings = Settings { connect: Duration::from_millis(200), tries: 1, ..settings() };
    let begin = Instant::now();
    let kind = Machine::connect_with(target, Identity::ANYONE, settings).version().await.unwrap_err().kind;
    assert_eq!(kind, ErrorKind::Unreachable { why: "no answer within 200ms".to_owned() });
    assert!(begin.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn something_else_that_listens_is_named_as_that() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let target: Target = listener.local_addr().unwrap().to_string().parse().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.writable().await.unwrap();
            let _ = stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let kind = version_error(target, Identity::ANYONE).await;
    assert!(matches!(kind, ErrorKind::Tls(TlsFault::Other { .. })), "{kind}");
}

/// Finds every machine behind one address.
#[derive(Debug)]
struct Tunnel(Target);

#[async_trait]
impl Dialer for Tunnel {
    async fn dial(&self, target: &Target) -> io::Result<Box<dyn Bytes>> {
        if target.host() == "10.9.9.9" {
            return Tcp.dial(&self.0).await;
        }
        Err(io::Error::other("the tunnel does not lead there"))
    }
}

#[tokio::test]
async fn machines_are_reached_through_whatever_dials() {
    let fleet = Fleet::default();
    let fake = fleet.start("node-1", "v1.13.9").await.unwrap();
    let settings = Settings { dialer: Arc::new(Tunnel(fake.target())), ..settings() };
    let connect =
        |host: &str| Machine::connect_with(host.parse().unwrap(), Identity::ANYONE, settings.clone());
    connect("10.9.9.9").version().await.unwrap();
    let kind = connect("10.9.9.8").version().await.unwrap_err().kind;
    assert_eq!(kind, ErrorKind::Unreachable { why: "the tunnel does not lead there".to_owned() });
}

#[tokio::test]
async fn waiting_stops_at_once_at_a_machine_of_another_cluster() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let stranger = Machine::connect_with(fake.target(), Cluster::new().admin(), settings());
    let begin = Instant::now();
    let error = stranger.wait_ready(SOON).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Tls(TlsFault::UnknownCa));
    assert_eq!(stranger.bootstrap_once(SOON).await.unwrap_err().kind, ErrorKind::Tls(TlsFault::UnknownCa));
    assert!(begin.elapsed() < Duration::from_secs(10));
}
