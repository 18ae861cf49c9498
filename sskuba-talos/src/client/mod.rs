//! The machine API's client: one [`Machine`] for each machine, whose methods are the calls.
//!
//! Every call has a deadline; what only asks is tried again where that can help. Dropping a call's future ends it.
//! An error says what it means, with the machine and the call ([`ApiError`](crate::api::ApiError)).

mod answer;
mod bootstrap;
mod call;
mod config;
mod dial;
mod etcd;
mod events;
mod factory;
mod health;
mod identity;
mod kubeconfig;
mod lifecycle;
mod machine;
mod mode;
mod node;
pub(crate) mod proto;
mod resources;
mod scrub;
mod settings;
mod stream;
mod tls;
mod upgrade;
mod wait;
mod wire;

pub use bootstrap::Bootstrapped;
pub use dial::{Bytes, Dialer, Tcp};
pub use events::Events;
pub use factory::{Factory, FactoryError};
pub use health::{ClusterNodes, HealthCheck};
pub use identity::{BadCredentials, Credentials, Identity};
pub use machine::Machine;
pub use mode::tell_mode;
pub use resources::Watch;
pub use settings::{Bound, Settings};
#[cfg(feature = "testing")]
pub(crate) use tls::fingerprint as spki_fingerprint;
pub use upgrade::{UpgradeStep, Upgraded};
