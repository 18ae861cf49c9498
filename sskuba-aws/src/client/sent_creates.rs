//! Creates of objects that can carry no token: whether one that is there may come of an earlier try.

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sskuba_core::address::Token;
use sskuba_core::provider::{Effect, Failure};

use super::{Call, Objects};

/// The generations whose create was sent by this process and not refused.
#[derive(Default)]
pub(crate) struct SentCreates(Mutex<HashSet<Token>>);

impl SentCreates {
    fn lock(&self) -> MutexGuard<'_, HashSet<Token>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whether this call repeats one that may have made the object; otherwise one that is there is somebody
    /// else's.
    pub(crate) fn may_have_made(&self, call: &Call<'_, impl Objects>) -> bool {
        call.cx.recovering || self.lock().contains(&call.cx.token)
    }

    /// Sends a create; remembers it unless it certainly changed nothing.
    pub(crate) async fn send<T>(
        &self,
        call: &Call<'_, impl Objects>,
        create: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.lock().insert(call.cx.token);
        let result = create.await;
        if matches!(&result, Err(failure) if failure.effect == Effect::NotApplied) {
            self.lock().remove(&call.cx.token);
        }
        result
    }
}
