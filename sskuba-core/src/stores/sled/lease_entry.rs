//! What one [`Sled`](super::Sled) knows of the lease of one stack.

use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::database::Database;
use super::{fault, reader_server};
use crate::state::{Fold, Holder, Lease, StoreError};

/// How long the close of a database is waited for after a failed write.
const CLOSE: Duration = Duration::from_secs(1);

/// A stack, whose lease this process holds or not.
#[derive(Debug, Default)]
pub(super) struct LeaseEntry {
    /// The greatest fencing number seen, also of a stack that was removed.
    pub(super) fence: u64,
    /// What is held.
    pub(super) held: Option<Held>,
}

/// A stack that is held.
#[derive(Debug)]
pub(super) struct Held {
    /// The database, and with it the lock.
    pub(super) database: Box<Database>,
    /// Who holds it.
    pub(super) holder: Holder,
    /// The revision that is durable.
    pub(super) durable: AtomicU64,
    /// Cancelled when somebody asks the holder to stop.
    pub(super) stop: CancellationToken,
    /// Where readers ask; none if none could be opened.
    pub(super) readers: Option<reader_server::Open>,
    /// What readers may be given instead of all that is stored, as long as nothing was written since.
    offered: Mutex<Option<Fold>>,
    /// What broke an earlier write.
    broken: Mutex<Option<String>>,
    /// Taken by whoever writes.
    writer: Mutex<()>,
}

impl LeaseEntry {
    /// Returns what is held under `lease`.
    pub(super) fn check(&self, lease: &Lease) -> Result<&Held, StoreError> {
        let (stack, fence) = (lease.stack.clone(), lease.fence);
        match &self.held {
            Some(held) if held.holder.fence == fence => Ok(held),
            _ if fence < self.fence => Err(StoreError::Fenced { stack, fence, newest: self.fence }),
            _ => Err(StoreError::NotHeld { stack, fence }),
        }
    }
}

impl Held {
    /// Holds a database.
    pub(super) fn new(database: Box<Database>, holder: Holder, revision: u64) -> Self {
        let durable = AtomicU64::new(revision);
        let (offered, broken, writer) = (Mutex::default(), Mutex::default(), Mutex::default());
        let stop = CancellationToken::new();
        Self { database, holder, durable, stop, readers: None, offered, broken, writer }
    }

    /// Runs a write, one at a time, and none after one that failed: what of that reached the disk is known only
    /// after the database was opened again.
    pub(super) fn write<T>(&self, write: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let _alone = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.sound()?;
        drop(self.take_offer());
        let result = write();
        if let Err(error @ (StoreError::Io { .. } | StoreError::Corrupt { .. })) = &result {
            let why = format!("an earlier write failed ({error}); release the stack first");
            *self.broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        }
        result
    }

    /// Keeps what readers may be given.
    pub(super) fn keep_offer(&self, fold: Fold) {
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = Some(fold);
    }

    /// Gives away what readers may be given, if there is something and it is still true.
    pub(super) fn take_offer(&self) -> Option<Fold> {
        self.offered.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Closes the database and with it gives the lock back. After a failed write sled may wait in its own `drop` for
    /// ever; it is then left to do so on a thread of its own, and the lock goes when the process ends.
    pub(super) fn close(self) {
        if self.sound().is_ok() {
            return;
        }
        let (closed, wait) = std::sync::mpsc::channel();
        let close = move || {
            drop(self);
            // Nobody may be waiting any more.
            let _ = closed.send(());
        };
        if std::thread::Builder::new().name("sskuba-close".to_owned()).spawn(close).is_ok() {
            let _ = wait.recv_timeout(CLOSE);
        }
    }

    /// Refuses if a write failed: memory may have what the disk has not.
    pub(super) fn sound(&self) -> Result<(), StoreError> {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A write that panicked left its lock poisoned.
        let cut_short = || self.writer.is_poisoned().then(|| "an earlier write was cut short".to_owned());
        match broken.or_else(cut_short) {
            Some(why) => Err(fault::io("use", self.database.folder(), io::Error::other(why))),
            None => Ok(()),
        }
    }
}
