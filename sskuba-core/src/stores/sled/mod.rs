//! A store in files of this machine: one sled database per stack.

mod database;
mod fault;
mod layout;
mod side;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use self::database::{Database, Opening};
use crate::address::StackId;
use crate::clock::{Clock, SystemClock};
use crate::state::{Fold, Holder, Image, Lease, Owner, StateStore, StoreError};

/// Stacks in files of this machine: a sled database at `ROOT/organisation/project/stack/` for each.
///
/// sled admits one process at a time, and its lock on the database's file is what a lease is made of: it lasts as
/// long as the process or the value that took it, and nobody can break it. Clones share their open databases.
#[derive(Clone)]
pub struct Sled(Arc<Inner>);

struct Inner {
    root: PathBuf,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<StackId, Arc<RwLock<Slot>>>>,
}

/// What this value knows of one stack.
#[derive(Default)]
struct Slot {
    /// The greatest fencing number seen, also of a stack that was removed.
    fence: u64,
    held: Option<Held>,
}

/// A stack that this value holds.
struct Held {
    database: Database,
    holder: Holder,
    /// The revision that is durable.
    durable: AtomicU64,
    /// Taken by whoever appends; holds what broke an earlier write.
    writer: Mutex<Option<String>>,
}

impl fmt::Debug for Sled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sled").field(&self.0.root).finish()
    }
}

impl Sled {
    /// Names the folder where the stacks are; it is made at the first [`acquire`](StateStore::acquire).
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self::with_clock(root, Arc::new(SystemClock))
    }

    /// Names the folder, and the clock that stamps holders.
    pub fn with_clock(root: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { root: root.into(), clock, slots: Mutex::default() }))
    }

    fn folder(&self, stack: &StackId) -> PathBuf {
        self.0.root.join(stack.as_str())
    }

    fn slot(&self, stack: &StackId) -> Arc<RwLock<Slot>> {
        let mut slots = self.0.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(stack.clone()).or_default())
    }

    async fn reading(&self, stack: &StackId) -> OwnedRwLockReadGuard<Slot> {
        self.slot(stack).read_owned().await
    }

    async fn writing(&self, stack: &StackId) -> OwnedRwLockWriteGuard<Slot> {
        self.slot(stack).write_owned().await
    }

    /// Reads from the stack: from the open database if this value holds it, else from one opened for the moment.
    async fn read<T: Send + 'static>(
        &self,
        stack: &StackId,
        read: impl Fn(&Database, u64) -> Result<T, StoreError> + Clone + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let folder = self.folder(stack);
        let slot = self.reading(stack).await;
        if slot.held.is_some() {
            let read = read.clone();
            return blocking(&folder, move || match &slot.held {
                Some(held) => held
                    .sound(stack_place(held))
                    .and_then(|()| read(&held.database, held.durable.load(Ordering::Acquire)).map(Some)),
                None => Ok(None),
            })
            .await;
        }
        drop(slot);
        // Alone, so that this value does not compete with itself for the lock.
        let slot = self.writing(stack).await;
        let (place, id) = (folder.clone(), stack.clone());
        blocking(&place, move || {
            let _alone = &slot;
            if let Some(held) = &slot.held {
                return read(&held.database, held.durable.load(Ordering::Acquire)).map(Some);
            }
            match Database::open(&folder, false)? {
                Opening::Missing => Ok(None),
                Opening::Locked => Err(busy(&id, &folder)),
                Opening::Open(database) => {
                    if database.fence()? == 0 {
                        return Ok(None);
                    }
                    let revision = database.revision()?;
                    read(&database, revision).map(Some)
                }
            }
        })
        .await
    }

    /// Runs `change` on the lease's database, alone.
    async fn change(
        &self,
        lease: &Lease,
        change: impl FnOnce(&Held) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let slot = self.writing(&lease.stack).await;
        let lease = lease.clone();
        blocking(&self.folder(&lease.stack.clone()), move || {
            let held = slot.check(&lease)?;
            held.write(|| change(held))
        })
        .await
    }
}

fn stack_place(held: &Held) -> &Path {
    held.database.folder()
}

impl Slot {
    /// Returns what is held under `lease`.
    fn check(&self, lease: &Lease) -> Result<&Held, StoreError> {
        let (stack, fence) = (lease.stack.clone(), lease.fence);
        match &self.held {
            Some(held) if held.holder.fence == fence => Ok(held),
            _ if fence == self.fence => Err(StoreError::NotHeld { stack, fence }),
            _ => Err(StoreError::Fenced { stack, fence, newest: self.fence }),
        }
    }
}

impl Held {
    /// Runs a write, one at a time, and none after one that failed: what of it reached the disk is not known until
    /// the database is opened again.
    fn write<T>(&self, write: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut broken = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &*broken {
            return Err(fault::io("write to", self.database.folder(), io::Error::other(why.clone())));
        }
        let result = write();
        if let Err(error @ (StoreError::Io { .. } | StoreError::Corrupt { .. })) = &result {
            *broken = Some(format!("an earlier write failed: {error}"));
        }
        result
    }

    /// Refuses if a write failed: memory then has what the disk may not have.
    fn sound(&self, place: &Path) -> Result<(), StoreError> {
        let broken = self.writer.try_lock().ok().and_then(|broken| broken.clone());
        broken.map_or(Ok(()), |why| Err(fault::io("read", place, io::Error::other(why))))
    }
}

/// Runs `work` on a thread that may block; a panic of it is damage in the database at `place`.
async fn blocking<T: Send + 'static>(
    place: &Path,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => Err(fault::panicked(place, &*error.into_panic())),
        Err(error) => Err(fault::io("use", place, io::Error::other(error))),
    }
}

fn busy(stack: &StackId, folder: &Path) -> StoreError {
    let holder = side::read(folder, side::HOLDER).unwrap_or_else(|| Holder {
        owner: Owner { user: "somebody".into(), host: "this host".into(), pid: 0, command: "unknown".into() },
        since: crate::clock::Timestamp::default(),
        fence: 0,
    });
    StoreError::Busy { stack: stack.clone(), holder: Box::new(holder) }
}

#[async_trait]
impl StateStore for Sled {
    fn place(&self) -> String {
        format!("sled:{}", self.0.root.display())
    }

    async fn stacks(&self) -> Result<Vec<StackId>, StoreError> {
        let root = self.0.root.clone();
        blocking(&self.0.root, move || list(&root)).await
    }

    async fn load(&self, stack: &StackId) -> Result<Option<Image>, StoreError> {
        self.read(stack, Database::image).await
    }

    async fn acquire(&self, stack: &StackId, owner: &Owner) -> Result<Lease, StoreError> {
        let mut slot = self.writing(stack).await;
        let (root, folder, id) = (self.0.root.clone(), self.folder(stack), stack.clone());
        let (owner, clock) = (owner.clone(), Arc::clone(&self.0.clock));
        blocking(&self.folder(stack), move || {
            if let Some(held) = &slot.held {
                return Err(StoreError::Busy { stack: id, holder: Box::new(held.holder.clone()) });
            }
            make_root(&root)?;
            let database = match Database::open(&folder, true)? {
                Opening::Open(database) => database,
                Opening::Locked | Opening::Missing => return Err(busy(&id, &folder)),
            };
            let fence = database.fence()?.max(slot.fence) + 1;
            let holder = Holder { owner, since: clock.now(), fence };
            database.set_fence(fence)?;
            side::write(&folder, side::HOLDER, &holder)?;
            let durable = AtomicU64::new(database.revision()?);
            slot.fence = fence;
            slot.held = Some(Held { database, holder, durable, writer: Mutex::default() });
            Ok(Lease { stack: id, fence, renew_every: None })
        })
        .await
    }

    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        self.reading(&lease.stack).await.check(lease).map(|_| ())
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut slot = self.writing(&lease.stack).await;
        slot.check(lease)?;
        let folder = self.folder(&lease.stack);
        let held = slot.held.take();
        blocking(&self.folder(&lease.stack), move || {
            let _alone = slot;
            let removed = side::remove(&folder, side::HOLDER);
            drop(held);
            removed
        })
        .await
    }

    async fn holder(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        let slot = self.reading(stack).await;
        if let Some(held) = &slot.held {
            return Ok(Some(held.holder.clone()));
        }
        let folder = self.folder(stack);
        blocking(&self.folder(stack), move || {
            let _calm = slot;
            if database::is_locked(&folder)? { Ok(side::read(&folder, side::HOLDER)) } else { Ok(None) }
        })
        .await
    }

    async fn unlock(&self, stack: &StackId) -> Result<Option<Holder>, StoreError> {
        let slot = self.writing(stack).await;
        let (folder, id) = (self.folder(stack), stack.clone());
        blocking(&self.folder(stack), move || {
            if let Some(held) = &slot.held {
                return Err(StoreError::Busy { stack: id, holder: Box::new(held.holder.clone()) });
            }
            if database::is_locked(&folder)? {
                return Err(busy(&id, &folder));
            }
            let dead = side::read(&folder, side::HOLDER);
            side::remove(&folder, side::HOLDER)?;
            Ok(dead)
        })
        .await
    }

    async fn append(&self, lease: &Lease, base: u64, entries: Vec<Vec<u8>>) -> Result<u64, StoreError> {
        let slot = self.reading(&lease.stack).await;
        let lease = lease.clone();
        blocking(&self.folder(&lease.stack.clone()), move || {
            let held = slot.check(&lease)?;
            held.write(|| {
                let found = held.durable.load(Ordering::Acquire);
                if base != found {
                    return Err(StoreError::Conflict { stack: lease.stack, expected: base, found });
                }
                let revision = base + entries.len() as u64;
                if revision > base {
                    held.database.append(base, entries)?;
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

    async fn put_meta(&self, lease: &Lease, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.change(lease, move |held| held.database.put_meta(&key, value)).await
    }

    async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let entries = self.read(stack, move |database, _| database.history(limit)).await?;
        entries.ok_or_else(|| StoreError::NoStack(stack.clone()))
    }

    async fn remove(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut slot = self.writing(&lease.stack).await;
        slot.check(lease)?;
        let (folder, fence) = (self.folder(&lease.stack), lease.fence);
        let held = slot.held.take();
        blocking(&self.folder(&lease.stack), move || {
            let _alone = slot;
            remove_folder(&folder, fence, held)
        })
        .await
    }
}

/// Makes the folder of the stacks, with a `.gitignore` of its own.
fn make_root(root: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(root).map_err(|error| fault::io("create", root, error))?;
    let ignore = root.join(".gitignore");
    match fs::exists(&ignore) {
        Ok(true) => Ok(()),
        _ => fs::write(&ignore, "*\n").map_err(|error| fault::io("write", &ignore, error)),
    }
}

/// Lists the stacks under `root`.
fn list(root: &Path) -> Result<Vec<StackId>, StoreError> {
    let mut stacks = Vec::new();
    for organisation in names(root)? {
        for project in names(&root.join(&organisation))? {
            let folder = root.join(&organisation).join(&project);
            for stack in names(&folder)? {
                if let Ok(id) = StackId::new(&organisation, &project, &stack)
                    && database::file(&folder.join(&stack)).is_file()
                {
                    stacks.push(id);
                }
            }
        }
    }
    stacks.sort();
    Ok(stacks)
}

/// Lists the folders in `folder`; none if there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| fault::io("list", folder, error))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| fault::io("list", folder, error))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// Removes a stack's folder: out of sight first, while the lock is held, so that nobody ever opens half of it.
fn remove_folder(folder: &Path, fence: u64, held: Option<Held>) -> Result<(), StoreError> {
    let fail = |error| fault::io("remove", folder, error);
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let doomed = folder.with_file_name(format!(".{name}.removed-{fence}"));
    fs::rename(folder, &doomed).map_err(fail)?;
    drop(held);
    fs::remove_dir_all(&doomed).map_err(fail)?;
    // Parents that are empty now go as well; those with other stacks refuse.
    for parent in folder.ancestors().skip(1).take(2) {
        let _ = fs::remove_dir(parent);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner { user: "ann".into(), host: "desk".into(), pid: std::process::id(), command: "up".into() }
    }

    #[tokio::test]
    async fn what_was_appended_is_there_after_a_reopen() {
        let root = tempfile::tempdir().unwrap();
        let stack: StackId = "local/demo/dev".parse().unwrap();
        let store = Sled::open(root.path());
        assert_eq!(store.load(&stack).await.unwrap(), None);
        let lease = store.acquire(&stack, &owner()).await.unwrap();
        assert_eq!(store.append(&lease, 0, vec![b"a".to_vec(), b"b".to_vec()]).await.unwrap(), 2);
        let other = Sled::open(root.path());
        assert!(matches!(other.acquire(&stack, &owner()).await, Err(StoreError::Busy { .. })));
        store.release(&lease).await.unwrap();
        let image = other.load(&stack).await.unwrap().unwrap();
        assert_eq!(image.journal, vec![(1, b"a".to_vec()), (2, b"b".to_vec())]);
        assert_eq!(other.acquire(&stack, &owner()).await.unwrap().fence, 2);
        assert_eq!(std::fs::read_to_string(root.path().join(".gitignore")).unwrap(), "*\n");
    }
}
