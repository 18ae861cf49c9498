//! Another name for a stack.

use std::time::Duration;

use super::build::Engine;
use super::error::{EngineError, Undertaking};
use crate::address::StackId;
use crate::state::{Counts, Entry, RunResult};

impl Engine {
    /// Gives a stack another name, with all that is recorded of it; the history says so. Objects keep what their
    /// provider wrote of the former name, e.g. in tags, and are found as before: by the tokens that are recorded.
    ///
    /// # Errors
    /// If the stack is in use, calls of an earlier run are open, the new name is taken, or the store cannot do it. What
    /// is recorded is then as it was, under the former name.
    pub async fn rename(&self, stack: &StackId, to: &StackId) -> Result<(), EngineError> {
        if self.store.stacks().await.map_err(EngineError::store)?.contains(to) {
            return Err(EngineError::store(crate::state::StoreError::Taken(to.clone())));
        }
        let mut session = self.open(stack, "stack rename", Duration::ZERO).await?;
        let open = session.state().pending().next().map(|open| open.address.clone());
        if let Some(open) = open {
            // What is being made carries the former name, and is looked for under it.
            let (stack, what) = (stack.clone(), Undertaking::Rename);
            let refused = EngineError::Interrupted { stack, address: open, what };
            return session.end(Err(refused)).await;
        }
        let (run, time, who) = (self.ids.token(), self.clock.now(), format!("{}@{}", self.user, self.host));
        let (command, message) = ("stack rename".to_owned(), Some(format!("from {stack} to {to}")));
        let noted = vec![
            Entry::RunStarted { run, time, who, command, message, reads: Vec::new() },
            Entry::RunEnded { run, time, result: RunResult::Succeeded, counts: Counts::default() },
        ];
        let written = session.write(noted).await;
        session.end(written).await?;
        self.store.rename(stack, to).await.map_err(EngineError::store)
    }
}
