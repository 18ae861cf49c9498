//! Talos Linux for `sskuba`: the secrets of a cluster, machine configs, the machine API, and clusters of machines
//! as typed resources. Everything is there as plain functions too.
//!
//! ```no_run
//! use sskuba_core::clock::{Clock, SystemClock, SystemIds};
//! use sskuba_talos::config::{self, Input, Role};
//! use sskuba_talos::contract::Contract;
//! use sskuba_talos::secrets::{self, CLIENT_LIFETIME};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (now, random) = (SystemClock.now(), SystemIds);
//! let bundle = secrets::generate(Contract::V1_13, now, &random)?;
//! let input = Input::new("base", "https://10.0.0.10:6443", "1.36.3").install_disk("/dev/sda");
//! for role in [Role::control_plane(), Role::worker()] {
//!     let config = config::generate(&input, &role, &bundle)?;
//!     std::fs::write(format!("{}.yaml", role.as_str()), config.to_yaml().expose())?;
//! }
//! let admin = bundle.client_certificate(&[secrets::Role::Admin], CLIENT_LIFETIME, now, &random)?;
//! let talosconfig = bundle.talosconfig("base", &["10.0.0.2".to_owned()], admin);
//! std::fs::write("talosconfig", talosconfig.write().expose())?;
//! # Ok(())
//! # }
//! ```
//!
//! | module | what it has |
//! |---|---|
//! | [`secrets`] | a cluster's [`Bundle`](secrets::Bundle): made, read, judged; certificates of clients; rotation |
//! | [`config`] | an [`Input`](config::Input) and a [`Role`](config::Role) become a machine config; pools, GPUs |
//! | [`patch`] | changes of configs, with Talos's rules of merging |
//! | [`sealed`] | texts that only the owner of a key opens, for handing configs over |
//! | [`user_data`] | configs as platforms hand them to machines that boot |
//! | [`validate`] | what Talos would refuse, and what nobody should send |
//! | [`schematic`] | images with extensions, by the id that is their content |
//! | [`credentials`] | `talosconfig` and kubeconfig: read, merged, written |
//! | [`api`] | what machines can be asked and told, as plain types |
//! | `client` (feature `client`) | a machine's API: one method for each call |
//! | `testing` (feature `testing`) | machines in this process that speak that API |
//!
//! But in [`sealed`], time and randomness are arguments ([`Clock`](sskuba_core::clock::Clock), [`IdSource`](sskuba_core::clock::IdSource));
//! only `client` touches a network. Every private part is a [`Secret`](sskuba_core::secret::Secret). An error has all
//! problems together, each with its path, and none quotes a secret.

pub mod api;
mod archive;
#[cfg(feature = "client")]
pub mod client;
pub mod config;
pub mod contract;
pub mod credentials;
#[cfg(feature = "client")]
mod difference;
mod handlers;
mod locator;
pub mod patch;
mod pki;
pub mod problem;
mod provider;
pub mod resources;
mod schema;
pub mod schematic;
pub mod sealed;
pub mod secrets;
#[cfg(feature = "testing")]
pub mod testing;
pub mod user_data;
pub mod validate;
pub mod yaml;

#[cfg(feature = "client")]
pub use provider::provider_with;
pub use provider::{provider, schemas};
