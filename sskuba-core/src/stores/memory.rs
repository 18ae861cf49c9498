//! A store in memory: for tests, and for programs that keep nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::address::StackId;
use crate::clock::{Clock, SystemClock};
use crate::state::{Fold, Holder, Image, Lease, Owner, Records, StateStore, StoreError};

/// How long a lease lasts that is not renewed.
const LEASE: Duration = Duration::from_secs(30);

/// Stacks in memory, gone with the process. Clones share them.
///
/// Leases end after a time, as those of a store in a network do: a holder that does not renew in time can be
/// taken over, and is refused from then on. The time is `tokio::time`'s, which tests pause.
#[derive(Clone)]
pub struct Memory {
    lease: Duration,
    clock: Arc<dyn Clock>,
    stacks: Arc<Mutex<BTreeMap<StackId, Entry>>>,
}

/// One stack; what is left of a removed one is its fencing number.
#[derive(Debug, Default)]
struct Entry {
    exists: bool,
    fence: u64,
    held: Option<Held>,
    image: Image,
    records: BTreeMap<Vec<u8>, Vec<u8>>,
    history: BTreeMap<u64, Vec<u8>>,
}

#[derive(Debug)]
struct Held {
    holder: Holder,
    until: Instant,
    stop: CancellationToken,
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self { lease: LEASE, clock: Arc::new(SystemClock), stacks: Arc::default() }
    }
}

impl Memory {
    /// Sets how long a lease lasts that is not renewed; 30 seconds if not set.
    #[must_use]
    pub fn lease_length(mut self, length: Duration) -> Self {
        self.lease = length;
        self
    }

    /// Sets the clock that stamps holders.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Locks the stacks. No change is made in steps that a panic could part, so a poisoned lock is as good.
    fn stacks(&self) -> MutexGuard<'_, BTreeMap<StackId, Entry>> {
        self.stacks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `change` on the lease's stack, if the lease is the newest and was not given back.
    fn write<T>(
        &self,
        lease: &Lease,
        change: impl FnOnce(&mut Entry) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut stacks = self.stacks();
        let entry = stacks.entry(lease.stack.clone()).or_default();
        entry.check(lease)?;
        change(entry)
    }
}

impl Entry {
    fn check(&self, lease: &Lease) -> Result<(), StoreError> {
        let (stack, fence) = (lease.stack.clone(), lease.fence);
        if fence != self.fence {
            return Err(StoreError::Fenced { stack, fence, newest: self.fence });
        }
        if self.held.is_none() {
            return Err(StoreError::NotHeld { stack, fence });
        }
        Ok(())
    }

    fn live(&self) -> Option<&Holder> {
        self.held.as_ref().filter(|held| Instant::now() < held.until).map(|held| &held.holder)
    }
}

#[async_trait]
impl StateStore for Memory {
    fn place(&self) -> String {
        "memory:".into()
    }

    async fn stacks(&self) -> Result<Vec<StackId>, StoreError> {
        Ok(self.stacks().iter().filter(|(_, entry)| entry.exists).map(|(stack, _)| stack.clone()).collect())
    }

    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError> {
        Ok(self.stacks().get(stack).filter(|entry| entry.exists).map(|entry| Image {
            records: entry.records.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
            ..entry.image.clone()
        }))
    }

    async fn acquire(&self, stack: &StackId, owner: &Owner) -> Result<Lease, StoreError> {
        let mut stacks = self.stacks();
        let entry = stacks.entry(stack.clone()).or_default();
        if let Some(holder) = entry.live() {
            return Err(StoreError::Busy { stack: stack.clone(), holder: Box::new(holder.clone()) });
        }
        entry.exists = true;
        entry.fence += 1;
        let holder = Holder { owner: owner.clone(), since: self.clock.now(), fence: entry.fence };
        entry.held =
            Some(Held { holder, until: Instant::now() + self.lease, stop: CancellationToken::new() });
        Ok(Lease { stack: stack.clone(), fence: entry.fence, renew_every: Some(self.lease / 3) })
    }

    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        self.write(lease, |entry| {
            if let Some(held) = &mut entry.held {
                held.until = Instant::now() + self.lease;
            }
            Ok(())
        })
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        self.write(lease, |entry| {
            entry.held = None;
            Ok(())
        })
    }

    fn abandon(&self, lease: &Lease) {
        // One that is not the newest has nothing to let go of.
        let _ = self.write(lease, |entry| {
            entry.held = None;
            Ok(())
        });
    }

    async fn holder(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        Ok(self.stacks().get(stack).and_then(|entry| entry.live().cloned()))
    }

    async fn ask_to_stop(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        let stacks = self.stacks();
        let Some(entry) = stacks.get(stack) else { return Ok(None) };
        let holder = entry.live().cloned();
        if let (Some(_), Some(held)) = (&holder, &entry.held) {
            held.stop.cancel();
        }
        Ok(holder)
    }

    async fn stop_requests(&self, lease: &Lease) -> Result<CancellationToken, StoreError> {
        self.write(lease, |entry| Ok(entry.held.as_ref().map(|held| held.stop.clone()).unwrap_or_default()))
    }

    async fn unlock(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        let mut stacks = self.stacks();
        Ok(stacks.get_mut(stack).and_then(|entry| entry.held.take()).map(|held| held.holder))
    }

    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        self.write(lease, |entry| {
            let image = &mut entry.image;
            if base != image.revision {
                return Err(conflict(lease, base, image.revision));
            }
            image.journal.extend((base + 1..).zip(entries));
            image.revision = image.journal.last().map_or(base, |(revision, _)| *revision);
            Ok(image.revision)
        })
    }

    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        self.write(lease, |entry| {
            if fold.upto > entry.image.revision {
                return Err(conflict(lease, fold.upto, entry.image.revision));
            }
            match fold.records {
                Records::Some { put, delete } => {
                    delete.iter().for_each(|key| drop(entry.records.remove(key)));
                    entry.records.extend(put);
                }
                Records::All(all) => entry.records = all.into_iter().collect(),
            }
            entry.history.extend(fold.history);
            entry.image.meta.extend(fold.meta);
            entry.image.journal.retain(|(revision, _)| *revision > fold.upto);
            Ok(())
        })
    }

    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        self.write(lease, |entry| {
            entry.image.meta.insert(key.to_owned(), value);
            Ok(())
        })
    }

    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let stacks = self.stacks();
        let entry = stacks
            .get(stack)
            .filter(|entry| entry.exists)
            .ok_or_else(|| StoreError::NoStack(stack.clone()))?;
        Ok(entry.history.iter().rev().take(limit).map(|(at, bytes)| (*at, bytes.clone())).collect())
    }

    async fn rename(&self, stack: &StackId, to: &StackId) -> Result<(), StoreError> {
        let mut stacks = self.stacks();
        let there = |id: &StackId| stacks.get(id).filter(|entry| entry.exists);
        let Some(entry) = there(stack) else { return Err(StoreError::NoStack(stack.clone())) };
        if let Some(holder) = entry.live() {
            return Err(StoreError::Busy { stack: stack.clone(), holder: Box::new(holder.clone()) });
        }
        if there(to).is_some() {
            return Err(StoreError::Taken(to.clone()));
        }
        // Leases of either name are older than those to come.
        let fence = entry.fence.max(stacks.get(to).map_or(0, |entry| entry.fence)) + 1;
        if let Some(entry) = stacks.get_mut(stack) {
            let rest = Entry { fence, ..Entry::default() };
            let moved = Entry { fence, held: None, ..std::mem::replace(entry, rest) };
            stacks.insert(to.clone(), moved);
        }
        Ok(())
    }

    async fn remove(&self, lease: &Lease) -> Result<(), StoreError> {
        self.write(lease, |entry| {
            *entry = Entry { fence: entry.fence, ..Entry::default() };
            Ok(())
        })
    }
}

fn conflict(lease: &Lease, expected: u64, found: u64) -> StoreError {
    StoreError::Conflict { stack: lease.stack.clone(), expected, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(pid: u32) -> Owner {
        Owner { user: "ann".into(), host: "desk".into(), pid, command: "up".into() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleeper_that_wakes_after_a_takeover_writes_nothing() {
        let store = Memory::default().lease_length(Duration::from_secs(9));
        let stack = "local/demo/dev".parse().unwrap();
        let sleeper = store.acquire(&stack, &owner(1)).await.unwrap();
        store.append(&sleeper, 0, vec![b"first".to_vec()]).await.unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
        let next = store.acquire(&stack, &owner(2)).await.unwrap();

        let error = store.append(&sleeper, 1, vec![b"late".to_vec()]).await.unwrap_err();
        assert!(matches!(error, StoreError::Fenced { fence: 1, newest: 2, .. }), "{error}");
        for error in [
            store.renew(&sleeper).await.unwrap_err(),
            store.release(&sleeper).await.unwrap_err(),
            store.put_meta(&sleeper, "key", vec![]).await.unwrap_err(),
            store.fold(&sleeper, Fold::default()).await.unwrap_err(),
            store.remove(&sleeper).await.unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Fenced { .. }), "{error}");
        }
        assert_eq!(store.append(&next, 1, vec![b"second".to_vec()]).await.unwrap(), 2);
        assert_eq!(store.load(&stack).await.unwrap().unwrap().journal.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn heartbeats_keep_a_lease() {
        let store = Memory::default().lease_length(Duration::from_secs(9));
        let stack = "local/demo/dev".parse().unwrap();
        let lease = store.acquire(&stack, &owner(1)).await.unwrap();
        for _ in 0..10 {
            tokio::time::sleep(lease.renew_every.unwrap()).await;
            store.renew(&lease).await.unwrap();
            assert!(matches!(store.acquire(&stack, &owner(2)).await, Err(StoreError::Busy { .. })));
        }
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert_eq!(store.holder(&stack).await.unwrap(), None);
        store.acquire(&stack, &owner(2)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_expired_lease_that_nobody_took_still_writes() {
        let store = Memory::default().lease_length(Duration::from_secs(9));
        let stack = "local/demo/dev".parse().unwrap();
        let lease = store.acquire(&stack, &owner(1)).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(store.append(&lease, 0, vec![b"late".to_vec()]).await.unwrap(), 1);
    }
}
