//! One stack's database. Everything here blocks, and runs on threads that may.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::sled::Batch;

use super::disk::{self, Disk};
use super::frame::Sort;
use super::journal::{self, Journal};
use super::layout::{self, Entries, Written};
use super::mark::{Mark, Marker};
use super::sum::Sum;
use super::{fault, private, wire};
use crate::state::{Damage, Fold, Image, Records, StoreError};

/// The size of sled's segments in bytes: its buffer, and what its file grows by. Pages of more than a quarter go to
/// files of their own.
const SEGMENT: usize = 512 * 1024;

/// The size of sled's cache of pages in bytes.
const CACHE: u64 = 4 * 1024 * 1024;

/// From how many new records on a fold makes room for them first.
const ROOM: usize = 16;

/// What each key is to have; none is nothing. What comes later counts.
type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// What came of opening a database.
pub(super) enum Opening {
    /// It is open, and locked.
    Open(Box<Database>),
    /// Somebody else has it open.
    Locked,
    /// There is none.
    Missing,
}

/// An open database; its lock is held until it is dropped.
#[derive(Debug)]
pub(super) struct Database {
    journal: Mutex<Journal>,
    sled: ::sled::Db,
    disk: Disk,
    folder: PathBuf,
    /// How far it has come, and what says so.
    marker: Mutex<(Mark, Marker)>,
    /// What the log was before sled opened it, until it is known to be whole.
    original: Mutex<Option<Vec<u8>>>,
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
        let path = file(folder);
        private::refuse_links(folder)?;
        let exists = fs::exists(&path).map_err(|error| fault::io("open", &path, error))?;
        let mark = Mark::read(folder);
        if let (false, Some(mark)) = (exists, mark) {
            return Err(fault::cut(folder, Mark::default(), mark));
        }
        if !exists && !create {
            return Ok(Opening::Missing);
        }
        if !exists {
            private::make_folders(folder)?;
            // sled would make it for everybody to read.
            private::make_file(&path).map_err(|error| fault::io("create", &path, error))?;
        }
        private::close_to_others(folder)?;
        disk::drop_torn_files(folder).map_err(|error| fault::io("open", folder, error))?;
        let original = match exists {
            true => disk::read_through(folder).map_err(|error| fault::io("read", &path, error))?,
            false => Vec::new(),
        };
        match Self::open_sled(folder) {
            Ok(None) => Ok(Opening::Locked),
            Ok(Some((sled, journal))) => {
                Self::opened(folder, sled, journal, mark, create, original).map(Opening::Open)
            }
            Err(error) => {
                if matches!(error, StoreError::Corrupt { .. }) {
                    disk::keep_before(folder, &original);
                }
                Err(error)
            }
        }
    }

    /// Opens sled; none if somebody else has it open. A panic in it is damage.
    fn open_sled(folder: &Path) -> Result<Option<(::sled::Db, Journal)>, StoreError> {
        let config = ::sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE)
            .segment_size(SEGMENT)
            .flush_every_ms(None);
        let open = || match config.open() {
            Ok(sled) => Journal::open(&sled).map(|journal| Some((sled, journal))),
            // sled has no kind for this.
            Err(::sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => Ok(None),
            Err(error) => Err(error),
        };
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(open)) {
            Ok(opened) => opened.map_err(|error| fault::sled("open", folder, error)),
            Err(panic) => Err(fault::panicked(folder, &*panic)),
        }
    }

    /// Prepares what sled opened.
    fn opened(
        folder: &Path,
        sled: ::sled::Db,
        journal: Journal,
        mark: Option<Mark>,
        create: bool,
        original: Vec<u8>,
    ) -> Result<Box<Self>, StoreError> {
        private::close_to_others(folder)?;
        let disk = Disk::open(folder).map_err(|error| fault::io("open", folder, error))?;
        // Without a mark nothing was ever acknowledged, perhaps because whoever made it was killed.
        if create && mark.is_none() {
            disk::sync_new(folder).map_err(|error| fault::io("create", folder, error))?;
        }
        let marker = Mutex::new((Mark::default(), Marker::new(folder)));
        let (journal, original) = (Mutex::new(journal), Mutex::new(Some(original)));
        let database = Self { journal, sled, disk, folder: folder.to_owned(), marker, original };
        let compared = database.compare(mark);
        if compared.is_err() {
            database.damaged();
        }
        compared.map(|()| Box::new(database))
    }

    fn take_original(&self) -> Option<Vec<u8>> {
        self.original.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps what the log had before sled opened it: it is damaged, and sled may have cleared some of it.
    fn damaged(&self) {
        if let Some(original) = self.take_original() {
            disk::keep_before(&self.folder, &original);
        }
    }

    /// Notes that all of it can be read.
    fn whole(&self) {
        if self.take_original().is_some() {
            let _ = fs::remove_file(disk::before(&self.folder));
        }
    }

    /// Returns up to which revision entries are folded.
    pub(super) fn folded(&self) -> Result<u64, StoreError> {
        self.number(layout::FOLDED)
    }

    /// Makes sure that the database has come as far as it once had.
    fn compare(&self, mark: Option<Mark>) -> Result<(), StoreError> {
        let found = Mark { fence: self.fence()?, revision: self.revision()? };
        if let Some(mark) = mark.filter(|mark| found.fence < mark.fence || found.revision < mark.revision) {
            return Err(fault::cut(&self.folder, found, mark));
        }
        self.marker().0 = found;
        Ok(())
    }

    fn marker(&self) -> MutexGuard<'_, (Mark, Marker)> {
        self.marker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks how far the database has come, after that is durable.
    fn mark(&self, come: impl FnOnce(&mut Mark)) {
        let mut marker = self.marker();
        let (mark, writer) = &mut *marker;
        come(mark);
        if let Err(error) = writer.write(*mark) {
            // What is recorded is safe; only damage that comes later may go unseen.
            tracing::warn!(folder = %self.folder.display(), %error, "the mark cannot be written");
        }
    }

    /// Returns the folder that it is in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns how far it has come.
    pub(super) fn come(&self) -> Mark {
        self.marker().0
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, action: &'static str) -> impl Fn(::sled::Error) -> StoreError + '_ {
        move |error| fault::sled(action, &self.folder, error)
    }

    fn journal_fault(&self, fault: journal::Fault) -> StoreError {
        match fault {
            journal::Fault::Sled(error) => fault::sled("read", &self.folder, error),
            journal::Fault::Entry(at, why) => {
                fault::corrupt(format!("entry {at}"), &self.folder, why.to_owned())
            }
        }
    }

    fn corrupt(&self, key: &[u8], why: &str) -> StoreError {
        fault::corrupt(key.escape_ascii().to_string(), &self.folder, why.to_owned())
    }

    /// Makes durable the large pages that were made since; before anything else is written, since sled may then write
    /// the part of its log that names them.
    fn sync_large(&self) -> Result<(), StoreError> {
        self.disk.sync_large().map_err(|error| fault::io("write to", &self.folder, error))
    }

    /// Makes durable what was applied.
    fn flush(&self) -> Result<(), StoreError> {
        self.sync_large()?;
        self.sled.flush().map_err(self.fault("write to"))?;
        self.disk.sync().map_err(|error| fault::io("write to", &self.folder, error))
    }

    /// Makes changes, all or none, and makes them durable.
    fn commit(&self, changes: Changes) -> Result<(), StoreError> {
        self.apply(changes)?;
        self.flush()
    }

    /// Makes changes, all or none. sled divides and joins pages when they are read next, outside of any batch: that is
    /// done here, so that no reader writes, and the large pages that it makes are durable before the log names them.
    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let keys: Vec<Vec<u8>> = changes.keys().cloned().collect();
        let mut batch = Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        self.sync_large()?;
        self.sled.apply_batch(batch).map_err(self.fault("write to"))?;
        for key in keys {
            self.sled.contains_key(key).map_err(self.fault("read"))?;
        }
        Ok(())
    }

    fn number(&self, key: &[u8]) -> Result<u64, StoreError> {
        let Some(bytes) = self.sled.get(key).map_err(self.fault("read"))? else { return Ok(0) };
        layout::number(&bytes).ok_or_else(|| self.corrupt(key, "it is not a number of 8 bytes"))
    }

    /// Returns the newest fencing number; 0 if nobody ever held the stack.
    pub(super) fn fence(&self) -> Result<u64, StoreError> {
        self.number(layout::FENCE)
    }

    /// Records a fencing number.
    pub(super) fn set_fence(&self, fence: u64) -> Result<(), StoreError> {
        self.commit(Changes::from([(layout::FENCE.to_vec(), Some(fence.to_be_bytes().to_vec()))]))?;
        self.mark(|mark| mark.fence = fence);
        Ok(())
    }

    /// Returns the stack's revision.
    pub(super) fn revision(&self) -> Result<u64, StoreError> {
        let last = self.journal().last().map_err(|fault| self.journal_fault(fault))?;
        Ok(last.unwrap_or(0).max(self.number(layout::FOLDED)?))
    }

    /// Adds entries after `base`, at least one: one key, hence all or none.
    pub(super) fn append(&self, base: u64, entries: &[Vec<u8>]) -> Result<(), StoreError> {
        let value = layout::join(Written { at: base + 1, ..self.written() }, entries)?;
        self.journal().append(&self.sled, base + 1, value).map_err(self.fault("write to"))?;
        self.flush()?;
        self.mark(|mark| mark.revision = base + entries.len() as u64);
        Ok(())
    }

    /// Says in frames which lease wrote them, and when.
    fn written(&self) -> Written {
        let come = self.come();
        Written { fence: come.fence, at: come.revision }
    }

    /// Returns the sum over all that is stored, as it was written with it.
    fn sum(&self) -> Result<Sum, StoreError> {
        let Some(bytes) = self.sled.get(layout::SUM).map_err(self.fault("read"))? else {
            return Ok(Sum::default());
        };
        Sum::read(&bytes).ok_or_else(|| self.corrupt(layout::SUM, "it is not a sum of 16 bytes"))
    }

    /// Changes what is stored under a key, and the sum with it; what is there is in the sum if it is `known`.
    fn change(
        &self,
        writes: &mut Changes,
        sum: &mut Sum,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
        known: bool,
    ) -> Result<(), StoreError> {
        // Room for a record is none yet.
        let is_room = |old: &[u8]| old.is_empty() && key.first() == Some(&layout::RECORD);
        let old = self.sled.get(&key).map_err(self.fault("read"))?;
        if let Some(old) = old.filter(|old| known && !is_room(old)) {
            sum.remove(&key, &old);
        }
        if let Some(value) = &value {
            sum.add(&key, value);
        }
        writes.insert(key, value);
        Ok(())
    }

    /// Folds entries into records.
    pub(super) fn fold(&self, fold: Fold) -> Result<(), StoreError> {
        let mut writes = Changes::new();
        self.make_room(fold.records.written())?;
        let all = matches!(fold.records, Records::All(_));
        // Where all are written the old ones do not count: they may not be those that the old sum was made of.
        let mut sum = if all { self.meta()?.1 } else { self.sum()? };
        let mut changes = Changes::new();
        match &fold.records {
            Records::Some { delete, .. } => {
                changes.extend(delete.iter().map(|key| (layout::key(layout::RECORD, key), None)));
            }
            Records::All(_) => {
                for item in self.sled.scan_prefix([layout::RECORD]).keys() {
                    changes.insert(item.map_err(self.fault("read"))?.to_vec(), None);
                }
            }
        }
        let folded = fold.upto.max(self.number(layout::FOLDED)?);
        let by = Written { at: folded, ..self.written() };
        for (key, value) in fold.records.written() {
            let framed = layout::framed(by, Sort::Record, key, value)?;
            changes.insert(layout::key(layout::RECORD, key), Some(framed));
        }
        self.frame_meta(&mut writes, &fold.meta)?;
        let meta = fold.meta.into_iter();
        changes.extend(meta.map(|(key, value)| (layout::key(layout::META, key.as_bytes()), Some(value))));
        for (key, value) in changes {
            let known = !all || key.first() == Some(&layout::META);
            self.change(&mut writes, &mut sum, key, value, known)?;
        }
        writes.insert(layout::SUM.to_vec(), Some(sum.bytes().to_vec()));
        for (revision, entry) in fold.history {
            let by = Written { at: revision, ..by };
            let framed = layout::framed(by, Sort::History, &[], &entry)?;
            writes.insert(layout::numbered(layout::HISTORY, revision).to_vec(), Some(framed));
        }
        writes.insert(layout::FOLDED.to_vec(), Some(folded.to_be_bytes().to_vec()));
        self.commit(writes)?;
        if folded > self.come().revision {
            self.mark(|mark| mark.revision = folded);
        }
        // What is left behind if this is cut short is dropped by the next fold.
        self.journal().drop_folded(&self.sled, folded).map_err(|fault| self.journal_fault(fault))
    }

    /// Writes the keys of new records without their values. sled writes a page again for every eight new keys; it
    /// does so here for the keys alone. Until a value follows, such a key is no record.
    pub(super) fn make_room(&self, put: &[(Vec<u8>, Vec<u8>)]) -> Result<(), StoreError> {
        let mut room = Changes::new();
        for (key, _) in put {
            let key = layout::key(layout::RECORD, key);
            if !self.sled.contains_key(&key).map_err(self.fault("read"))? {
                room.insert(key, Some(Vec::new()));
            }
        }
        if room.len() < ROOM { Ok(()) } else { self.apply(room) }
    }

    /// Writes one small value.
    pub(super) fn put_meta(&self, key: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let (mut writes, mut sum) = (Changes::new(), self.sum()?);
        self.frame_meta(&mut writes, &[(key.to_owned(), value.clone())])?;
        self.change(&mut writes, &mut sum, layout::key(layout::META, key.as_bytes()), Some(value), true)?;
        writes.insert(layout::SUM.to_vec(), Some(sum.bytes().to_vec()));
        self.commit(writes)
    }

    /// Writes all small values in a frame, if some of them change.
    fn frame_meta(&self, writes: &mut Changes, changed: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        if changed.is_empty() {
            return Ok(());
        }
        let (mut meta, _) = self.meta()?;
        meta.extend(changed.iter().cloned());
        let all = layout::join_meta(&meta);
        let framed = layout::framed(self.written(), Sort::Meta, &[], &all)?;
        writes.insert(layout::FRAMED_META.to_vec(), Some(framed));
        Ok(())
    }

    /// Answers what a reader asks of a stack that nobody holds; none if nobody has held it yet, and it is being made this
    /// moment.
    pub(super) fn answer_unheld(&self, ask: wire::Ask) -> Result<Option<wire::Answer>, StoreError> {
        match self.fence()? {
            0 => Ok(None),
            _ => self.answer(ask, self.revision()?).map(Some),
        }
    }

    /// Answers what a reader asks of the stack at `revision`.
    pub(super) fn answer(&self, ask: wire::Ask, revision: u64) -> Result<wire::Answer, StoreError> {
        Ok(match ask {
            wire::Ask::Load => {
                let image = self.image(revision);
                match &image {
                    Ok(image) if image.damage.is_none() => self.whole(),
                    Ok(_) | Err(StoreError::Corrupt { .. }) => self.damaged(),
                    Err(_) => {}
                }
                wire::Answer::Image(image?)
            }
            wire::Ask::History { limit } => wire::Answer::History(self.history(limit)?),
            // Who holds the stack is asked that, not what is stored of it.
            wire::Ask::Stop => wire::Answer::Gone,
        })
    }

    fn image(&self, revision: u64) -> Result<Image, StoreError> {
        let folded = self.number(layout::FOLDED)?;
        // A clone, so that no append waits for a reader.
        let journal = self.journal().clone();
        let journal = journal.entries(folded, revision).map_err(|fault| self.journal_fault(fault))?;
        let (meta, mut sum) = self.meta()?;
        let mut image = Image { revision, journal, meta, ..Image::default() };
        for item in self.sled.scan_prefix([layout::RECORD]) {
            let (key, value) = item.map_err(self.fault("read"))?;
            if let Some(record) = layout::record(&value) {
                sum.add(&key, &value);
                image.records.push((key[1..].to_vec(), record.to_vec()));
            }
        }
        if sum != self.sum()? {
            image.damage = Some(Damage {
                key: "sum".to_owned(),
                place: self.folder.display().to_string(),
                why: "records are missing, or older than those that were written last".to_owned(),
            });
        }
        Ok(image)
    }

    /// Returns the small values, and the sum over them as they are.
    pub(super) fn meta(&self) -> Result<(BTreeMap<String, Vec<u8>>, Sum), StoreError> {
        let (mut meta, mut sum) = (BTreeMap::new(), Sum::default());
        for item in self.sled.scan_prefix([layout::META]) {
            let (key, value) = item.map_err(self.fault("read"))?;
            sum.add(&key, &value);
            meta.insert(String::from_utf8_lossy(&key[1..]).into_owned(), value.to_vec());
        }
        Ok((meta, sum))
    }

    fn history(&self, limit: usize) -> Result<Entries, StoreError> {
        let newest = self.sled.scan_prefix([layout::HISTORY]).rev().take(limit);
        newest
            .map(|item| {
                let (key, value) = item.map_err(self.fault("read"))?;
                let at = layout::number(&key[1..]);
                let at = at.ok_or_else(|| self.corrupt(&key, "its key is not a number of 8 bytes"))?;
                Ok((at, layout::unframed(&value).to_vec()))
            })
            .collect()
    }
}
