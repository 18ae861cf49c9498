//! Which objects this process has made, so that a call that is repeated knows its own.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use sskuba_core::address::Token;
use sskuba_core::provider::Cx;

/// The generations that were made. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Made(Arc<Mutex<HashSet<Token>>>);

impl Made {
    /// Tells whether a create repeats an earlier one: of this process, or of one that was interrupted.
    pub(super) fn is_repeated(&self, cx: &Cx) -> bool {
        cx.recovering || self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&cx.token)
    }

    /// Notes that the object of a generation was made.
    pub(super) fn note(&self, token: Token) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token);
    }
}
