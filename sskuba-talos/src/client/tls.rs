//! TLS as machines speak it: 1.3 and HTTP/2 alone, with or without certificates of a cluster.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    RootCertStore, SignatureScheme,
};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::identity::{Credentials, Identity};
use crate::api::{Fingerprint, TlsFault};

/// Makes the settings of a connection.
pub(super) fn config(identity: &Identity) -> Result<ClientConfig, TlsFault> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| other(&error))?;
    let mut config = match identity {
        Identity::Maintenance { fingerprint } => {
            let verifier = Pinned { fingerprint: *fingerprint, provider };
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
        Identity::Cluster(credentials) => {
            let Credentials { ca, chain, key, .. } = credentials;
            let mut roots = RootCertStore::empty();
            for certificate in ca {
                roots.add(certificate.clone()).map_err(|error| other(&error))?;
            }
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| TlsFault::Other { why: error.to_string() })?;
            builder
                .with_webpki_verifier(verifier)
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|error| other(&error))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Says what an error of TLS means.
pub(super) fn fault(error: &Error, name: &str) -> TlsFault {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            inner.downcast_ref::<TlsFault>().cloned().unwrap_or_else(|| other(error))
        }
        Error::InvalidCertificate(invalid) => invalid_certificate(invalid, name),
        Error::AlertReceived(AlertDescription::CertificateRequired) => TlsFault::CertificateRequired,
        Error::AlertReceived(
            alert @ (AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::AccessDenied
            | AlertDescription::DecryptError),
        ) => TlsFault::Refused { why: format!("{alert:?}") },
        _ => other(error),
    }
}

fn other(error: &Error) -> TlsFault {
    TlsFault::Other { why: error.to_string() }
}

fn invalid_certificate(error: &CertificateError, name: &str) -> TlsFault {
    let whose = "the machine's";
    let when = error.to_string();
    match error {
        CertificateError::UnknownIssuer
        // Talos's CAs all have one name, and so a chain ends at the wrong key; that of a machine without a config may
        // be of another kind as well.
        | CertificateError::BadSignature
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => TlsFault::UnknownCa,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::WrongName { name: name.to_owned(), why: when }
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired { whose, when },
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotYetValid { whose, when }
        }
        _ => TlsFault::Other { why: format!("the machine's certificate: {error}") },
    }
}

/// Returns the fingerprint of a certificate's key.
///
/// # Errors
/// If it is no certificate.
pub(crate) fn fingerprint(certificate: &CertificateDer<'_>) -> Result<Fingerprint, Error> {
    let (_, parsed) = X509Certificate::from_der(certificate)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    Ok(Fingerprint(Sha256::digest(parsed.public_key().raw).into()))
}

/// Accepts any certificate, or any with one key; the machine must still prove that it has the key.
#[derive(Debug)]
struct Pinned {
    fingerprint: Option<Fingerprint>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(expected) = self.fingerprint else { return Ok(ServerCertVerified::assertion()) };
        let found = fingerprint(end_entity)?;
        if found == expected {
            return Ok(ServerCertVerified::assertion());
        }
        let fault = TlsFault::Fingerprint { expected, found };
        Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(fault)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
