//! A store in files of this machine: one sled database per stack.

mod carve;
mod copy;
mod database;
mod disk;
mod duplicate;
mod earlier;
mod fault;
mod folders;
mod frame;
mod journal;
mod layout;
mod lease_entry;
mod mark;
mod private;
mod reader_server;
mod rebuild;
mod renaming;
mod sidecar;
mod store;
mod sum;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{RwLock, oneshot};
use tokio::task::JoinHandle;

use self::copy::Copy;
use self::database::{Database, Opening};
use self::duplicate::Duplicated;
use self::lease_entry::{Held, LeaseEntry};
use self::wire::{Answer, Ask};
use crate::address::StackId;
use crate::clock::{Clock, IdSource, SystemClock, SystemIds, Timestamp};
use crate::state::{Holder, Lease, Owner, StateStore as _, StoreError};

/// How long a lock that is held is asked for again: a reader holds it for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a holder may leave a reader without an answer: on a machine where a hundred programs start, one that has
/// just taken the stack may get no processor for seconds.
const ANSWER: Duration = Duration::from_secs(5);

/// How many holders, one after the other, may leave a reader without an answer.
const HOLDERS: u32 = 15;

/// Stacks in files of this machine: a sled database at `ROOT/organisation/project/stack/` for each.
///
/// sled admits one process at a time, and its lock on the database's file is what a lease is made of: it lasts as
/// long as the process, and nobody can break it. Clones share their open databases; two values of one root behave
/// as two processes do. While a stack is held, its holder answers readers of other processes on 127.0.0.1; it does
/// so from a task, so a holder's runtime has to run.
#[derive(Clone)]
pub struct Sled(Arc<Inner>);

struct Inner {
    root: PathBuf,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    /// How many copies of earlier runs are kept of a stack.
    backups: usize,
    entries: Mutex<HashMap<StackId, Arc<RwLock<LeaseEntry>>>>,
}

impl fmt::Debug for Sled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sled").field(&self.0.root).finish()
    }
}

/// None if others have the stack open, none in it if there is no stack.
type LocalRead = Result<Option<Option<Answer>>, StoreError>;

impl Sled {
    /// Names the folder where the stacks are; it is made when the first stack is.
    pub fn open(root: impl Into<PathBuf>) -> Self {
        Self::with(root, Arc::new(SystemClock), Arc::new(SystemIds))
    }

    /// Names the folder, the clock that stamps holders, and where the secrets of the readers' port come from.
    pub fn with(root: impl Into<PathBuf>, clock: Arc<dyn Clock>, ids: Arc<dyn IdSource>) -> Self {
        let backups = earlier::KEPT;
        Self(Arc::new(Inner { root: root.into(), clock, ids, backups, entries: Mutex::default() }))
    }

    /// Sets how many copies of earlier runs are kept of a stack; five if not set. To be called before the store is used:
    /// what comes of it shares nothing with `self`.
    #[must_use]
    pub fn keep_backups(self, backups: usize) -> Self {
        let Inner { root, clock, ids, .. } = &*self.0;
        let (root, clock, ids) = (root.clone(), Arc::clone(clock), Arc::clone(ids));
        Self(Arc::new(Inner { root, clock, ids, backups, entries: Mutex::default() }))
    }

    fn folder(&self, stack: &StackId) -> PathBuf {
        self.0.root.join(stack.as_str())
    }

    fn entry(&self, stack: &StackId) -> Arc<RwLock<LeaseEntry>> {
        let mut entries = self.0.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(entries.entry(stack.clone()).or_default())
    }

    /// Reads from the stack: from the open database if this value holds it, else from one opened for the moment,
    /// else from the program that holds it.
    async fn read(&self, stack: &StackId, ask: Ask) -> Result<Option<Answer>, StoreError> {
        let folder = self.folder(stack);
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        let mut since = (start, None);
        loop {
            if let Some(answer) = self.read_locally(stack, ask).await? {
                return Ok(answer);
            }
            // Where one holder follows on another, each is given its time to answer.
            let fence = sidecar::read::<Holder>(&folder, sidecar::HOLDER).map(|holder| holder.fence);
            if since.1 != fence {
                since = (Instant::now(), fence);
            }
            let address = sidecar::read::<wire::ReaderAddress>(&folder, sidecar::READER);
            match address {
                Some(address) => match reader_server::ask(&address, &*self.0.ids, ask).await {
                    Ok(Answer::Failed(why)) => {
                        return Err(fault::io("read", &folder, std::io::Error::other(why)));
                    }
                    Ok(Answer::Gone) => {}
                    Ok(answer) => return Ok(Some(answer)),
                    Err(error) => tracing::debug!(%stack, %error, "the holder does not answer"),
                },
                None => tracing::debug!(%stack, "the holder takes no questions"),
            }
            if since.0.elapsed() > ANSWER || start.elapsed() > ANSWER * HOLDERS {
                return Err(busy(stack, &folder));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Asks the program that holds a stack, another one than this, to stop; tells whether it was told. One that gives the
    /// stack back meanwhile need not be told.
    async fn tell_to_stop(&self, stack: &StackId, holder: &Holder) -> Result<bool, StoreError> {
        let folder = self.folder(stack);
        let start = Instant::now();
        loop {
            let address = sidecar::read::<wire::ReaderAddress>(&folder, sidecar::READER);
            let asked = match &address {
                Some(address) => reader_server::ask(address, &*self.0.ids, Ask::Stop).await,
                None => Err(std::io::ErrorKind::NotFound.into()),
            };
            match asked {
                Ok(Answer::Told) => return Ok(true),
                Ok(_) => return Ok(false),
                Err(error) if start.elapsed() > ANSWER => {
                    return Err(StoreError::Unsupported(format!(
                        "{holder} was not told to stop, because it does not answer ({error}): it is paused, or of an \
                         earlier release; press Ctrl-C there"
                    )));
                }
                Err(_) if self.holder(stack).await?.is_none_or(|now| now.fence != holder.fence) => {
                    return Ok(false);
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Reads from the stack without asking others; none if others have it open, none in it if there is no stack.
    async fn read_locally(&self, stack: &StackId, ask: Ask) -> LocalRead {
        let folder = self.folder(stack);
        let entry = self.entry(stack).read_owned().await;
        if entry.held.is_some() {
            return blocking(&folder, move || match &entry.held {
                Some(held) => read_held(held, ask),
                None => Ok(None),
            })
            .await;
        }
        drop(entry);
        // Alone, so that this value does not compete with itself for the lock.
        let entry = self.entry(stack).write_owned().await;
        let (answer, answered) = oneshot::channel();
        let (place, backups) = (folder.clone(), self.0.backups);
        let reading = tokio::task::spawn_blocking(move || {
            let (result, opened) = read_once(&entry, &folder, ask);
            // Whoever asked need not wait until sled has closed; the entry, and the lock, are taken until then.
            let _ = answer.send(result);
            if let Some(opened) = opened {
                close(opened, backups);
            }
            Ok(())
        });
        match answered.await {
            Ok(result) => result,
            // It panicked before it came to an answer.
            Err(_) => finished(&place, reading).await.and(Ok(None)),
        }
    }

    /// Runs `change` on the lease's database, alone.
    async fn change(
        &self,
        lease: &Lease,
        change: impl FnOnce(&Held) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<(), StoreError> {
        let entry = self.entry(&lease.stack).write_owned().await;
        let folder = self.folder(&lease.stack);
        let lease = lease.clone();
        blocking(&folder, move || {
            let held = entry.check(&lease)?;
            held.write(|| change(held))
        })
        .await
    }

    /// Gives a lease back: takes something from the database, closes it, and does with that what is to be done then.
    async fn give_back<T>(
        &self,
        lease: &Lease,
        take: impl FnOnce(&Held) -> T + Send + 'static,
        then: impl FnOnce(&Path, T) + Send + 'static,
    ) -> Result<(), StoreError> {
        let mut entry = self.entry(&lease.stack).write_owned().await;
        entry.check(lease)?;
        let folder = self.folder(&lease.stack);
        blocking(&self.folder(&lease.stack), move || {
            let taken = entry.held.as_ref().map(take);
            let closed = close_held(&mut entry, &folder);
            if let Some(taken) = taken {
                then(&folder, taken);
            }
            // sled writes files when it closes, too.
            closed.and(private::close_to_others(&folder))
        })
        .await
    }

    /// Runs `work` on the folder of a stack that nobody holds.
    async fn alone<T: Send + 'static>(
        &self,
        stack: &StackId,
        work: impl FnOnce(&Path) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let entry = self.entry(stack).write_owned().await;
        if let Some(held) = &entry.held {
            return Err(StoreError::Busy { stack: stack.clone(), holder: Box::new(held.holder.clone()) });
        }
        let (folder, id) = (self.folder(stack), stack.clone());
        blocking(&self.folder(stack), move || {
            let _alone = entry;
            if stays_locked(&folder)? { Err(busy(&id, &folder)) } else { work(&folder) }
        })
        .await
    }

    /// Opens the place where readers of other processes ask. Without it they are told that the stack is in use.
    async fn open_reader_server(&self, stack: &StackId, fence: u64) -> Option<reader_server::Open> {
        let entry = Arc::downgrade(&self.entry(stack));
        let opened = reader_server::open(entry, fence, self.0.ids.token(), self.0.clock.now()).await;
        opened.inspect_err(|error| tracing::warn!(%stack, %error, "readers cannot be answered")).ok()
    }
}

/// A database that was opened to be read.
enum Opened {
    /// That of the stack, with the copy that is to be there again when it is closed.
    Itself(Box<Database>, Option<Copy>),
    /// A duplicate of it, and the folder that goes with it.
    Duplicate(Box<Database>, tempfile::TempDir),
}

/// Reads from a stack that this value holds, or else from a copy of its database, or from that, which is then
/// returned as well.
fn read_once(entry: &LeaseEntry, folder: &Path, ask: Ask) -> (LocalRead, Option<Opened>) {
    if let Some(held) = &entry.held {
        return (read_held(held, ask), None);
    }
    if let Err(error) = folders::finish(folder) {
        return (Err(error), None);
    }
    if let Err(error) = private::refuse_links(folder) {
        return (Err(error), None);
    }
    if let Some(answer) = copied(folder, ask) {
        return (Ok(Some(Some(answer))), None);
    }
    match duplicate::duplicate(folder) {
        Duplicated::Locked => return (Ok(None), None),
        Duplicated::Made(there) => {
            return match duplicate::answer(there.path(), folder, ask) {
                Ok((answer, database)) => {
                    (Ok(Some(answer)), database.map(|database| Opened::Duplicate(database, there)))
                }
                Err(error) => (Err(error), None),
            };
        }
        Duplicated::Not => {}
    }
    let kept = Copy::kept(folder);
    let database = match Database::open(folder, false) {
        Ok(Opening::Missing) => return (Ok(Some(None)), None),
        Ok(Opening::Locked) => return (Ok(None), None),
        Ok(Opening::Open(database)) => database,
        Err(error) => return (Err(error), None),
    };
    let answer = database.answer_unheld(ask).map(Some);
    let kept = kept.filter(|_| answer.is_ok());
    (answer, Some(Opened::Itself(database, kept)))
}

/// Answers from the copy in `folder`, if that is as good as the database and has what is asked for.
fn copied(folder: &Path, ask: Ask) -> Option<Answer> {
    let mut copy = copy::read(folder)?;
    match ask {
        Ask::Load => Some(Answer::Image(copy.image)),
        Ask::History { limit } => {
            let enough = copy.all_history || copy.history.len() >= limit;
            copy.history.truncate(limit);
            enough.then_some(Answer::History(copy.history))
        }
        Ask::Stop => None,
    }
}

/// Closes a database that was opened to read it.
fn close(opened: Opened, backups: usize) {
    let (database, kept) = match opened {
        Opened::Itself(database, kept) => (database, kept),
        // The folder goes after the database that is in it.
        Opened::Duplicate(database, there) => return drop((database, there)),
    };
    let copy = kept.or_else(|| Copy::of(&database));
    let folder = database.folder().to_owned();
    drop(database);
    // sled writes files when it closes, too.
    let _ = private::close_to_others(&folder);
    if let Some(copy) = copy {
        copy.leave(&folder, backups);
    }
}

fn read_held(held: &Held, ask: Ask) -> LocalRead {
    held.sound()?;
    held.database.answer(ask, held.durable.load(Ordering::Acquire)).map(|answer| Some(Some(answer)))
}

/// Opens a database to hold it; waits a moment for readers to be done.
fn lock(stack: &StackId, folder: &Path) -> Result<Box<Database>, StoreError> {
    folders::finish(folder)?;
    match open_patiently(folder, true)? {
        Opening::Open(database) => Ok(database),
        _ => Err(busy(stack, folder)),
    }
}

/// Opens a database, or finds it locked for longer than a reader needs, or sled to close it.
fn open_patiently(folder: &Path, create: bool) -> Result<Opening, StoreError> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match Database::open(folder, create)? {
            Opening::Locked if start.elapsed() <= PATIENCE => {}
            opening => return Ok(opening),
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Locks a database's file alone; tells whether that came about before long.
fn lock_patiently(file: &File) -> bool {
    let start = Instant::now();
    while file.try_lock().is_err() {
        if start.elapsed() > PATIENCE {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Tells whether somebody holds the database in `folder`, and not only for the moment that a reader needs, or sled
/// to close it.
fn stays_locked(folder: &Path) -> Result<bool, StoreError> {
    let start = Instant::now();
    while database::is_locked(folder)? {
        if start.elapsed() > PATIENCE {
            return Ok(true);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(false)
}

/// Closes what is held, and with it gives the lock back.
fn close_held(entry: &mut LeaseEntry, folder: &Path) -> Result<(), StoreError> {
    let removed =
        sidecar::remove(folder, sidecar::READER).and_then(|()| sidecar::remove(folder, sidecar::HOLDER));
    if let Some(held) = entry.held.take() {
        held.close();
    }
    removed
}

/// Says who holds a stack whose lock is taken.
fn busy(stack: &StackId, folder: &Path) -> StoreError {
    let unknown = || Holder {
        owner: Owner {
            user: "somebody".into(),
            host: "this-host".into(),
            pid: 0,
            command: "something that left no name".into(),
        },
        since: Timestamp::default(),
        fence: 0,
    };
    let holder = sidecar::read(folder, sidecar::HOLDER).unwrap_or_else(unknown);
    StoreError::Busy { stack: stack.clone(), holder: Box::new(holder) }
}

/// Runs `work` on a thread that may block; a panic of it is damage in the database at `place`.
async fn blocking<T: Send + 'static>(
    place: &Path,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    finished(place, tokio::task::spawn_blocking(work)).await
}

/// Waits for such work.
async fn finished<T>(place: &Path, work: JoinHandle<Result<T, StoreError>>) -> Result<T, StoreError> {
    match work.await {
        Ok(result) => result,
        Err(error) if error.is_panic() => Err(fault::panicked(place, &*error.into_panic())),
        Err(error) => Err(fault::io("use", place, std::io::Error::other(error))),
    }
}
