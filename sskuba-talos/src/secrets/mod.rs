//! The secrets of a cluster: its certificate authorities, keys, tokens and ids.

mod bundle;

pub use bundle::{Bundle, CertificateAndKey, Certificates, Identity, Tokens};
