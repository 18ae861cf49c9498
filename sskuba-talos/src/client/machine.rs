//! One machine, and the connection to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_rustls::rustls::ClientConfig;
use tonic::codegen::Service;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};

use super::identity::Identity;
use super::proto::cluster::cluster_service_client::ClusterServiceClient;
use super::proto::cosi::resource::state_client::StateClient;
use super::proto::machine::image_service_client::ImageServiceClient;
use super::proto::machine::lifecycle_service_client::LifecycleServiceClient;
use super::proto::machine::machine_service_client::MachineServiceClient;
use super::proto::storage::storage_service_client::StorageServiceClient;
use super::settings::Settings;
use super::tls;
use super::wire::{self, Faults, Wire};
use crate::api::{ErrorKind, Target, TlsFault};

/// A machine of Talos. Cheap to clone; clones share a connection, which is opened when it is first needed and
/// again when it broke.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use sskuba_talos::api::{ApplyOptions, Fingerprint};
/// use sskuba_talos::client::{Identity, Machine};
///
/// let fingerprint: Fingerprint = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=".parse()?;
/// let identity = Identity::Maintenance { fingerprint: Some(fingerprint) };
/// let machine = Machine::connect("10.0.0.5".parse()?, identity);
/// let config = "version: v1alpha1".to_owned().into();
/// let applied = machine.apply_configuration(&config, ApplyOptions::default()).await?;
/// assert!(applied.warnings.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Machine {
    pub(super) target: Target,
    pub(super) identity: Arc<Identity>,
    pub(super) settings: Settings,
    pub(super) faults: Faults,
    channel: Channel,
}

impl Machine {
    /// Names a machine and who we are to it, with the usual patience.
    pub fn connect(target: Target, identity: Identity) -> Self {
        Self::connect_with(target, identity, Settings::default())
    }

    /// Names a machine and who we are to it. Nothing is sent before the first call, which needs a runtime of tokio.
    pub fn connect_with(target: Target, identity: Identity, settings: Settings) -> Self {
        let identity = Arc::new(identity);
        let faults = Faults::default();
        let connector = Connector {
            target: target.clone(),
            identity: Arc::clone(&identity),
            config: tls::config(&identity).map(Arc::new),
            settings: settings.clone(),
            faults: faults.clone(),
        };
        // The connector knows where to go. What is written here is only what HTTP says, and what keeps tonic from
        // adding a TLS of its own.
        let channel = Endpoint::from_static("http://machine")
            .http2_keep_alive_interval(settings.keepalive)
            .keep_alive_timeout(settings.keepalive)
            .keep_alive_while_idle(false)
            .connect_with_connector_lazy(connector);
        Self { target, identity, settings, faults, channel }
    }

    /// Returns where the machine is.
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// Tells whether we are nobody to it.
    pub(super) fn anonymous(&self) -> bool {
        matches!(*self.identity, Identity::Maintenance { .. })
    }

    pub(super) fn machine_service(&self) -> MachineServiceClient<Channel> {
        MachineServiceClient::new(self.channel.clone()).max_decoding_message_size(self.settings.largest)
    }

    pub(super) fn storage_service(&self) -> StorageServiceClient<Channel> {
        StorageServiceClient::new(self.channel.clone())
    }

    pub(super) fn cluster_service(&self) -> ClusterServiceClient<Channel> {
        ClusterServiceClient::new(self.channel.clone())
    }

    pub(super) fn image_service(&self) -> ImageServiceClient<Channel> {
        ImageServiceClient::new(self.channel.clone())
    }

    pub(super) fn lifecycle_service(&self) -> LifecycleServiceClient<Channel> {
        LifecycleServiceClient::new(self.channel.clone())
    }

    pub(super) fn state(&self) -> StateClient<Channel> {
        StateClient::new(self.channel.clone()).max_decoding_message_size(self.settings.largest)
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine")
            .field("target", &self.target)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Opens the connection whenever tonic wants one.
struct Connector {
    target: Target,
    identity: Arc<Identity>,
    config: Result<Arc<ClientConfig>, TlsFault>,
    settings: Settings,
    faults: Faults,
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = ErrorKind;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, ErrorKind>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ErrorKind>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { target, identity, config, settings, faults } = self;
        let (target, faults, settings) = (target.clone(), faults.clone(), settings.clone());
        let config = config.clone();
        // It says more than the machine's alert will.
        let outdated = match &**identity {
            Identity::Cluster(credentials) => credentials.fault(settings.clock.now()),
            Identity::Maintenance { .. } => None,
        };
        Box::pin(async move {
            faults.set(None);
            if let Some(fault) = outdated {
                return Err(ErrorKind::Tls(fault));
            }
            let opened = wire::open(&*settings.dialer, &target, config?, &faults);
            let late = |_| ErrorKind::Unreachable { why: format!("no answer within {:?}", settings.connect) };
            timeout(settings.connect, opened).await.map_err(late)?.map(TokioIo::new)
        })
    }
}
