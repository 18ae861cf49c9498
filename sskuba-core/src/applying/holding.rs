//! Whether the stack is still this program's. A program that was stopped and goes on may have lost it meanwhile; its
//! next append is refused, but a provider asks nobody. So a provider is only called under a lease that was renewed
//! a moment ago.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::provider::{Class, Failure};
use crate::state::{Lease, StateStore, StoreError};

/// For how many of its renewals a lease is believed in: it lasts longer, see [`Lease::renew_every`].
const BELIEVED: u32 = 2;

/// A lease, and when it was last known to be this program's.
#[derive(Debug)]
pub(crate) struct Holding {
    store: Arc<dyn StateStore>,
    lease: Lease,
    known: Mutex<Option<Instant>>,
}

impl Holding {
    /// Holds what was acquired, an unknown time ago.
    pub(super) fn new(store: Arc<dyn StateStore>, lease: Lease) -> Self {
        Self { store, lease, known: Mutex::default() }
    }

    /// Renews the lease.
    ///
    /// # Errors
    /// What the store answered.
    pub(crate) async fn renew(&self) -> Result<(), StoreError> {
        let asked = Instant::now();
        self.store.renew(&self.lease).await?;
        *self.known.lock().await = Some(asked);
        Ok(())
    }

    /// Makes sure that the lease is this program's, before something is changed under it.
    ///
    /// # Errors
    /// If it is not, or that cannot be found out; the call is then not made.
    pub(super) async fn check(&self) -> Result<(), Failure> {
        let Some(every) = self.lease.renew_every else { return Ok(()) };
        let mut known = self.known.lock().await;
        if known.is_some_and(|known| known.elapsed() < every * BELIEVED) {
            return Ok(());
        }
        let asked = Instant::now();
        // Of a call that is repeated it is not known what the first one did.
        self.store.renew(&self.lease).await.map_err(|error| {
            Failure::unknown(Class::Conflict, format!("the provider was not called: {error}"))
        })?;
        *known = Some(asked);
        Ok(())
    }
}
