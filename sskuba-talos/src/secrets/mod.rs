//! The secrets of a cluster: its certificate authorities, keys, tokens and ids.
//!
//! A [`Bundle`] is made by [`generate`], or read from the `secrets.yaml` of `talosctl` ([`Bundle::from_yaml`]) or from
//! the machine config of a control plane ([`Bundle::from_control_plane`]). From it come the credentials of clients:
//! [`Bundle::client_certificate`] for the machine API, [`Bundle::kubernetes_admin`] for Kubernetes. [`rotate`] replaces
//! its authorities without a moment in which the cluster trusts nobody.

mod authority;
mod bundle;
mod client;
mod generate;
mod import;
mod pair;
#[cfg(feature = "client")]
mod position;
mod problem;
pub mod rotate;

mod validate;
mod yaml;

#[cfg(test)]
pub(crate) mod tests;

pub use authority::Authority;
pub use bundle::{Accepted, Bundle, CertificateAndKey, Certificates, Identity, Tokens};
pub use client::{CLIENT_LIFETIME, Role, UnknownRole};
pub use generate::{AUTHORITY_LIFETIME, generate, generate_with, service_account_key};
#[cfg(feature = "client")]
pub(crate) use position::{Names, Next, Position};
pub use problem::{BundleError, MakeError, Problem};
pub(crate) use yaml::encode;
