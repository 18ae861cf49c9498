//! One stack's database. Everything here blocks, and runs on threads that may.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use ::sled::Batch;

use super::{fault, layout};
use crate::state::{Fold, Image, StoreError};

/// How long a lock that is held is asked for again: a reader holds it for some milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The size of sled's segments in bytes: its buffer, and what its file grows by.
const SEGMENT: usize = 512 * 1024;

/// The size of sled's cache of pages in bytes.
const CACHE: u64 = 4 * 1024 * 1024;

/// What came of opening a database.
pub(super) enum Opening {
    /// It is open, and locked.
    Open(Database),
    /// Somebody else has it open.
    Locked,
    /// There is none.
    Missing,
}

/// An open database; its lock is held until it is dropped.
#[derive(Debug)]
pub(super) struct Database {
    sled: ::sled::Db,
    /// The database's file once more: sled's flush leaves its length and the disk's own cache behind.
    file: File,
    folder: PathBuf,
}

/// The file in `folder` that holds a database, and whose lock is the stack's.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("db")
}

/// Tells whether somebody has the database in `folder` open.
pub(super) fn is_locked(folder: &Path) -> Result<bool, StoreError> {
    let path = file(folder);
    match File::open(&path) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(fault::io("lock", &path, error)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(fault::io("open", &path, error)),
    }
}

impl Database {
    /// Opens the database in `folder`; makes it only if told to.
    pub(super) fn open(folder: &Path, create: bool) -> Result<Opening, StoreError> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            let path = file(folder);
            match fs::exists(&path) {
                Ok(true) => {}
                Ok(false) if create => {}
                Ok(false) => return Ok(Opening::Missing),
                Err(error) => return Err(fault::io("open", &path, error)),
            }
            let config = ::sled::Config::new()
                .path(folder)
                .cache_capacity(CACHE)
                .segment_size(SEGMENT)
                .flush_every_ms(None);
            match config.open() {
                Ok(sled) => {
                    let file = File::open(&path).map_err(|error| fault::io("open", &path, error))?;
                    return Ok(Opening::Open(Self { sled, file, folder: folder.to_owned() }));
                }
                Err(::sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                    if start.elapsed() + pause > PATIENCE {
                        return Ok(Opening::Locked);
                    }
                    thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(50));
                }
                Err(error) => return Err(fault::sled("open", folder, error)),
            }
        }
    }

    /// Returns the folder that it is in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    fn fault(&self, action: &'static str) -> impl Fn(::sled::Error) -> StoreError + '_ {
        move |error| fault::sled(action, &self.folder, error)
    }

    /// Makes durable what was applied.
    fn flush(&self) -> Result<(), StoreError> {
        self.sled.flush().map_err(self.fault("write to"))?;
        self.file.sync_data().map_err(|error| fault::io("write to", &self.folder, error))
    }

    fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.sled.apply_batch(batch).map_err(self.fault("write to"))?;
        self.flush()
    }

    fn number(&self, key: &[u8]) -> Result<u64, StoreError> {
        let Some(bytes) = self.sled.get(key).map_err(self.fault("read"))? else { return Ok(0) };
        layout::number(&bytes).ok_or_else(|| self.corrupt(key))
    }

    fn corrupt(&self, key: &[u8]) -> StoreError {
        let key = key.escape_ascii().to_string();
        fault::corrupt(key, &self.folder, "it is not a number of 8 bytes".into())
    }

    /// Returns the newest fencing number; 0 if nobody ever held the stack.
    pub(super) fn fence(&self) -> Result<u64, StoreError> {
        self.number(layout::FENCE)
    }

    /// Records a fencing number.
    pub(super) fn set_fence(&self, fence: u64) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.insert(layout::FENCE, &fence.to_be_bytes());
        self.commit(batch)
    }

    /// Returns the stack's revision.
    pub(super) fn revision(&self) -> Result<u64, StoreError> {
        let mut journal = self.sled.scan_prefix([layout::JOURNAL]);
        match journal.next_back().transpose().map_err(self.fault("read"))? {
            Some((key, _)) => layout::number(&key[1..]).ok_or_else(|| self.corrupt(&key)),
            None => self.number(layout::FOLDED),
        }
    }

    /// Adds entries after `base`.
    pub(super) fn append(&self, base: u64, entries: Vec<Vec<u8>>) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for (revision, entry) in (base + 1..).zip(entries) {
            batch.insert(layout::numbered(layout::JOURNAL, revision), entry);
        }
        self.commit(batch)
    }

    /// Folds entries into records.
    pub(super) fn fold(&self, fold: Fold) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for key in fold.delete {
            batch.remove(layout::key(layout::RECORD, &key));
        }
        for (key, value) in fold.put {
            batch.insert(layout::key(layout::RECORD, &key), value);
        }
        for (revision, entry) in fold.history {
            batch.insert(layout::numbered(layout::HISTORY, revision), entry);
        }
        let journal = layout::numbered(layout::JOURNAL, 0)..=layout::numbered(layout::JOURNAL, fold.upto);
        for key in self.sled.range(journal).keys() {
            batch.remove(key.map_err(self.fault("read"))?);
        }
        batch.insert(layout::FOLDED, &fold.upto.max(self.number(layout::FOLDED)?).to_be_bytes());
        self.commit(batch)
    }

    /// Writes one small value.
    pub(super) fn put_meta(&self, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        batch.insert(layout::key(layout::META, key.as_bytes()), value);
        self.commit(batch)
    }

    /// Returns all that is stored up to `revision`.
    pub(super) fn image(&self, revision: u64) -> Result<Image, StoreError> {
        let mut image = Image { revision, ..Image::default() };
        for item in self.sled.iter() {
            let (key, value) = item.map_err(self.fault("read"))?;
            let value = value.to_vec();
            match key.first().copied() {
                Some(layout::META) => {
                    image.meta.insert(String::from_utf8_lossy(&key[1..]).into_owned(), value);
                }
                Some(layout::RECORD) => image.records.push((key[1..].to_vec(), value)),
                Some(layout::JOURNAL) => {
                    let at = layout::number(&key[1..]).ok_or_else(|| self.corrupt(&key))?;
                    if at <= revision {
                        image.journal.push((at, value));
                    }
                }
                _ => {}
            }
        }
        Ok(image)
    }

    /// Returns the newest `limit` entries of the history, newest first.
    pub(super) fn history(&self, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let newest = self.sled.scan_prefix([layout::HISTORY]).rev().take(limit);
        newest
            .map(|item| {
                let (key, value) = item.map_err(self.fault("read"))?;
                let at = layout::number(&key[1..]).ok_or_else(|| self.corrupt(&key))?;
                Ok((at, value.to_vec()))
            })
            .collect()
    }
}
