//! Private keys of the three kinds that clusters have.

use std::fmt;

use ed25519_dalek::pkcs8::{DecodePrivateKey, KeypairBytes};
use p256::elliptic_curve::Generate;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::EncodePrivateKey;
use rsa::traits::PublicKeyParts;
use sskuba_core::clock::IdSource;
use sskuba_core::secret::Secret;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use zeroize::Zeroizing;

use super::random::Random;
use super::{PkiError, pem};

/// Bits of an RSA key that is made here.
const RSA_BITS: usize = 4096;
/// Size of the modulus below which an RSA key that is read is refused: 2048 bits.
const RSA_LEAST_BYTES: usize = 256;

/// What kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ed25519,
    P256,
    Rsa,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "ECDSA P-256",
            Self::Rsa => "RSA",
        })
    }
}

/// A private key. All three kinds are zeroed when dropped.
pub(crate) enum Key {
    Ed25519(ed25519_dalek::SigningKey),
    P256(p256::SecretKey),
    Rsa(Box<rsa::PrivateKey>),
}

impl Key {
    /// Makes a key; RSA takes seconds.
    pub(crate) fn generate(algorithm: Algorithm, random: &dyn IdSource) -> Result<Self, PkiError> {
        let mut rng = Random(random);
        match algorithm {
            Algorithm::Ed25519 => {
                let mut seed = Zeroizing::new([0; 32]);
                random.fill(&mut *seed);
                Ok(Self::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed)))
            }
            Algorithm::P256 => Ok(Self::P256(p256::SecretKey::generate_from_rng(&mut rng))),
            Algorithm::Rsa => rsa::PrivateKey::new(&mut rng, RSA_BITS)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|error| PkiError::Make(error.to_string())),
        }
    }

    /// Reads a key; the labels are those that Talos knows.
    pub(crate) fn from_pem(text: &str) -> Result<Self, PkiError> {
        let (label, der) = pem::first(text)?;
        let key = match label {
            "EC PRIVATE KEY" => p256::SecretKey::from_sec1_der(&der)
                .map(Self::P256)
                .map_err(|_| PkiError::Content("ECDSA P-256 key"))?,
            "ED25519 PRIVATE KEY" => ed25519(&der).ok_or(PkiError::Content("Ed25519 key"))?,
            "RSA PRIVATE KEY" => {
                let key = rsa::PrivateKey::from_pkcs1_der(&der);
                Self::Rsa(Box::new(key.map_err(|_| PkiError::Content("RSA key"))?))
            }
            "PRIVATE KEY" => pkcs8(&der).ok_or(PkiError::Content("Ed25519, ECDSA P-256 or RSA key"))?,
            _ => return Err(PkiError::Label { found: label.to_owned(), wanted: "a private key" }),
        };
        match &key {
            Self::Rsa(rsa) if rsa.size() < RSA_LEAST_BYTES => {
                Err(PkiError::Unsupported("is an RSA key of less than 2048 bits"))
            }
            _ => Ok(key),
        }
    }

    /// Writes the key under the label and in the form that Talos uses for it.
    pub(crate) fn to_pem(&self) -> Result<Secret<String>, PkiError> {
        let made = |error: &dyn fmt::Display| PkiError::Make(error.to_string());
        let text = match self {
            Self::Ed25519(key) => {
                // Without the public part it is version 1 of PKCS#8, which is all that Go reads.
                let pair = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
                let der = pair.to_pkcs8_der().map_err(|error| made(&error))?;
                pem::write("ED25519 PRIVATE KEY", der.as_bytes())?
            }
            Self::P256(key) => {
                pem::write("EC PRIVATE KEY", &key.to_sec1_der().map_err(|error| made(&error))?)?
            }
            Self::Rsa(key) => {
                pem::write("RSA PRIVATE KEY", key.to_pkcs1_der().map_err(|error| made(&error))?.as_bytes())?
            }
        };
        Ok(Secret::new(text))
    }

    /// Writes the key in DER as PKCS#8, which every TLS library reads.
    pub(crate) fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, PkiError> {
        let document = match self {
            Self::Ed25519(key) => {
                KeypairBytes { secret_key: key.to_bytes(), public_key: None }.to_pkcs8_der()
            }
            Self::P256(key) => key.to_pkcs8_der(),
            Self::Rsa(key) => key.to_pkcs8_der(),
        };
        document
            .map(|der| Secret::new(der.as_bytes().to_vec()))
            .map_err(|error| PkiError::Make(error.to_string()))
    }

    /// Returns the public part.
    pub(crate) fn public(&self) -> Result<SubjectPublicKeyInfoOwned, PkiError> {
        match self {
            Self::Ed25519(key) => SubjectPublicKeyInfoOwned::from_key(&key.verifying_key()),
            Self::P256(key) => SubjectPublicKeyInfoOwned::from_key(&key.public_key()),
            Self::Rsa(key) => SubjectPublicKeyInfoOwned::from_key(&key.to_public_key()),
        }
        .map_err(|error| PkiError::Make(error.to_string()))
    }

    /// Returns what kind of key it is.
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::P256(_) => Algorithm::P256,
            Self::Rsa(_) => Algorithm::Rsa,
        }
    }
}

/// Reads an Ed25519 key in PKCS#8.
fn ed25519(der: &[u8]) -> Option<Key> {
    ed25519_dalek::SigningKey::from_pkcs8_der(der).ok().map(Key::Ed25519)
}

/// Reads a key of any kind in PKCS#8.
fn pkcs8(der: &[u8]) -> Option<Key> {
    ed25519(der)
        .or_else(|| p256::SecretKey::from_pkcs8_der(der).ok().map(Key::P256))
        .or_else(|| rsa::PrivateKey::from_pkcs8_der(der).ok().map(|key| Key::Rsa(Box::new(key))))
}
