//! Certificates that are read.

use ed25519_dalek::Verifier;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::sha2::{Digest, Sha256, Sha384, Sha512};
use sskuba_core::clock::Timestamp;
use x509_cert::der::oid::db::rfc4519::{COMMON_NAME, ORGANIZATION_NAME};
use x509_cert::der::oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, SHA_256_WITH_RSA_ENCRYPTION, SHA_384_WITH_RSA_ENCRYPTION, SHA_512_WITH_RSA_ENCRYPTION,
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
        if inner.signature().unused_bits() != 0 {
            return Err(PkiError::Content("certificate"));
        }
        // The outer one is not signed, so both have to say the same; Go refuses such a certificate too.
        if inner.signature_algorithm() != inner.tbs_certificate().signature() {
            return Err(PkiError::Unsupported(
                "is a certificate that names two algorithms for its one signature",
            ));
        }
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

    /// Tells whether a key made its signature; nothing if it is of a kind that is not used here.
    pub(crate) fn is_signed_by(&self, key: &Key) -> Option<bool> {
        let signed = self.inner.tbs_certificate().to_der().ok()?;
        let signature = self.inner.signature().raw_bytes();
        let algorithm = self.inner.signature_algorithm().oid;
        match key {
            Key::Ed25519(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature);
                Some(signature.is_ok_and(|signature| key.verifying_key().verify(&signed, &signature).is_ok()))
            }
            Key::P256(key) if algorithm == ECDSA_WITH_SHA_256 => {
                let public = p256::ecdsa::VerifyingKey::from(key.public_key());
                let signature = p256::ecdsa::DerSignature::try_from(signature);
                Some(signature.is_ok_and(|signature| public.verify(&signed, &signature).is_ok()))
            }
            Key::P256(_) => None,
            Key::Rsa(key) => {
                let signature = Signature::try_from(signature);
                let public = key.to_public_key();
                let verify: fn(rsa::PublicKey, &[u8], &Signature) -> bool = match algorithm {
                    SHA_256_WITH_RSA_ENCRYPTION => verify_rsa::<Sha256>,
                    SHA_384_WITH_RSA_ENCRYPTION => verify_rsa::<Sha384>,
                    SHA_512_WITH_RSA_ENCRYPTION => verify_rsa::<Sha512>,
                    _ => return None,
                };
                Some(signature.is_ok_and(|signature| verify(public, &signed, &signature)))
            }
        }
    }
}

/// Verifies a signature by RSA over one of the digests that it comes with.
fn verify_rsa<D>(key: rsa::PublicKey, signed: &[u8], signature: &Signature) -> bool
where
    D: Digest + AssociatedOid,
    VerifyingKey<D>: Verifier<Signature>,
{
    VerifyingKey::<D>::new(key).verify(signed, signature).is_ok()
}
