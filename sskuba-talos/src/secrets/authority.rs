//! The certificate authorities of a cluster, by name.

use std::fmt;

use super::bundle::{Bundle, CertificateAndKey};
use crate::pki::Algorithm;

/// A certificate authority of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Authority {
    /// Signs the machine API's servers and clients.
    Os,
    /// Signs Kubernetes' components and users.
    Kubernetes,
    /// Signs the members of etcd.
    Etcd,
    /// Signs the aggregation layer's clients.
    Aggregator,
}

impl Authority {
    /// Every authority.
    pub const ALL: [Self; 4] = [Self::Os, Self::Kubernetes, Self::Etcd, Self::Aggregator];

    /// Returns the key that it has in `secrets.yaml`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Kubernetes => "k8s",
            Self::Etcd => "etcd",
            Self::Aggregator => "k8saggregator",
        }
    }

    /// Returns the organization in its name; the aggregator's name is empty.
    pub(crate) const fn organizations(self) -> &'static [&'static str] {
        match self {
            Self::Os => &["talos"],
            Self::Kubernetes => &["kubernetes"],
            Self::Etcd => &["etcd"],
            Self::Aggregator => &[],
        }
    }

    /// Returns the kind of key that it is made with.
    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Os => Algorithm::Ed25519,
            Self::Kubernetes | Self::Etcd | Self::Aggregator => Algorithm::P256,
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl Bundle {
    /// Returns certificate and key of an authority.
    pub const fn authority(&self, authority: Authority) -> &CertificateAndKey {
        let certificates = &self.certificates;
        match authority {
            Authority::Os => &certificates.os,
            Authority::Kubernetes => &certificates.kubernetes,
            Authority::Etcd => &certificates.etcd,
            Authority::Aggregator => &certificates.aggregator,
        }
    }

    /// Returns certificate and key of an authority, to be changed.
    pub const fn authority_mut(&mut self, authority: Authority) -> &mut CertificateAndKey {
        let certificates = &mut self.certificates;
        match authority {
            Authority::Os => &mut certificates.os,
            Authority::Kubernetes => &mut certificates.kubernetes,
            Authority::Etcd => &mut certificates.etcd,
            Authority::Aggregator => &mut certificates.aggregator,
        }
    }
}
