//! Clusters for tests: a CA, certificates of it, and configs that Talos's own validation accepts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ED25519, SanType, date_time_ymd,
};
use sskuba_core::secret::Secret;
use sskuba_talos::client::{Credentials, Identity};
use tokio_rustls::rustls::pki_types::CertificateDer;

/// A cluster's CA.
pub(crate) struct Cluster {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Cluster {
    pub(crate) fn new() -> Self {
        let (issuer, certificate, key) = authority("talos");
        Self { issuer, certificate, key }
    }

    /// Who has a role here.
    pub(crate) fn role(&self, role: &str) -> Identity {
        Identity::Cluster(self.credentials(role, (2020, 2120)))
    }

    pub(crate) fn admin(&self) -> Identity {
        self.role("os:admin")
    }

    /// Credentials that are valid from the beginning of one year to that of another.
    pub(crate) fn credentials(&self, role: &str, years: (i32, i32)) -> Credentials {
        self.credentials_trusting(&self.certificate, role, years)
    }

    /// Credentials of this cluster that trust the machines of another.
    pub(crate) fn credentials_for(&self, other: &Self) -> Credentials {
        self.credentials_trusting(&other.certificate, "os:admin", (2020, 2120))
    }

    fn credentials_trusting(&self, ca: &str, role: &str, (from, until): (i32, i32)) -> Credentials {
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.distinguished_name = named(role);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        // The label that Talos writes.
        let key = key.serialize_pem().replace("PRIVATE KEY", "ED25519 PRIVATE KEY");
        Credentials::from_pem(ca, &certificate, &Secret::new(key)).unwrap()
    }

    /// A certificate of 127.0.0.1 of these years, and its key.
    pub(crate) fn server(&self, (from, until): (i32, i32)) -> (CertificateDer<'static>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.subject_alt_names = vec![SanType::IpAddress([127, 0, 0, 1].into())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (params.signed_by(&key, &self.issuer).unwrap().der().clone(), key.serialize_der())
    }

    /// A config of a machine of this cluster.
    pub(crate) fn config(&self, kind: &str) -> Secret<String> {
        let encoded = |text: &str| STANDARD.encode(text);
        let key = if kind == "controlplane" { encoded(&self.key) } else { "\"\"".to_owned() };
        let (_, kubernetes, kubernetes_key) = authority("kubernetes");
        let kubernetes_key =
            if kind == "controlplane" { encoded(&kubernetes_key) } else { "\"\"".to_owned() };
        let random = STANDARD.encode([7; 32]);
        Secret::new(format!(
            "version: v1alpha1
machine:
  type: {kind}
  token: canary.canarycanarycana
  ca:
    crt: {}
    key: {key}
  certSANs: [127.0.0.1]
  kubelet:
    image: ghcr.io/siderolabs/kubelet:v1.36.3
  install:
    disk: /dev/sda
    image: ghcr.io/siderolabs/installer:v1.13.9
cluster:
  id: {random}
  secret: {random}
  controlPlane:
    endpoint: https://127.0.0.1:6443
  clusterName: test
  token: abcdef.0123456789abcdef
  ca:
    crt: {}
    key: {kubernetes_key}
",
            encoded(&self.certificate),
            encoded(&kubernetes),
        ))
    }
}

fn named(organisation: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, organisation);
    name
}

fn authority(organisation: &str) -> (Issuer<'static, KeyPair>, String, String) {
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params.distinguished_name = named(organisation);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let certificate = params.self_signed(&key).unwrap().pem();
    let pem = key.serialize_pem().replace("PRIVATE KEY", "ED25519 PRIVATE KEY");
    (Issuer::new(params, key), certificate, pem)
}
