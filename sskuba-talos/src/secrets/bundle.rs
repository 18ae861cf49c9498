//! What a bundle holds.

use sskuba_core::secret::Secret;

/// All that makes a cluster this cluster: whoever has it can make a machine a member, and an administrator of anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Who the cluster is to the discovery service.
    pub cluster: Identity,
    /// Tokens and keys that are no certificates.
    pub tokens: Tokens,
    /// Certificate authorities, and the key that signs service accounts.
    pub certificates: Certificates,
    /// Authorities that are believed as well, while one is [rotated](super::rotate).
    pub accepted: Accepted,
}

/// Certificates that configs accept beside those of the bundle: `machine.acceptedCAs` and `cluster.acceptedCAs`, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accepted {
    /// Of the machine API.
    pub os: Vec<String>,
    /// Of Kubernetes.
    pub kubernetes: Vec<String>,
}

impl Bundle {
    /// Returns the authorities that machines are known by, PEM one after the other.
    pub fn machine_authorities(&self) -> String {
        [&self.certificates.os.certificate].into_iter().chain(&self.accepted.os).cloned().collect()
    }
}

/// Who a cluster is to the discovery service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 32 random bytes in URL-safe base64.
    pub id: String,
    /// 32 random bytes in standard base64.
    pub secret: Secret<String>,
}

/// Tokens and keys that are no certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Joins a kubelet to the cluster; `[a-z0-9]{6}.[a-z0-9]{16}`.
    pub bootstrap: Secret<String>,
    /// Joins a machine to the cluster's trust; of the same form.
    pub trustd: Secret<String>,
    /// Encrypts secrets in etcd; 32 random bytes in standard base64.
    pub secretbox: Secret<String>,
}

/// Certificate authorities, and the key that signs service accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    /// Signs the members of etcd.
    pub etcd: CertificateAndKey,
    /// Signs Kubernetes' components and users.
    pub kubernetes: CertificateAndKey,
    /// Signs the aggregation layer's clients.
    pub aggregator: CertificateAndKey,
    /// Signs the machine API's servers and clients.
    pub os: CertificateAndKey,
    /// Signs the tokens of service accounts; PEM.
    pub service_account: Secret<String>,
}

/// A certificate and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateAndKey {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: Secret<String>,
}
