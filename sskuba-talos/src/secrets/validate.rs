//! What is wrong with a bundle that can be read.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sskuba_core::clock::Timestamp;

use super::authority::Authority;
use super::bundle::{Bundle, CertificateAndKey};
use super::import::SECRETS;
use super::problem::Problem;
use crate::pki::{Algorithm, Certificate, Key};

impl Bundle {
    /// Looks for everything in the bundle that no cluster could live with; nothing found is an empty list.
    ///
    /// Talos finds only what is missing or cannot be parsed. This also finds tokens of another form, keys that do not
    /// fit their certificates, certificates that are no authorities, whose signature is not their own, that are expired
    /// or not valid yet, and one authority that stands for two. The signature of a certificate that names another as
    /// its issuer is not looked at, for that other is not there.
    pub fn validate(&self, now: Timestamp) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut note = |path: &str, message: Option<String>| {
            problems.extend(message.map(|message| Problem::new(path, message)));
        };
        note(SECRETS.id, identity(&self.cluster.id));
        note(SECRETS.secret, key_of_32_bytes(self.cluster.secret.expose()));
        note(SECRETS.bootstrap, token(self.tokens.bootstrap.expose()));
        note(SECRETS.secretbox, key_of_32_bytes(self.tokens.secretbox.expose()));
        note(SECRETS.trustd, token(self.tokens.trustd.expose()));
        note(SECRETS.service_account, service_account(self.certificates.service_account.expose()));
        let accepted =
            [(Authority::Os, &self.accepted.os), (Authority::Kubernetes, &self.accepted.kubernetes)];
        for (which, certificates) in accepted {
            for (index, pem) in certificates.iter().enumerate() {
                let unread = Certificate::from_pem(pem).err().map(|error| error.to_string());
                note(&format!("{}[{index}]", (SECRETS.accepted)(which).0), unread);
            }
        }
        for (index, which) in Authority::ALL.into_iter().enumerate() {
            let pair = self.authority(which);
            let path = (SECRETS.authority)(which);
            for (end, message) in authority(pair, now) {
                note(&format!("{path}.{end}"), Some(message));
            }
            let twin = Authority::ALL[..index].iter().find(|other| self.authority(**other) == pair);
            note(
                path,
                twin.map(|other| {
                    format!("is the same as certs.{other}; whoever trusts one would trust both")
                }),
            );
        }
        problems
    }
}

/// Judges the id of a cluster: 32 bytes in base64, URL-safe or standard by the version that made it.
fn identity(text: &str) -> Option<String> {
    let bytes = URL_SAFE.decode(text).or_else(|_| STANDARD.decode(text));
    (bytes.map(|bytes| bytes.len()) != Ok(32)).then(|| "is not the base64 of 32 bytes".to_owned())
}

/// Judges a key of 32 bytes in base64.
fn key_of_32_bytes(text: &str) -> Option<String> {
    match STANDARD.decode(text).map(|bytes| bytes.len()) {
        Ok(32) => None,
        Ok(length) => Some(format!("is the base64 of {length} bytes and has to be that of 32")),
        Err(_) => Some("is not standard base64".to_owned()),
    }
}

/// Judges a token.
fn token(text: &str) -> Option<String> {
    let part = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let good = text.split_once('.').is_some_and(|(id, secret)| part(id, 6) && part(secret, 16));
    (!good).then(|| {
        "is not of the form of a token: 6 and 16 characters of a to z and 0 to 9, with a dot between"
            .to_owned()
    })
}

/// Judges the key that signs service accounts.
fn service_account(text: &str) -> Option<String> {
    match Key::from_pem(text) {
        Err(error) => Some(error.to_string()),
        Ok(key) if key.algorithm() == Algorithm::Ed25519 => {
            Some("is an Ed25519 key; Kubernetes signs service accounts with RSA or ECDSA".to_owned())
        }
        Ok(_) => None,
    }
}

/// Judges an authority: which of `crt` and `key`, and what.
fn authority(pair: &CertificateAndKey, now: Timestamp) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let certificate = Certificate::from_pem(&pair.certificate);
    let key = Key::from_pem(pair.key.expose());
    if let Err(error) = &key {
        found.push(("key", error.to_string()));
    }
    let certificate = match certificate {
        Ok(certificate) => certificate,
        Err(error) => {
            found.push(("crt", error.to_string()));
            return found;
        }
    };
    if !certificate.is_authority() {
        found.push(("crt", "is no certificate authority: it may not sign certificates".to_owned()));
    }
    let (from, until) = certificate.valid();
    if from >= until {
        found.push(("crt", format!("is valid from {from} only until {until}")));
    } else if now < from {
        found.push(("crt", format!("is valid only from {from} on, and now is {now}; is the clock right?")));
    } else if now >= until {
        found.push(("crt", format!("expired at {until}, and now is {now}; rotate it, or set the clock")));
    }
    if let Ok(key) = key {
        if !certificate.fits(&key) {
            found.push(("key", "is not the key of the certificate beside it".to_owned()));
        } else if certificate.names_itself() && certificate.is_signed_by(&key) == Some(false) {
            found.push(("crt", "was changed after it was signed".to_owned()));
        }
    }
    found
}
