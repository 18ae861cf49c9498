//! Stores around another one, for tests that look at what is written or disturb it.

use std::fmt;
use std::ops::Deref;

use async_trait::async_trait;
use sskuba_core::address::StackId;
use sskuba_core::state::{Fold, Holder, Image, Lease, Leftovers, Owner, StateStore, StoreError};

/// What a test does around a store: each write as the store does it, unless the test says otherwise.
#[async_trait]
pub trait Around: Send + Sync + fmt::Debug {
    /// Returns the store itself.
    fn inner(&self) -> &dyn StateStore;

    /// Returns what is stored.
    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError> {
        self.inner().load(stack).await
    }

    /// Returns what is left for a repair.
    async fn remains(&self, stack: &StackId) -> Result<Leftovers, StoreError> {
        self.inner().remains(stack).await
    }

    /// Appends.
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        self.inner().append(lease, base, entries).await
    }

    /// Folds.
    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        self.inner().fold(lease, fold).await
    }

    /// Writes a small value.
    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.inner().put_meta(lease, key, value).await
    }
}

/// The store that a test makes of it.
#[derive(Debug, Default)]
pub struct Outer<T>(pub T);

impl<T> Deref for Outer<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

#[async_trait]
impl<T: Around> StateStore for Outer<T> {
    fn place(&self) -> String {
        self.0.inner().place()
    }
    async fn stacks(&self) -> Result<Vec<StackId>, StoreError> {
        self.0.inner().stacks().await
    }
    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError> {
        self.0.load(stack).await
    }
    async fn remains(&self, stack: &StackId) -> Result<Leftovers, StoreError> {
        self.0.remains(stack).await
    }
    async fn acquire(&self, stack: &StackId, owner: &Owner) -> Result<Lease, StoreError> {
        self.0.inner().acquire(stack, owner).await
    }
    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        self.0.inner().renew(lease).await
    }
    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.0.inner().release(lease).await
    }
    async fn release_renewed(&self, lease: &Lease, done: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        self.0.inner().release_renewed(lease, done).await
    }
    fn abandon(&self, lease: &Lease) {
        self.0.inner().abandon(lease);
    }
    async fn holder(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        self.0.inner().holder(stack).await
    }
    async fn ask_to_stop(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        self.0.inner().ask_to_stop(stack).await
    }
    async fn unlock(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        self.0.inner().unlock(stack).await
    }
    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        self.0.append(lease, base, entries).await
    }
    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        self.0.fold(lease, fold).await
    }
    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.0.put_meta(lease, key, value).await
    }
    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.0.inner().history(stack, limit).await
    }
    async fn set_aside(&self, stack: &StackId) -> Result<String, StoreError> {
        self.0.inner().set_aside(stack).await
    }
    async fn rename(&self, stack: &StackId, to: &StackId) -> Result<(), StoreError> {
        self.0.inner().rename(stack, to).await
    }
    async fn remove(&self, lease: &Lease) -> Result<(), StoreError> {
        self.0.inner().remove(lease).await
    }
}
