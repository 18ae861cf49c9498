//! Credentials of clients, made with the authorities of a bundle.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sskuba_core::clock::{IdSource, Timestamp};

use super::authority::Authority;
use super::bundle::{Bundle, CertificateAndKey};
use super::problem::MakeError;
use crate::pki::{Certificate, Issuer, Key, Subject, Use, client};

/// How long a client's certificate is valid unless somebody says otherwise: a day at work. A certificate cannot be taken
/// back, only outlived.
pub const CLIENT_LIFETIME: Duration = Duration::from_secs(8 * 3600);

/// How far back a client's certificate is dated: clocks differ.
const SKEW_MS: u64 = 10_000;

/// What a client of the machine API may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Everything.
    Admin,
    /// What a reader may, and managing machines without access to secrets, e.g. a reboot.
    Operator,
    /// Reading what is not secret.
    Reader,
    /// Taking snapshots of etcd.
    EtcdBackup,
    /// Verifying images.
    ImageVerifier,
    /// Writing META values.
    MetaWriter,
    /// Acting as somebody else, with their roles.
    Impersonator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Admin,
        Self::Operator,
        Self::Reader,
        Self::EtcdBackup,
        Self::ImageVerifier,
        Self::MetaWriter,
        Self::Impersonator,
    ];

    /// Returns the name by which Talos knows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "os:admin",
            Self::Operator => "os:operator",
            Self::Reader => "os:reader",
            Self::EtcdBackup => "os:etcd:backup",
            Self::ImageVerifier => "os:image:verifier",
            Self::MetaWriter => "os:meta:writer",
            Self::Impersonator => "os:impersonator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no role; there are os:admin, os:operator, os:reader, os:etcd:backup, os:image:verifier, os:meta:writer and os:impersonator"
)]
pub struct UnknownRole {
    /// What was given.
    pub text: String,
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let role = Self::ALL.into_iter().find(|role| role.name() == text);
        role.ok_or_else(|| UnknownRole { text: text.to_owned() })
    }
}

impl Bundle {
    /// Makes a certificate for a client of the machine API, with the roles as its organizations.
    ///
    /// It ends with the authority that signs it at the latest. [`CLIENT_LIFETIME`] is a lifetime for people.
    ///
    /// ```
    /// # use sskuba_core::clock::{SeededIds, Timestamp};
    /// # use sskuba_core::secret::Secret;
    /// # use sskuba_talos::contract::Contract;
    /// use sskuba_talos::secrets::{CLIENT_LIFETIME, Role};
    ///
    /// # let (now, random) = (Timestamp(1_764_000_000_000), SeededIds::new(1));
    /// # let key = Secret::new(String::new());
    /// # let bundle = sskuba_talos::secrets::generate_with(key, Contract::default(), now, &random)?;
    /// let client = bundle.client_certificate(&[Role::Reader], CLIENT_LIFETIME, now, &random)?;
    /// assert_eq!(client.organizations()?, ["os:reader"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there is no role, the lifetime is less than a second, or the authority cannot be read, is expired, or does not
    /// fit its key.
    pub fn client_certificate(
        &self,
        roles: &[Role],
        lifetime: Duration,
        now: Timestamp,
        random: &dyn IdSource,
    ) -> Result<CertificateAndKey, MakeError> {
        let names: BTreeSet<&str> = roles.iter().map(|role| role.name()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        if names.is_empty() {
            return Err(MakeError::other("a client", "needs at least one role, e.g. os:reader"));
        }
        let subject = Subject { organizations: &names, common_name: None };
        self.certify(Authority::Os, &subject, Use::Signature, lifetime, now, random)
    }

    /// Makes a certificate for an administrator of Kubernetes: common name `admin` of `system:masters`.
    ///
    /// It ends with the authority that signs it at the latest.
    ///
    /// # Errors
    /// If the lifetime is less than a second, or the authority cannot be read, is expired, or does not fit its key.
    pub fn kubernetes_admin(
        &self,
        lifetime: Duration,
        now: Timestamp,
        random: &dyn IdSource,
    ) -> Result<CertificateAndKey, MakeError> {
        let subject = Subject { organizations: &["system:masters"], common_name: Some("admin") };
        self.certify(Authority::Kubernetes, &subject, Use::SignatureAndEncipherment, lifetime, now, random)
    }

    /// Signs a certificate for a new key.
    fn certify(
        &self,
        which: Authority,
        subject: &Subject<'_>,
        usage: Use,
        lifetime: Duration,
        now: Timestamp,
        random: &dyn IdSource,
    ) -> Result<CertificateAndKey, MakeError> {
        let path = |end: &str| format!("certs.{which}.{end}");
        let pair = self.authority(which);
        let authority = Certificate::from_pem(&pair.certificate).map_err(MakeError::pki(path("crt")))?;
        let signer = Key::from_pem(pair.key.expose()).map_err(MakeError::pki(path("key")))?;
        if !authority.fits(&signer) {
            return Err(MakeError::other(path("key"), "is not the key of the certificate beside it"));
        }
        let (from, until) = authority.valid();
        if now < from || now >= until {
            let message =
                format!("is valid from {from} to {until}, and now is {now}; rotate it, or set the clock");
            return Err(MakeError::other(path("crt"), message));
        }
        if lifetime < Duration::from_secs(1) {
            return Err(MakeError::other("a client's lifetime", "is less than a second"));
        }
        let valid = (Timestamp(now.0.saturating_sub(SKEW_MS)), now.after(lifetime).min(until));
        let key_id = authority.key_id();
        let issuer = Issuer { name: authority.subject(), key: &signer, key_id: key_id.as_deref() };
        let make = || {
            // Not of the kind that its authority happens to have: an RSA key would take seconds.
            let key = Key::generate(which.algorithm(), random)?;
            let certificate = client(subject, &key, usage, valid, &issuer, random)?;
            Ok(CertificateAndKey { certificate, key: key.to_pem()? })
        };
        make().map_err(MakeError::pki("a client's certificate"))
    }
}
