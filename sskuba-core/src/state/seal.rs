//! Sealing: how secrets are encrypted wherever a stack is written.

use std::fmt;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::advice::Advice;
use crate::clock::IdSource;
use crate::digest::Digester;

/// A sealed value that cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret of {what} cannot be opened: {why}")]
pub struct SealError {
    /// Whose secret.
    pub what: String,
    /// Why.
    pub why: &'static str,
}

/// What a sealed text begins with: the form that follows.
const FORM: &str = "v1:";

/// The length of a nonce in bytes; so long that random ones never meet.
const NONCE: usize = 24;

/// The key of one stack: seals values, keys digests. Zeroed on drop.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey")
    }
}

impl DataKey {
    /// Makes a new key.
    pub fn generate(ids: &dyn IdSource) -> Self {
        let mut key = Zeroizing::new([0_u8; 32]);
        ids.fill(key.as_mut_slice());
        Self(key)
    }

    /// Takes the bytes of a key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Shows the bytes, to a keyring.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Starts a digest that only holders of the key can compute.
    pub fn digester(&self) -> Digester {
        let mut key = Digester::new(self.0.as_slice());
        key.bytes(b"sskuba digest key");
        Digester::new(key.finish().to_string().as_bytes())
    }

    /// Seals `plain`. What is sealed for one `aad`, such as the record's own key, opens for no other; `what` names
    /// the secret in traces, and is not part of it.
    ///
    /// The text is `v1:` and, in base64, 24 random bytes and what XChaCha20-Poly1305 makes of `plain`.
    #[expect(clippy::expect_used, reason = "the cipher refuses only what is longer than 256 GiB")]
    pub fn seal(&self, ids: &dyn IdSource, what: &str, aad: &[u8], plain: &[u8]) -> String {
        let mut nonce = [0_u8; NONCE];
        ids.fill(&mut nonce);
        let sealed = self.cipher().encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad });
        let sealed = sealed.expect("a secret of less than 256 GiB");
        tracing::trace!(what, "sealed a secret");
        format!("{FORM}{}", STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what [`seal`](Self::seal) made for the same `aad`; `what` names the secret in the error.
    ///
    /// # Errors
    /// [`SealError`] if the text is not a sealed one, is damaged, is of another key or another `aad`.
    pub fn open(&self, what: &str, aad: &[u8], text: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let fail = |why| SealError { what: what.to_owned(), why };
        let Some(coded) = text.strip_prefix(FORM) else {
            let newer = text.split_once(':').is_some_and(|(form, _)| {
                form.strip_prefix('v').is_some_and(|number| number.parse::<u32>().is_ok())
            });
            return Err(fail(if newer {
                "it was sealed by a newer version of sskuba; upgrade this one"
            } else {
                "it is not a sealed value"
            }));
        };
        let bytes =
            STANDARD_NO_PAD.decode(coded).map_err(|_| fail("it is damaged: its text is not base64"))?;
        let (nonce, sealed) =
            bytes.split_first_chunk::<NONCE>().ok_or_else(|| fail("it is damaged: it is too short"))?;
        let plain = self.cipher().decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad });
        plain.map(Zeroizing::new).map_err(|_| {
            fail("it was sealed with the key of another stack or for another place, or it is damaged")
        })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.as_slice().into())
    }
}

/// A keyring that cannot seal or open a data key.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// None of the identities fits.
    #[error("the stack's secrets are sealed to {recipients}, and none of the identities given opens them")]
    NoIdentity {
        /// To whom.
        recipients: String,
        /// What to do.
        advice: Advice,
    },
    /// The sealed key is damaged or of a newer form.
    #[error("the stack's sealed data key cannot be read: {0}")]
    Damaged(String),
    /// A recipient, identity or service failed.
    #[error("{0}")]
    Failed(String),
}

impl KeyringError {
    /// Says what can be done; none where the error's own text is all that there is to say.
    pub fn hint(&self) -> Vec<Advice> {
        match self {
            Self::NoIdentity { advice, .. } => vec![advice.clone()],
            Self::Damaged(_) => vec![Advice::GiveSecretsUp],
            Self::Failed(_) => Vec::new(),
        }
    }
}

/// Seals the data keys of stacks to their recipients.
///
/// # Contract
/// What `seal` returns, `open` opens for the holder of any recipient's identity, and for nobody else.
#[async_trait]
pub trait Keyring: Send + Sync + fmt::Debug {
    /// Seals a data key.
    async fn seal(&self, key: &DataKey) -> Result<Vec<u8>, KeyringError>;

    /// Opens a sealed data key.
    async fn open(&self, sealed: &[u8]) -> Result<DataKey, KeyringError>;

    /// Names the recipients, for people.
    fn recipients(&self) -> String;

    /// Names the recipients of a sealed data key without opening it, if it says who they are.
    fn sealed_to(&self, _sealed: &[u8]) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SeededIds;

    fn key(seed: u64) -> DataKey {
        DataKey::generate(&SeededIds::new(seed))
    }

    #[test]
    fn a_sealed_secret_opens_for_its_key_and_place_alone() {
        let ids = SeededIds::new(1);
        for plain in [&b""[..], b"hunter2", &[0; 4096]] {
            let text = key(1).seal(&ids, "a", b"place", plain);
            assert!(text.starts_with("v1:") && !text.contains("hunter2"), "{text}");
            assert_eq!(**key(1).open("a", b"place", &text).unwrap(), *plain);
            for (key, aad) in [(key(2), &b"place"[..]), (key(1), b"other"), (key(1), b"")] {
                let error = key.open("`password` of a", aad, &text).unwrap_err().to_string();
                assert!(
                    error.starts_with("the secret of `password` of a cannot be opened: it was sealed with")
                );
            }
        }
    }

    #[test]
    fn one_secret_is_sealed_differently_each_time() {
        let ids = SeededIds::new(1);
        assert_ne!(key(1).seal(&ids, "a", b"", b"x"), key(1).seal(&ids, "a", b"", b"x"));
    }

    #[test]
    fn every_change_of_the_text_is_noticed() {
        let text = key(1).seal(&SeededIds::new(1), "a", b"", b"hunter2");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(key(1).open("a", b"", &changed).is_err(), "{at}");
            assert!(key(1).open("a", b"", &text[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn other_forms_are_named() {
        let why = |text| key(1).open("a", b"", text).unwrap_err().why;
        assert!(why("v2:AAAA").contains("newer version"));
        assert!(why("hunter2").contains("not a sealed value"));
        assert!(why("v1:&&").contains("not base64"));
        assert!(why("v1:AAAA").contains("too short"));
    }
}
