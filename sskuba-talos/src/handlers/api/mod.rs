//! The kinds that are done to machines, through the machine API.

use std::sync::Arc;
use std::time::Duration;

use sskuba_core::clock::{Clock, IdSource, SystemIds};
use sskuba_core::provider::{Class, Complete, Cx, Effect, Failure, Handlers, TypedObject};
use sskuba_core::resource::Resource;
use sskuba_core::secret::Secret;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::local_kinds::bundle;
use crate::api::{ApiError, ErrorKind, Target, TlsFault};
use crate::client::{Bound, Credentials, Identity, Machine, Settings};
use crate::secrets::{Bundle, Role};

mod applied;
mod bootstrap;
mod health;
mod image;
mod kubeconfig;
mod kubernetes;
mod lost_member;
mod preview;
mod reset;
mod rolling;
mod rotation;
mod upgrade;

/// For how long a certificate of ours is valid; it is made for each call of the engine.
const LIFETIME: Duration = Duration::from_hours(2);

/// The pause between two looks at a machine.
const EVERY: Duration = Duration::from_secs(1);

/// The handler of the kinds that are done to machines.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    settings: Settings,
    random: Arc<dyn IdSource>,
    /// Control planes leave etcd one after the other.
    leaving: Arc<Mutex<()>>,
}

impl Api {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, random: Arc::new(SystemIds), leaving: Arc::default() }
    }

    /// Returns the clock that tells whether certificates are valid.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.settings.clock)
    }

    fn bundle(&self, secrets: &Secret<String>) -> Result<Bundle, Failure> {
        bundle("secrets", secrets, &*self.settings.clock)
    }

    /// Returns a machine of the cluster whose secrets these are, with a certificate made for the occasion.
    fn machine(&self, address: &str, bundle: &Bundle) -> Result<Machine, Failure> {
        let made =
            bundle.client_certificate(&[Role::Admin], LIFETIME, self.settings.clock.now(), &*self.random);
        let client = made.map_err(|error| invalid("secrets", error))?;
        let ca = bundle.machine_authorities();
        let credentials = Credentials::from_pem(&ca, &client.certificate, &client.key);
        let credentials = credentials.map_err(|error| invalid("secrets", error))?;
        let identity = Identity::Cluster(credentials);
        Ok(Machine::connect_with(target(address)?, identity, self.settings.clone()))
    }
}

impl Default for Api {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

/// Adds a kind that needs a machine.
pub(crate) fn machine_kind<R: Resource>(handlers: Handlers, api: &Api) -> Handlers
where
    Api: Complete<R>,
{
    handlers.resource::<R>(api.clone())
}

fn target(address: &str) -> Result<Target, Failure> {
    address.parse().map_err(|error| invalid("address", error))
}

fn invalid(field: &str, message: impl std::fmt::Display) -> Failure {
    Failure::new(Class::Invalid(field.to_owned()), message.to_string())
}

/// For how long machines are waited for that may need others to get there, as a worker its control planes.
fn bound(cx: &Cx, seconds: u32) -> Bound {
    looks(cx.patience(Duration::from_secs(seconds.into())))
}

/// For how long a machine is waited for that gets there by itself, in a recovery too.
fn bound_alone(cx: &Cx, seconds: u32) -> Bound {
    let alone = Cx { recovering: false, ..cx.clone() };
    bound(&alone, seconds)
}

fn looks(within: Duration) -> Bound {
    Bound { within, every: EVERY.min(within / 4) }
}

/// Tells whether a call that a recovery repeats failed only because it did not wait.
fn is_for_later(cx: &Cx, failure: &Failure) -> bool {
    let waits = matches!(failure.class, Class::Transient | Class::Timeout | Class::Conflict);
    cx.recovering && waits && !matches!(failure.effect, Effect::Applied(_))
}

/// Leaves to the plan that follows a recovery what waiting would show: the object is half made until then.
fn half_made<R: Resource>(cx: &Cx, mut failure: Failure, object: TypedObject<R>) -> Failure {
    if is_for_later(cx, &failure)
        && let Ok(object) = object.erase()
    {
        failure.effect = Effect::Applied(Box::new(object));
    }
    failure
}

/// Leaves to the plan that follows a recovery what can be asked from the start again: nothing is recorded.
fn not_yet(cx: &Cx, failure: Failure) -> Failure {
    if is_for_later(cx, &failure) { Failure::new(Class::Conflict, failure.message) } else { failure }
}

/// Asks again until it is answered, as long as only the network or the machine's start stands in the way: a machine
/// that restarts is away for minutes.
async fn patiently<T, F>(bound: Bound, ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>> + Send,
{
    let end = Instant::now() + bound.within;
    loop {
        match ask().await {
            Err(failure) if failure.class.is_passing() && Instant::now() + bound.every < end => {
                sleep(bound.every).await;
            }
            answer => return answer,
        }
    }
}

/// Says what an error of the machine API is to the engine. It names the machine, the call and what to do.
fn failed(error: ApiError) -> Failure {
    let class = match &error.kind {
        ErrorKind::Unreachable { .. } | ErrorKind::Lost { .. } | ErrorKind::Busy { .. } => Class::Transient,
        ErrorKind::Tls(TlsFault::Refused { .. } | TlsFault::CertificateRequired)
        | ErrorKind::Denied { .. } => Class::Denied,
        ErrorKind::NotReady { .. } | ErrorKind::MaintenanceMode { .. } | ErrorKind::AlreadyDone { .. } => {
            Class::Conflict
        }
        ErrorKind::Invalid { .. } => Class::Invalid("config".to_owned()),
        ErrorKind::NotFound { .. } => Class::NotFound,
        ErrorKind::Timeout { .. } | ErrorKind::NotYet { .. } => Class::Timeout,
        _ => Class::Terminal,
    };
    if error.may_have_happened() {
        Failure::unknown(class, error.to_string())
    } else {
        Failure::new(class, error.to_string())
    }
}
