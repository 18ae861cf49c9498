//! New bundles.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sskuba_core::clock::{IdSource, Timestamp};
use sskuba_core::secret::Secret;
use zeroize::Zeroizing;

use super::authority::Authority;
use super::bundle::{Accepted, Bundle, CertificateAndKey, Certificates, Identity, Tokens};
use super::problem::MakeError;
use crate::contract::Contract;
use crate::pki::{self, Algorithm, Key, Subject};

/// How long a certificate authority is valid: 87,600 hours, which is ten years without their leap days.
pub const AUTHORITY_LIFETIME: Duration = Duration::from_secs(87_600 * 3600);

/// Makes the secrets of a new cluster, valid from `now` on.
///
/// Nearly all of its time goes into the key that signs service accounts, RSA with 4096 bits: [`service_account_key`]
/// makes it alone, and [`generate_with`] everything else.
///
/// # Errors
/// If the lifetime ends after the year 9999.
pub fn generate(contract: Contract, now: Timestamp, random: &dyn IdSource) -> Result<Bundle, MakeError> {
    generate_with(service_account_key(random)?, contract, now, random)
}

/// Makes the secrets of a new cluster around the key that signs service accounts: RSA or ECDSA P-256, PEM.
///
/// ```
/// use sskuba_core::clock::{Clock, SystemClock, SystemIds};
/// use sskuba_core::secret::Secret;
/// use sskuba_talos::contract::Contract;
/// use sskuba_talos::secrets;
///
/// # let key = Secret::new(String::new());
/// let bundle = secrets::generate_with(key, Contract::default(), SystemClock.now(), &SystemIds)?;
/// assert_eq!(bundle.cluster.id.len(), 44);
/// assert!(bundle.certificates.os.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the lifetime ends after the year 9999.
pub fn generate_with(
    service_account: Secret<String>,
    contract: Contract,
    now: Timestamp,
    random: &dyn IdSource,
) -> Result<Bundle, MakeError> {
    let authority = |which: Authority| new_authority(which, now, random);
    Ok(Bundle {
        cluster: Identity { id: cluster_id(contract, random), secret: secret(random) },
        tokens: Tokens { bootstrap: token(random), trustd: token(random), secretbox: secret(random) },
        certificates: Certificates {
            etcd: authority(Authority::Etcd)?,
            kubernetes: authority(Authority::Kubernetes)?,
            aggregator: authority(Authority::Aggregator)?,
            os: authority(Authority::Os)?,
            service_account,
        },
        accepted: Accepted::default(),
    })
}

/// Makes the key that signs service accounts: RSA with 4096 bits, PKCS#1 in PEM. This takes seconds.
///
/// # Errors
/// If no key can be found, which does not happen with a source that is random.
pub fn service_account_key(random: &dyn IdSource) -> Result<Secret<String>, MakeError> {
    let path = "certs.k8sserviceaccount.key";
    let key = Key::generate(Algorithm::Rsa, random).map_err(MakeError::pki(path))?;
    key.to_pem().map_err(MakeError::pki(path))
}

/// Makes a certificate authority.
pub(super) fn new_authority(
    which: Authority,
    now: Timestamp,
    random: &dyn IdSource,
) -> Result<CertificateAndKey, MakeError> {
    let make = || {
        let key = Key::generate(which.algorithm(), random)?;
        let subject = Subject { organizations: which.organizations(), common_name: None };
        let valid = (now, now.after(AUTHORITY_LIFETIME));
        let certificate = pki::authority(&subject, &key, valid, random)?;
        Ok(CertificateAndKey { certificate, key: key.to_pem()? })
    };
    make().map_err(MakeError::pki(format!("certs.{which}")))
}

/// Makes the id by which the discovery service knows the cluster.
fn cluster_id(contract: Contract, random: &dyn IdSource) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    match contract {
        // From 1.14 on it is standard base64.
        Contract::V1_11 | Contract::V1_12 | Contract::V1_13 => URL_SAFE.encode(bytes),
    }
}

/// Makes a secret of 32 bytes.
fn secret(random: &dyn IdSource) -> Secret<String> {
    let mut bytes = Zeroizing::new([0; 32]);
    random.fill(&mut *bytes);
    Secret::new(STANDARD.encode(*bytes))
}

/// Makes a token of six and sixteen characters.
fn token(random: &dyn IdSource) -> Secret<String> {
    const CHARACTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    // 252 is the greatest multiple of 36 in a byte: with the rest, some characters would be likelier than others.
    const FAIR: u8 = 252;
    let mut text = String::with_capacity(23);
    let mut bytes = Zeroizing::new([0; 32]);
    while text.len() < 23 {
        random.fill(&mut *bytes);
        for byte in bytes.iter().filter(|byte| **byte < FAIR) {
            if text.len() == 6 {
                text.push('.');
            }
            if text.len() < 23 {
                text.push(char::from(CHARACTERS[usize::from(*byte) % CHARACTERS.len()]));
            }
        }
    }
    Secret::new(text)
}
