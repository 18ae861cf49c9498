//! What a connection goes through: certificates whose time is over, silence, callers that go away.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sskuba_core::secret::Secret;
use sskuba_talos::api::{ErrorKind, Target, TlsFault};
use sskuba_talos::client::{Bytes, Credentials, Dialer, Identity, Machine, Settings, Tcp};
use sskuba_talos::testing::Fleet;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::errors::configured;
use super::material::Cluster;
use super::transcript::settings;

/// Listens, with a certificate of these years.
async fn server(cluster: &Cluster, years: (i32, i32)) -> (TlsAcceptor, TcpListener) {
    let (certificate, key) = cluster.server(years);
    let key = PrivateKeyDer::try_from(key).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    (TlsAcceptor::from(Arc::new(config)), TcpListener::bind(("127.0.0.1", 0)).await.unwrap())
}

/// Something that shows a certificate of these years and then hangs up.
async fn showing(cluster: &Cluster, years: (i32, i32)) -> Target {
    let (acceptor, listener) = server(cluster, years).await;
    let target = listener.local_addr().unwrap().to_string().parse().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    target
}

#[tokio::test]
async fn nothing_is_said_before_the_machine_has_spoken() {
    let cluster = Cluster::new();
    let (silent, heard) = (Duration::from_millis(200), Arc::new(AtomicBool::new(false)));
    let (acceptor, listener) = server(&cluster, (2020, 2120)).await;
    let target: Target = listener.local_addr().unwrap().to_string().parse().unwrap();
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = acceptor.accept(stream).await.unwrap();
            let spoke = timeout(silent, stream.read(&mut [0; 64])).await.is_ok();
            hears.fetch_or(spoke, Ordering::SeqCst);
        }
    });
    let settings = Settings { tries: 1, ..settings() };
    let error = Machine::connect_with(target, cluster.admin(), settings).version().await.unwrap_err();
    let closed = matches!(error.kind, ErrorKind::Unreachable { .. } | ErrorKind::Tls(TlsFault::Other { .. }));
    assert!(closed, "{error}");
    assert!(!heard.load(Ordering::SeqCst), "an alert of the machine could be lost");
}

#[tokio::test]
async fn a_machine_whose_certificate_is_not_valid_now_is_not_believed() {
    let cluster = Cluster::new();
    for (years, expired) in [((2001, 2002), true), ((2110, 2111), false)] {
        let target = showing(&cluster, years).await;
        let error = Machine::connect_with(target, cluster.admin(), settings()).version().await.unwrap_err();
        let ErrorKind::Tls(fault) = &error.kind else { panic!("{error}") };
        match fault {
            TlsFault::Expired { whose: "the machine's", .. } => assert!(expired),
            TlsFault::NotYetValid { whose: "the machine's", .. } => {
                assert!(!expired);
                assert!(error.to_string().contains("a clock is off"), "{error}");
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn credentials_that_cannot_be_used_are_named_by_their_part() {
    let cluster = Cluster::new();
    let good = &cluster.certificate;
    let key = Secret::new(cluster.key.clone());
    let credentials = Credentials::from_pem(good, good, &key).unwrap();
    let shown = format!("{credentials:?} {:?}", Identity::Cluster(credentials.clone()));
    assert!(!shown.contains("PRIVATE"), "{shown}");
    let junk = "-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n";
    for (part, result) in [
        ("ca", Credentials::from_pem("canary", good, &key)),
        ("ca", Credentials::from_pem(junk, good, &key)),
        ("crt", Credentials::from_pem(good, "", &key)),
        ("crt", Credentials::from_pem(good, junk, &key)),
        ("key", Credentials::from_pem(good, good, &Secret::new("canary".to_owned()))),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.part, part);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_key_of_another_certificate_is_found_before_anything_is_sent() {
    let (cluster, other) = (Cluster::new(), Cluster::new());
    let key = Secret::new(other.key.clone());
    let credentials = Credentials::from_pem(&cluster.certificate, &cluster.certificate, &key).unwrap();
    let target: Target = "127.0.0.1:9".parse().unwrap();
    let machine = Machine::connect_with(target, Identity::Cluster(credentials), settings());
    let error = machine.version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Tls(TlsFault::Other { .. })), "{error}");
}

#[tokio::test]
async fn a_call_that_is_dropped_ends_and_the_next_works() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings());
    machine.version().await.unwrap();
    fake.delay(Duration::from_secs(60));
    assert!(timeout(Duration::from_millis(100), machine.version()).await.is_err());
    fake.delay(Duration::ZERO);
    machine.version().await.unwrap();
}

#[tokio::test]
async fn calls_are_passed_on_to_the_node_that_is_named() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let through =
        |node: &str| Machine::connect_with(fake.target().through(node), cluster.admin(), settings());
    through("node-1").version().await.unwrap();
    let error = through("node-7").version().await.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Busy { .. }), "{error}");
    assert!(error.to_string().contains(&format!("node-7 through {}", fake.target())), "{error}");
}

/// A way that can lose every byte from one moment on, without a word.
#[derive(Debug, Clone, Default)]
struct Lossy(Arc<AtomicBool>);

#[async_trait]
impl Dialer for Lossy {
    async fn dial(&self, target: &Target) -> io::Result<Box<dyn Bytes>> {
        Ok(Box::new(LossyStream { inner: Tcp.dial(target).await?, lost: Arc::clone(&self.0) }))
    }
}

struct LossyStream {
    inner: Box<dyn Bytes>,
    lost: Arc<AtomicBool>,
}

impl AsyncRead for LossyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.lost.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for LossyStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.lost.load(Ordering::SeqCst) {
            return Poll::Ready(Ok(buf.len()));
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn a_stream_from_a_machine_that_vanished_ends() {
    let (fleet, cluster) = (Fleet::default(), Cluster::new());
    let fake = configured(&fleet, &cluster, "node-1", "v1.13.9").await;
    let way = Lossy::default();
    let keepalive = Duration::from_millis(200);
    let settings = Settings { keepalive, dialer: Arc::new(way.clone()), ..settings() };
    let machine = Machine::connect_with(fake.target(), cluster.admin(), settings);
    let mut events = machine.events(0).await.unwrap();
    way.0.store(true, Ordering::SeqCst);
    let begin = Instant::now();
    let error = timeout(Duration::from_secs(10), events.next()).await.unwrap().unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Lost { .. }), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(5));
}
