//! A lease of a stack, and the certainty that it is given back.
//!
//! Whoever acts under a lease shares its guard: the session, each call of a provider, each write that runs by itself.
//! A session that ends gives the lease back. One that is dropped (a future was dropped or aborted, a program panicked)
//! cannot wait for anything; the lease is then abandoned when the last of those that act under it is gone, so that
//! nobody takes the stack while one of its calls still runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::provider::{Class, Failure};
use crate::state::{Lease, StateStore, StoreError};

/// For how many of its renewals a lease is believed in: it lasts longer, see [`Lease::renew_every`].
const BELIEVED: u32 = 2;

/// A lease, and when it was last known to be this program's.
#[derive(Debug)]
pub(crate) struct LeaseGuard {
    store: Arc<dyn StateStore>,
    lease: Lease,
    known: Mutex<Option<Instant>>,
    /// Whether there is nothing to give back any more.
    ended: AtomicBool,
}

impl Drop for LeaseGuard {
    fn drop(&mut self) {
        if !self.ended.load(Ordering::Acquire) {
            self.store.abandon(&self.lease);
        }
    }
}

impl LeaseGuard {
    /// Guards what was acquired, an unknown time ago.
    pub(crate) fn new(store: Arc<dyn StateStore>, lease: Lease) -> Self {
        Self { store, lease, known: Mutex::default(), ended: AtomicBool::new(false) }
    }

    /// Returns the store.
    pub(crate) fn store(&self) -> &Arc<dyn StateStore> {
        &self.store
    }

    /// Returns the lease.
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// What the store answered; the lease is abandoned with the guard then.
    pub(crate) async fn release(&self) -> Result<(), StoreError> {
        self.store.release(&self.lease).await?;
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    /// Gives the lease back, and has the store make its files anew; see [`StateStore::release_renewed`].
    ///
    /// # Errors
    /// As [`LeaseGuard::release`].
    pub(crate) async fn release_renewed(&self, done: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        self.store.release_renewed(&self.lease, done).await?;
        self.ended.store(true, Ordering::Release);
        Ok(())
    }

    /// Removes the stack, and the lease with it.
    ///
    /// # Errors
    /// As [`LeaseGuard::release`].
    pub(crate) async fn remove_stack(&self) -> Result<(), StoreError> {
        self.store.remove(&self.lease).await?;
        self.ended.store(true, Ordering::Release);
        Ok(())
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

    /// Makes sure that the lease is this program's, before something is changed under it. A program that was stopped and
    /// goes on may have lost it meanwhile; its next append is refused, but a provider asks nobody. So a provider is only
    /// called under a lease that was renewed a moment ago.
    ///
    /// # Errors
    /// If it is not, or that cannot be found out; the call is then not made.
    pub(crate) async fn check(&self) -> Result<(), Failure> {
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
