//! Serving one machine: a listener for each of its lives, TLS as its config has it, and who calls.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rcgen::string::Ia5String;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, SanType};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::Connected;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::node::{Config, Node};
use crate::api::Fingerprint;
use crate::client::proto::cluster::cluster_service_server::ClusterServiceServer;
use crate::client::proto::cosi::resource::state_server::StateServer;
use crate::client::proto::machine::image_service_server::ImageServiceServer;
use crate::client::proto::machine::lifecycle_service_server::LifecycleServiceServer;
use crate::client::proto::machine::machine_service_server::MachineServiceServer;
use crate::client::proto::storage::storage_service_server::StorageServiceServer;
use crate::client::spki_fingerprint;

/// What can go wrong while certificates are made.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Roles of whoever calls: the organisations of the certificate.
#[derive(Debug, Clone, Default)]
pub(super) struct Roles(pub(super) Vec<String>);

/// The key and certificate of a machine without a config.
#[derive(Debug)]
pub(super) struct Keys {
    key: KeyPair,
    certificate: CertificateDer<'static>,
    pub(super) fingerprint: Fingerprint,
}

impl Keys {
    pub(super) fn new(name: &str) -> Result<Self, Failure> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![name.to_owned()])?;
        let certificate = params.self_signed(&key)?.der().clone();
        let fingerprint = spki_fingerprint(&certificate)?;
        Ok(Self { key, certificate, fingerprint })
    }
}

/// Serves a machine, life after life.
pub(super) async fn live(node: Arc<Node>, keys: Keys, listener: TcpListener, address: SocketAddr) {
    let mut lives = node.lives.subscribe();
    let mut listener = Some(listener);
    loop {
        lives.mark_unchanged();
        let away = node.lives.away();
        if let Some(away) = away {
            sleep(away).await;
            let config = node.begin_life();
            // A worker that no control plane has signed yet stays away, as one of Talos does.
            if tls(&keys, config.as_ref(), &node, address).is_some() {
                let bound = match listener.take() {
                    Some(first) => Ok(first),
                    None => TcpListener::bind(address).await,
                };
                if let Ok(bound) = bound {
                    tokio::select! {
                        () = accept(&node, bound, (&keys, address)) => {}
                        _ = lives.changed() => {}
                    }
                    continue;
                }
            }
            sleep(Duration::from_millis(20)).await;
            continue;
        }
        listener = None;
        if lives.changed().await.is_err() {
            return;
        }
    }
}

/// Takes connections in until it is dropped.
async fn accept(node: &Arc<Node>, listener: TcpListener, (keys, address): (&Keys, SocketAddr)) {
    let (sender, incoming) = mpsc::channel::<Result<Accepted, Infallible>>(16);
    let server = Server::builder()
        .add_service(MachineServiceServer::from_arc(Arc::clone(node)))
        .add_service(StateServer::from_arc(Arc::clone(node)))
        .add_service(StorageServiceServer::from_arc(Arc::clone(node)))
        .add_service(ClusterServiceServer::from_arc(Arc::clone(node)))
        .add_service(ImageServiceServer::from_arc(Arc::clone(node)))
        .add_service(LifecycleServiceServer::from_arc(Arc::clone(node)));
    let was_configured = node.state().config.is_some();
    let greeting = async {
        while let Ok((stream, _)) = listener.accept().await {
            // Authorities that a config brings count for the next connection, without a restart.
            let config = node.state().config.clone().filter(|_| was_configured);
            if was_configured && config.is_none() {
                // It was reset and ends this life.
                continue;
            }
            let Some(tls) = tls(keys, config.as_ref(), node, address) else { continue };
            let (sender, mut lives) = (sender.clone(), node.lives.subscribe());
            tokio::spawn(async move {
                // Whoever does not get through the handshake has been told so by it.
                let Ok(stream) = tls.accept(stream).await else { return };
                let roles = roles(&stream);
                let cut = Box::pin(async move {
                    // An error means that the machine is gone, which cuts too.
                    let _ = lives.changed().await;
                });
                // The server may have ended meanwhile.
                let _ = sender.send(Ok(Accepted { stream, roles, cut })).await;
            });
        }
    };
    tokio::select! {
        _ = server.serve_with_incoming(ReceiverStream::new(incoming)) => {}
        () = greeting => {}
    }
}

fn roles(stream: &TlsStream<TcpStream>) -> Roles {
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let parsed = certificates.first().and_then(|der| X509Certificate::from_der(der).ok());
    let organisations = parsed.map(|(_, certificate)| {
        let names = certificate.subject().iter_organization();
        names.filter_map(|name| name.as_str().ok()).map(str::to_owned).collect()
    });
    Roles(organisations.unwrap_or_default())
}

/// Makes the TLS of a machine; none for a worker that nobody has signed yet.
fn tls(keys: &Keys, config: Option<&Config>, node: &Node, address: SocketAddr) -> Option<TlsAcceptor> {
    let settings = match config {
        None => server_config(None, vec![keys.certificate.clone()], &keys.key),
        Some(config) => {
            let ca_key = config.ca_key.clone().or_else(|| node.clusters.key(&config.ca))?;
            signed(config, &ca_key, &node.name, address)
        }
    };
    let mut settings = settings.ok()?;
    settings.alpn_protocols = vec![b"h2".to_vec()];
    Some(TlsAcceptor::from(Arc::new(settings)))
}

fn signed(config: &Config, ca_key: &str, name: &str, address: SocketAddr) -> Result<ServerConfig, Failure> {
    let ca_key = KeyPair::from_pem(&ca_key.replace("ED25519 PRIVATE KEY", "PRIVATE KEY"))?;
    let issuer = Issuer::from_ca_cert_pem(&config.ca, ca_key)?;
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names =
        vec![SanType::IpAddress(address.ip()), SanType::DnsName(Ia5String::try_from(name)?)];
    for san in &config.sans {
        params.subject_alt_names.push(match san.parse() {
            Ok(ip) => SanType::IpAddress(ip),
            Err(_) => SanType::DnsName(Ia5String::try_from(san.as_str())?),
        });
    }
    let certificate = params.signed_by(&key, &issuer)?.der().clone();
    let authorities: Vec<&str> =
        [&config.ca].into_iter().chain(&config.accepted).map(String::as_str).collect();
    server_config(Some(&authorities), vec![certificate], &key)
}

fn server_config(
    client_cas: Option<&[&str]>,
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
) -> Result<ServerConfig, Failure> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&[&TLS13])?;
    let builder = match client_cas {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            for pem in authorities {
                for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                    roots.add(certificate?)?;
                }
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::try_from(key.serialize_der())?;
    Ok(builder.with_single_cert(chain, key)?)
}

/// A connection that ends with the life of its machine.
struct Accepted {
    stream: TlsStream<TcpStream>,
    roles: Roles,
    cut: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Connected for Accepted {
    type ConnectInfo = Roles;

    fn connect_info(&self) -> Roles {
        self.roles.clone()
    }
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(cx).is_ready() {
            self.cut = Box::pin(async {});
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
