//! The copies that earlier runs left of a stack, and going back to one.

use std::sync::Arc;

use super::build::Engine;
use super::error::{EditError, EngineError, Undertaking};
use super::open::{is_simulated, key_of};
use super::portable::Whole;
use super::session::Session;
use crate::address::StackId;
use crate::journal::replay;
use crate::state::{Backup, Codec};

impl Engine {
    /// Lists the copies of earlier runs of a stack, the newest first; none if the store keeps none.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn backups(&self, stack: &StackId) -> Result<Vec<Backup>, EngineError> {
        self.store.backups(stack).await.map_err(EngineError::store)
    }
}

impl Session {
    /// Makes the records those of an earlier run's copy; returns how many. This is an edit, and can be undone. What was
    /// made since is not recorded any more, and what was deleted since is recorded again.
    ///
    /// # Errors
    /// If there is no such copy, it is damaged, or its secrets cannot be opened; or if a call is open.
    pub async fn restore(&mut self, name: &str) -> Result<usize, EngineError> {
        let stack = self.stack.clone();
        if let Some(open) = self.state().pending().next() {
            return Err(self.interrupted(&open.address, Undertaking::Restore));
        }
        let found = self.engine.store.backup(&stack, name).await.map_err(EngineError::store)?;
        let found =
            found.ok_or_else(|| EditError::NoBackup { stack: stack.clone(), name: name.to_owned() })?;
        let key = key_of(&found.image, &stack, &self.engine.keyring).await?;
        let codec = Codec::new(key, Arc::clone(&self.engine.ids));
        let state = replay(&found.image, &codec).map_err(|error| EngineError::journal(&stack, error))?;
        let whole = Whole {
            places: state.places().to_vec(),
            records: state.records().cloned().collect(),
            open: state.pending().cloned().collect(),
            outputs: Some(state.exports().clone()),
            simulated: is_simulated(&found.image),
        };
        self.replace_all("restored", whole).await
    }
}
