//! Who we are to a machine, and how we know it.

use std::fmt;

use sskuba_core::clock::Timestamp;
use sskuba_core::secret::Secret;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::api::{Fingerprint, TlsFault};

/// Who we are to a machine, and how we know it.
#[derive(Debug, Clone)]
pub enum Identity {
    /// Nobody, to a machine without a config. Its certificate is its own word: without a fingerprint any machine
    /// that answers is believed.
    Maintenance {
        /// The key that the machine must have.
        fingerprint: Option<Fingerprint>,
    },
    /// Somebody with a certificate of the cluster, to a machine that has one too.
    Cluster(Credentials),
}

impl Identity {
    /// Nobody, to any machine without a config.
    pub const ANYONE: Self = Self::Maintenance { fingerprint: None };
}

/// A client certificate of a cluster, its key, and the CA that machines are known by.
pub struct Credentials {
    pub(super) ca: Vec<CertificateDer<'static>>,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// Credentials that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("credentials of a talosconfig: {part}: {why}")]
pub struct BadCredentials {
    /// Which part: `ca`, `crt` or `key`, as in a talosconfig.
    pub part: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl Credentials {
    /// Takes PEM, e.g. the decoded `ca`, `crt` and `key` of a talosconfig. More than one CA may be trusted.
    ///
    /// # Errors
    /// If a part is no PEM of its kind. Whether the key belongs to the certificate shows on connecting.
    pub fn from_pem(ca: &str, certificate: &str, key: &Secret<String>) -> Result<Self, BadCredentials> {
        let ca = certificates("ca", ca)?;
        let chain = certificates("crt", certificate)?;
        // Talos labels a PKCS#8 key with its algorithm; nobody else knows that label.
        let plain = Secret::new(key.expose().replace("ED25519 PRIVATE KEY", "PRIVATE KEY"));
        let bad_key = |_| bad("key", "no private key in PEM".to_owned());
        let key = PrivateKeyDer::from_pem_slice(plain.expose().as_bytes()).map_err(bad_key)?;
        let (not_before, not_after) = validity(&chain)?;
        Ok(Self { ca, chain, key, not_before, not_after })
    }

    /// Returns until when the client certificate is valid.
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Says what is wrong with the time of the client certificate, if anything is.
    pub(super) fn fault(&self, now: Timestamp) -> Option<TlsFault> {
        let whose = "our";
        if now > self.not_after {
            return Some(TlsFault::Expired {
                whose,
                when: format!("until {}, now it is {now}", self.not_after),
            });
        }
        (now < self.not_before).then(|| TlsFault::NotYetValid {
            whose,
            when: format!("from {}, now it is {now}", self.not_before),
        })
    }
}

impl Clone for Credentials {
    fn clone(&self) -> Self {
        let Self { ca, chain, key, not_before, not_after } = self;
        Self {
            ca: ca.clone(),
            chain: chain.clone(),
            key: key.clone_key(),
            not_before: *not_before,
            not_after: *not_after,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

const fn bad(part: &'static str, why: String) -> BadCredentials {
    BadCredentials { part, why }
}

fn certificates(part: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, BadCredentials> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let found = found.map_err(|error| bad(part, format!("not PEM ({error})")))?;
    if found.is_empty() {
        return Err(bad(part, "no certificate in PEM".to_owned()));
    }
    for der in &found {
        X509Certificate::from_der(der).map_err(|error| bad(part, format!("no certificate ({error})")))?;
    }
    Ok(found)
}

/// From when until when the first certificate of a chain is valid.
fn validity(chain: &[CertificateDer<'_>]) -> Result<(Timestamp, Timestamp), BadCredentials> {
    let first = chain.first().map(|der| X509Certificate::from_der(der));
    let Some(Ok((_, certificate))) = first else {
        return Err(bad("crt", "no certificate".to_owned()));
    };
    // A moment before 1970 is as good as 1970.
    let moment = |seconds: i64| Timestamp(u64::try_from(seconds).unwrap_or_default().saturating_mul(1000));
    let validity = certificate.validity();
    Ok((moment(validity.not_before.timestamp()), moment(validity.not_after.timestamp())))
}
