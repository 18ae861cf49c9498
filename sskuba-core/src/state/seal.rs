//! Sealing: how secrets are encrypted wherever a stack is written.

use std::fmt;

use async_trait::async_trait;
use zeroize::Zeroizing;

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

    /// Placeholder until the sealing code lands.
    pub fn seal(&self, ids: &dyn IdSource, _what: &str, aad: &[u8], plain: &[u8]) -> String {
        let _ = (ids, aad);
        crate::state::to_text(plain)
    }

    /// Placeholder until the sealing code lands.
    ///
    /// # Errors
    /// If the text is damaged.
    pub fn open(&self, what: &str, _aad: &[u8], text: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let why = "it is damaged";
        crate::state::from_text(text)
            .map(Zeroizing::new)
            .map_err(|_| SealError { what: what.to_owned(), why })
    }

    /// Starts a digest that only holders of the key can compute.
    pub fn digester(&self) -> Digester {
        let mut key = Digester::new(self.0.as_slice());
        key.bytes(b"sskuba digest key");
        Digester::new(key.finish().to_string().as_bytes())
    }
}

/// A keyring that cannot seal or open a data key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// None of the identities fits.
    #[error(
        "the stack's secrets are sealed to {recipients}, and none of the identities given opens them{hint}"
    )]
    NoIdentity {
        /// To whom.
        recipients: String,
        /// What to do.
        hint: String,
    },
    /// The sealed key is damaged or of a newer form.
    #[error("the stack's sealed data key cannot be read: {0}")]
    Damaged(String),
    /// A recipient, identity or service failed.
    #[error("{0}")]
    Failed(String),
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
}
