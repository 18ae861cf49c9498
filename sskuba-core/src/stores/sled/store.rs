//! The contract of a store, kept by [`Sled`].

use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::copy::Copy;
use super::lease_entry::Held;
use super::wire::{Answer, Ask};
use super::{
    Sled, blocking, close_held, database, earlier, folders, lock, private, rebuild, renaming, sidecar,
};
use crate::address::StackId;
use crate::state::{
    Anew, Backup, Fold, Holder, Image, Lease, Leftovers, Owner, Remains, StateStore, StoreError,
};

#[async_trait]
impl StateStore for Sled {
    fn place(&self) -> String {
        format!("sled:{}", self.0.root.display())
    }

    async fn stacks(&self) -> Result<Vec<StackId>, StoreError> {
        let root = self.0.root.clone();
        blocking(&self.0.root, move || folders::list(&root)).await
    }

    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError> {
        match self.read(stack, Ask::Load).await? {
            Some(Answer::Image(image)) => Ok(Some(image)),
            _ => Ok(None),
        }
    }

    async fn acquire(&self, stack: &StackId, owner: &Owner) -> Result<Lease, StoreError> {
        let mut entry = self.entry(stack).write_owned().await;
        if let Some(held) = &entry.held {
            return Err(StoreError::Busy { stack: stack.clone(), holder: Box::new(held.holder.clone()) });
        }
        let (root, folder, id) = (self.0.root.clone(), self.folder(stack), stack.clone());
        let (owner, since, seen) = (owner.clone(), self.0.clock.now(), entry.fence);
        let mut held = blocking(&self.folder(stack), move || {
            folders::make_root(&root)?;
            folders::finish_removal(&folder)?;
            private::refuse_links(&folder)?;
            let database = lock(&id, &folder)?;
            sidecar::remove(&folder, sidecar::READER)?;
            let fence = database.fence()?.max(seen) + 1;
            let holder = Holder { owner, since, fence };
            sidecar::write(&folder, sidecar::HOLDER, &holder)?;
            database.set_fence(fence)?;
            let revision = database.revision()?;
            Ok(Held::new(database, holder, revision))
        })
        .await?;

        let fence = held.holder.fence;
        held.readers = self.open_reader_server(stack, fence).await;
        let folder = self.folder(stack);
        let held = blocking(&self.folder(stack), move || {
            if let Some(open) = &held.readers {
                sidecar::write(&folder, sidecar::READER, &open.address)?;
            }
            Ok(held)
        })
        .await?;
        entry.fence = fence;
        entry.held = Some(held);
        Ok(Lease { stack: stack.clone(), fence, renew_every: None })
    }

    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        self.entry(&lease.stack).read_owned().await.check(lease).map(|_| ())
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let backups = self.0.backups;
        let leave = move |folder: &Path, copy: Option<Copy>| {
            if let Some(copy) = copy {
                copy.leave(folder, backups);
            }
        };
        self.give_back(lease, Copy::of_held, leave).await
    }

    async fn release_renewed(&self, lease: &Lease, done: Vec<(String, Vec<u8>)>) -> Result<(), StoreError> {
        let all = |held: &Held| {
            held.sound()?;
            let mut all = rebuild::all_of(&held.database)?;
            all.meta.extend(done);
            Ok((held.database.come(), all))
        };
        let backups = self.0.backups;
        let renew = move |folder: &Path, all: Result<_, StoreError>| {
            let renewed = all.and_then(|(mark, all)| rebuild::renew(folder, mark, all, backups));
            if !matches!(renewed, Ok(true)) {
                tracing::warn!(
                    folder = %folder.display(),
                    ?renewed,
                    "values that are secret now may still be in the stack's files, until the next run"
                );
            }
        };
        self.give_back(lease, all, renew).await
    }

    fn abandon(&self, lease: &Lease) {
        let (folder, entry, lease) = (self.folder(&lease.stack), self.entry(&lease.stack), lease.clone());
        let close = move || {
            let mut entry = entry.blocking_write();
            if entry.check(&lease).is_ok() {
                let closed = close_held(&mut entry, &folder).and(private::close_to_others(&folder));
                tracing::debug!(stack = %lease.stack, ?closed, "a session was dropped");
            }
        };
        // Without a thread the lease lasts as long as the process.
        let _ = thread::Builder::new().name("sskuba-abandon".to_owned()).spawn(close);
    }

    async fn holder(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        let entry = self.entry(stack).read_owned().await;
        if let Some(held) = &entry.held {
            return Ok(Some(held.holder.clone()));
        }
        let folder = self.folder(stack);
        blocking(&self.folder(stack), move || {
            let _calm = entry;
            if database::is_locked(&folder)? { Ok(sidecar::read(&folder, sidecar::HOLDER)) } else { Ok(None) }
        })
        .await
    }

    async fn ask_to_stop(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        if let Some(held) = &self.entry(stack).read_owned().await.held {
            held.stop.cancel();
            return Ok(Some(held.holder.clone()));
        }
        let Some(holder) = self.holder(stack).await? else { return Ok(None) };
        Ok(self.tell_to_stop(stack, &holder).await?.then_some(holder))
    }

    async fn stop_requests(&self, lease: &Lease) -> Result<CancellationToken, StoreError> {
        self.entry(&lease.stack).read_owned().await.check(lease).map(|held| held.stop.clone())
    }

    async fn unlock(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        self.alone(stack, |folder| {
            let dead = sidecar::read(folder, sidecar::HOLDER);
            sidecar::remove(folder, sidecar::READER)?;
            sidecar::remove(folder, sidecar::HOLDER)?;
            Ok(dead)
        })
        .await
    }

    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        let entry = self.entry(&lease.stack).read_owned().await;
        let lease = lease.clone();
        blocking(&self.folder(&lease.stack.clone()), move || {
            let held = entry.check(&lease)?;
            held.write(|| {
                let found = held.durable.load(Ordering::Acquire);
                if base != found {
                    return Err(StoreError::Conflict { stack: lease.stack, expected: base, found });
                }
                let revision = base + entries.len() as u64;
                if revision > base {
                    held.database.append(base, &entries)?;
                    held.durable.store(revision, Ordering::Release);
                }
                Ok(revision)
            })
        })
        .await
    }

    async fn fold(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        let stack = lease.stack.clone();
        self.change(lease, move |held| {
            let found = held.durable.load(Ordering::Acquire);
            if fold.upto > found {
                return Err(StoreError::Conflict { stack, expected: fold.upto, found });
            }
            held.database.fold(fold)
        })
        .await
    }

    async fn offer(&self, lease: &Lease, fold: Fold) -> Result<(), StoreError> {
        let entry = self.entry(&lease.stack).read_owned().await;
        let (held, stack) = (entry.check(lease)?, lease.stack.clone());
        let found = held.durable.load(Ordering::Acquire);
        if fold.upto != found {
            return Err(StoreError::Conflict { stack, expected: fold.upto, found });
        }
        held.keep_offer(fold);
        Ok(())
    }

    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.change(lease, move |held| held.database.put_meta(&key, value)).await
    }

    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        match self.read(stack, Ask::History { limit }).await? {
            Some(Answer::History(entries)) => Ok(entries),
            _ => Err(StoreError::NoStack(stack.clone())),
        }
    }

    async fn remains(&self, stack: &StackId) -> Result<Leftovers, StoreError> {
        self.remains_of(stack).await
    }

    async fn backups(&self, stack: &StackId) -> Result<Vec<Backup>, StoreError> {
        let folder = self.folder(stack);
        blocking(&self.folder(stack), move || Ok(earlier::backups(&folder))).await
    }

    async fn backup(&self, stack: &StackId, name: &str) -> Result<Option<Remains>, StoreError> {
        let (folder, name) = (self.folder(stack), name.to_owned());
        blocking(&self.folder(stack), move || Ok(earlier::read(&folder, &name))).await
    }

    async fn rebuild(&self, stack: &StackId, anew: Anew) -> Result<String, StoreError> {
        self.alone(stack, move |folder| rebuild::rebuild(folder, anew)).await
    }

    async fn set_aside(&self, stack: &StackId) -> Result<String, StoreError> {
        self.alone(stack, folders::set_aside).await
    }

    async fn finish_removal(&self, stack: &StackId) -> Result<bool, StoreError> {
        self.alone(stack, folders::finish_removal).await
    }

    async fn rename(&self, stack: &StackId, to: &StackId) -> Result<(), StoreError> {
        if stack == to {
            return Err(StoreError::Taken(to.clone()));
        }
        // In the order of the names: two renames never wait for each other.
        let (first, second) = if stack < to { (stack, to) } else { (to, stack) };
        let entries = [self.entry(first).write_owned().await, self.entry(second).write_owned().await];
        if let Some(held) = entries.iter().find_map(|entry| entry.held.as_ref()) {
            return Err(StoreError::Busy { stack: stack.clone(), holder: Box::new(held.holder.clone()) });
        }
        let (folder, target) = (self.folder(stack), self.folder(to));
        let (id, new) = (stack.clone(), to.clone());
        blocking(&self.folder(stack), move || {
            let _alone = entries;
            renaming::rename((&id, &folder), (&new, &target))
        })
        .await
    }

    async fn remove(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut entry = self.entry(&lease.stack).write_owned().await;
        entry.check(lease)?;
        let (folder, fence) = (self.folder(&lease.stack), lease.fence);
        blocking(&self.folder(&lease.stack), move || {
            let held = entry.held.take();
            folders::remove(&folder, fence, held)
        })
        .await
    }
}
