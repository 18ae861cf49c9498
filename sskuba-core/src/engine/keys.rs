//! To whom a stack's secrets are sealed, and with which key.

use std::sync::Arc;

use super::build::Engine;
use super::error::{EngineError, Undertaking};
use super::open::KEY;
use super::session::Session;
use crate::address::StackId;
use crate::state::{Codec, DataKey, Keyring, StoreError};

impl Engine {
    /// Names those to whom a stack's data key is sealed, as the sealed key says; none if it says nothing.
    ///
    /// # Errors
    /// If there is no such stack, or it cannot be read.
    pub async fn sealed_to(&self, stack: &StackId) -> Result<Option<String>, EngineError> {
        let image = self.image(stack).await?;
        let image = image.ok_or_else(|| StoreError::NoStack(stack.clone()))?;
        Ok(image.meta.get(KEY).and_then(|sealed| self.keyring.sealed_to(sealed)))
    }
}

impl Session {
    fn key(&self) -> Result<DataKey, EngineError> {
        let key = self.journal.codec().key().cloned();
        key.ok_or_else(|| EngineError::NoKey { stack: self.stack.clone() })
    }

    async fn sealed(&self, key: &DataKey, keyring: &dyn Keyring) -> Result<Vec<u8>, EngineError> {
        let sealed = keyring.seal(key).await;
        sealed.map_err(|source| EngineError::Keyring { stack: self.stack.clone(), source })
    }

    /// Seals the stack's data key to the recipients of a keyring. The key stays the same: who has had it once can
    /// open what it seals.
    ///
    /// # Errors
    /// If the keyring or the store fails.
    pub async fn reseal(&mut self, keyring: &dyn Keyring) -> Result<(), EngineError> {
        let sealed = self.sealed(&self.key()?, keyring).await?;
        let lease = self.journal.lease();
        self.engine.store.put_meta(lease, KEY, sealed).await.map_err(EngineError::store)
    }

    /// Makes a new data key, sealed to the recipients of a keyring, and seals everything with it again, as one
    /// durable change. Exports and plans from before keep their own key.
    ///
    /// # Errors
    /// If a call is open, or the keyring or the store fails; the old key then stays.
    pub async fn rotate_key(&mut self, keyring: &dyn Keyring) -> Result<(), EngineError> {
        if let Some(open) = self.state().pending().next() {
            return Err(self.interrupted(&open.address, Undertaking::NewKey));
        }
        let key = DataKey::generate(self.engine.ids.as_ref());
        let sealed = self.sealed(&key, keyring).await?;
        let history = self.engine.store.history(&self.stack, usize::MAX).await.map_err(EngineError::store)?;
        let codec = Codec::new(Some(key), Arc::clone(&self.engine.ids));
        let meta = vec![(KEY.to_owned(), sealed)];
        let rotated = self.journal.rekey(codec, meta, history).await;
        rotated.map_err(|error| EngineError::journal(&self.stack, error))
    }
}
