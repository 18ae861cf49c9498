//! A keyring that lives as long as its process.

use std::sync::Arc;

use async_trait::async_trait;

use crate::advice::Advice;
use crate::clock::{IdSource, SystemIds};
use crate::state::{DataKey, Keyring, KeyringError};

/// Seals data keys to a key that nobody else has and that is gone when the value is dropped: for stores in
/// memory, where nothing outlives the process either.
#[derive(Debug, Clone)]
pub struct EphemeralKeyring {
    key: DataKey,
    ids: Arc<dyn IdSource>,
}

impl Default for EphemeralKeyring {
    fn default() -> Self {
        Self { key: DataKey::generate(&SystemIds), ids: Arc::new(SystemIds) }
    }
}

#[async_trait]
impl Keyring for EphemeralKeyring {
    async fn seal(&self, key: &DataKey) -> Result<Vec<u8>, KeyringError> {
        Ok(self.key.seal(self.ids.as_ref(), "the data key", b"data key", key.expose()).into_bytes())
    }

    async fn open(&self, sealed: &[u8]) -> Result<DataKey, KeyringError> {
        let text = String::from_utf8_lossy(sealed);
        let plain =
            self.key.open("the data key", b"data key", &text).map_err(|_| KeyringError::NoIdentity {
                recipients: "a process that has ended".to_owned(),
                advice: Advice::LastingKeyring,
            })?;
        let bytes = <[u8; 32]>::try_from(plain.as_slice());
        bytes.map(DataKey::from_bytes).map_err(|_| KeyringError::Damaged("it is no data key".to_owned()))
    }

    fn recipients(&self) -> String {
        "this process".to_owned()
    }
}
