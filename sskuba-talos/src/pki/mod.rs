//! Keys and certificates, as Talos and Kubernetes want them. Knows nothing of clusters, files, clock or network.

mod certificate;
mod key;
mod pem;
mod random;
mod read;

pub(crate) use certificate::{Issuer, Subject, Use, authority, client};
pub(crate) use key::{Algorithm, Key};
pub(crate) use pem::{first as first_block, write as write_block};
pub(crate) use read::Certificate;

/// Why a key or a certificate cannot be read or made. It quotes nothing of what it is about.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PkiError {
    /// No block of PEM.
    #[error("is not PEM: {0}")]
    Pem(&'static str),
    /// A block of PEM of another kind.
    #[error("is a {found:?} in PEM where {wanted} was expected")]
    Label { found: String, wanted: &'static str },
    /// A block of PEM that does not hold what its label says.
    #[error("holds no {0} that can be read, although it says so")]
    Content(&'static str),
    /// A key that is too weak or of an algorithm that is not used here.
    #[error("{0}")]
    Unsupported(&'static str),
    /// A moment or a span that a certificate cannot name.
    #[error("is to be valid at a time that a certificate cannot name")]
    Time,
    /// A certificate that cannot be put together.
    #[error("cannot be made: {0}")]
    Make(String),
}
