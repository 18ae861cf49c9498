//! Certificates that are read.

use ed25519_dalek::Verifier;
use rsa::sha2::{Sha256, Sha384, Sha512};
use sskuba_core::clock::Timestamp;
use x509_cert::der::oid::db::rfc4519::{COMMON_NAME, ORGANIZATION_NAME};
use x509_cert::der::oid::db::rfc5912::{
    SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
};
use x509_cert::der::oid::{AssociatedOid, ObjectIdentifier};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, SubjectKeyIdentifier};
use x509_cert::name::Name;

use super::{Key, PkiError, pem};

/// A certificate.
pub(crate) struct Certificate {
    inner: x509_cert::Certificate,
    der: Vec<u8>,
}

impl Certificate {
    /// Reads the first certificate of a text.
    pub(crate) fn from_pem(text: &str) -> Result<Self, PkiError> {
        let (label, der) = pem::first(text)?;
        if label != "CERTIFICATE" {
            return Err(PkiError::Label { found: label.to_owned(), wanted: "a certificate" });
        }
        let inner = x509_cert::Certificate::from_der(&der).map_err(|_| PkiError::Content("certificate"))?;
        Ok(Self { inner, der: der.to_vec() })
    }

    /// Returns the certificate in DER.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns from when until when it is valid.
    pub(crate) fn valid(&self) -> (Timestamp, Timestamp) {
        let validity = self.inner.tbs_certificate().validity();
        let moment = |time: x509_cert::time::Time| {
            Timestamp(u64::try_from(time.to_unix_duration().as_millis()).unwrap_or(u64::MAX))
        };
        (moment(validity.not_before), moment(validity.not_after))
    }

    /// Returns whom it is for.
    pub(crate) fn subject(&self) -> &Name {
        self.inner.tbs_certificate().subject()
    }

    /// Returns the organizations that it is for, in the order of the certificate.
    pub(crate) fn organizations(&self) -> Vec<String> {
        self.named(ORGANIZATION_NAME)
    }

    /// Returns the common name that it is for.
    pub(crate) fn common_name(&self) -> Option<String> {
        self.named(COMMON_NAME).into_iter().next()
    }

    /// Returns the texts of one part of the subject.
    fn named(&self, oid: ObjectIdentifier) -> Vec<String> {
        let parts = self.subject().iter().filter(|part| part.oid == oid);
        parts.map(|part| String::from_utf8_lossy(part.value.value()).into_owned()).collect()
    }

    /// Tells whether it may sign certificates.
    pub(crate) fn is_authority(&self) -> bool {
        let constraints = self.extension::<BasicConstraints>();
        let usage = self.extension::<KeyUsage>();
        constraints.is_some_and(|constraints| constraints.ca)
            && usage.is_none_or(|usage| usage.key_cert_sign())
    }

    /// Returns the id of its key, for the certificates that it signs to name.
    pub(crate) fn key_id(&self) -> Option<Vec<u8>> {
        self.extension::<SubjectKeyIdentifier>().map(|id| id.0.as_bytes().to_vec())
    }

    /// Returns an extension, if it is there and can be read.
    fn extension<E: for<'a> Decode<'a> + AssociatedOid>(&self) -> Option<E> {
        let extensions = self.inner.tbs_certificate().extensions()?;
        let extension = extensions.iter().find(|extension| extension.extn_id == E::OID)?;
        E::from_der(extension.extn_value.as_bytes()).ok()
    }

    /// Tells whether a private key is the one of this certificate.
    pub(crate) fn fits(&self, key: &Key) -> bool {
        let Ok(public) = key.public() else { return false };
        let own = self.inner.tbs_certificate().subject_public_key_info();
        own.subject_public_key.raw_bytes() == public.subject_public_key.raw_bytes()
            && own.algorithm.oid == public.algorithm.oid
    }

    /// Tells whether it names itself as its issuer.
    pub(crate) fn names_itself(&self) -> bool {
        self.inner.tbs_certificate().issuer() == self.subject()
    }

    /// Tells whether a key made its signature; false too if the signature is of a kind that is not used here.
    pub(crate) fn is_signed_by(&self, key: &Key) -> bool {
        let Ok(signed) = self.inner.tbs_certificate().to_der() else { return false };
        let signature = self.inner.signature().raw_bytes();
        match key {
            Key::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verifying_key().verify(&signed, &signature).is_ok()),
            Key::P256(key) => p256::ecdsa::DerSignature::try_from(signature).is_ok_and(|signature| {
                p256::ecdsa::VerifyingKey::from(key.public_key()).verify(&signed, &signature).is_ok()
            }),
            Key::Rsa(key) => self.is_signed_by_rsa(key.to_public_key(), &signed, signature),
        }
    }

    /// The same for RSA, whose signatures come with three digests.
    fn is_signed_by_rsa(&self, key: rsa::PublicKey, signed: &[u8], signature: &[u8]) -> bool {
        use rsa::pkcs1v15::{Signature, VerifyingKey};
        let Ok(signature) = Signature::try_from(signature) else { return false };
        let algorithm = self.inner.signature_algorithm().oid;
        match algorithm {
            SHA_256_WITH_RSA_ENCRYPTION => {
                VerifyingKey::<Sha256>::new(key).verify(signed, &signature).is_ok()
            }
            SHA_384_WITH_RSA_ENCRYPTION => {
                VerifyingKey::<Sha384>::new(key).verify(signed, &signature).is_ok()
            }
            SHA_512_WITH_RSA_ENCRYPTION => {
                VerifyingKey::<Sha512>::new(key).verify(signed, &signature).is_ok()
            }
            _ => false,
        }
    }
}
