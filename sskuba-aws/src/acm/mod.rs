//! ACM: certificates.

mod certificate;
mod prelude;
#[cfg(feature = "acm")]
mod service;

use sskuba_core::provider::Handlers;

pub use certificate::{Certificate, CertificateArgs, CertificateOutputs, CertificateState};

use crate::provider::Account;
#[cfg(not(feature = "acm"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "acm")]
type Kinds = crate::client::Kinds<service::Acm>;

/// Adds the kinds of ACM.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account).resource::<Certificate>().added()
}
