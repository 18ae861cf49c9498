//! What a certificate with its key tells.

use sskuba_core::clock::Timestamp;
use sskuba_core::secret::Secret;

use super::bundle::CertificateAndKey;
use super::problem::MakeError;
use crate::pki::{Certificate, Key};

impl CertificateAndKey {
    /// Returns from when until when the certificate is valid.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn validity(&self) -> Result<(Timestamp, Timestamp), MakeError> {
        self.read().map(|certificate| certificate.valid())
    }

    /// Returns the organizations that the certificate is for: the roles of a client of the machine API.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn organizations(&self) -> Result<Vec<String>, MakeError> {
        self.read().map(|certificate| certificate.organizations())
    }

    /// Returns the common name that the certificate is for, if it has one.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn common_name(&self) -> Result<Option<String>, MakeError> {
        self.read().map(|certificate| certificate.common_name())
    }

    /// Returns the certificate in DER, for TLS libraries.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn certificate_der(&self) -> Result<Vec<u8>, MakeError> {
        self.read().map(|certificate| certificate.der().to_vec())
    }

    /// Returns the key in DER as PKCS#8, for TLS libraries: few of them know the labels that Talos writes.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn key_der(&self) -> Result<Secret<Vec<u8>>, MakeError> {
        let key = Key::from_pem(self.key.expose()).map_err(MakeError::pki("the key"))?;
        key.to_pkcs8().map_err(MakeError::pki("the key"))
    }

    /// Reads the certificate.
    fn read(&self) -> Result<Certificate, MakeError> {
        Certificate::from_pem(&self.certificate).map_err(MakeError::pki("the certificate"))
    }
}
