//! What of a database's files sled leaves to chance: its flush pushes the bytes of its log out, and syncs neither the
//! log's length nor the disk's own cache, nor the files beside the log.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::database::file;
use super::{private, sidecar};

/// For how long a folder may change without its time of change showing it.
const TICK: Duration = Duration::from_millis(100);

/// The database's files once more.
#[derive(Debug)]
pub(super) struct Disk {
    file: File,
    blobs: PathBuf,
    known: Mutex<Known>,
}

/// What of the folder of large pages is durable.
#[derive(Debug, Default)]
struct Known {
    /// When it was last changed, if that tells whether it has been changed since.
    changed: Option<SystemTime>,
    names: HashSet<OsString>,
}

impl Disk {
    /// Opens the files of the database in `folder`.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let (file, blobs) = (File::open(file(folder))?, folder.join("blobs"));
        Ok(Self { file, blobs, known: Mutex::default() })
    }

    /// Makes durable what was flushed.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()?;
        self.sync_large()
    }

    /// Makes durable the large pages that have files of their own. The log names such a file, and sled takes a page
    /// whose file is not there for one that was never written: so the files come before the log.
    pub(super) fn sync_large(&self) -> io::Result<()> {
        let changed = fs::metadata(&self.blobs)?.modified()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.changed == Some(changed) {
            return Ok(());
        }
        let mut names = HashSet::new();
        for entry in fs::read_dir(&self.blobs)? {
            let name = entry?.file_name();
            if !known.names.contains(&name) {
                // sled made it for everybody to read.
                let _ = private::close_to_others(&self.blobs);
                sync_file(&self.blobs.join(&name))?;
            }
            names.insert(name);
        }
        if known.names != names || known.changed.is_none() {
            sync_folder(&self.blobs)?;
        }
        let settled = self.file.metadata()?.modified()?.duration_since(changed).is_ok_and(|age| age > TICK);
        *known = Known { changed: settled.then_some(changed), names };
        Ok(())
    }
}

/// Reads all of the log in `folder`. sled takes a log that it cannot read for one that ends there, and clears the
/// rest of it: so what the disk does not give is found out before sled asks, and what sled is about to clear is known.
pub(super) fn read_through(folder: &Path) -> io::Result<Vec<u8>> {
    fs::read(file(folder))
}

/// The file in `folder` with the bytes that a damaged log had before sled opened it.
pub(super) fn before(folder: &Path) -> PathBuf {
    folder.join("db.before")
}

/// Keeps what a log had before sled opened it, for a repair; what was kept first is what counts.
pub(super) fn keep_before(folder: &Path, bytes: &[u8]) {
    let path = before(folder);
    if path.exists() {
        return;
    }
    if let Err(error) = sidecar::write_bytes(folder, "db.before", bytes) {
        tracing::warn!(path = %path.display(), %error, "a repair will find less");
    }
}

/// Removes from `folder` what an opening that was cut short left half written, which sled takes for damage.
pub(super) fn drop_torn_files(folder: &Path) -> io::Result<()> {
    drop_torn_settings(folder)?;
    drop_torn_snapshots(folder)
}

/// Removes snapshots that sled had not written to their end; unless somebody has the database open, and is about to.
fn drop_torn_snapshots(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut torn = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "generating") {
            torn.push(path);
        }
    }
    if torn.is_empty() {
        return Ok(());
    }
    let lock = match File::open(file(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        lock => lock?,
    };
    if lock.try_lock().is_err() {
        return Ok(());
    }
    torn.iter().try_for_each(fs::remove_file)
}

/// Removes the settings in `folder` if they are not whole: whoever made the database died before it was used. They
/// only repeat what sled is told whenever it opens it, and it writes them anew.
fn drop_torn_settings(folder: &Path) -> io::Result<()> {
    let path = settings(folder);
    let bytes = match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        bytes => bytes?,
    };
    let whole = bytes
        .split_last_chunk::<4>()
        .is_some_and(|(text, sum)| !text.is_empty() && crc32fast::hash(text) == u32::from_le_bytes(*sum));
    if whole { Ok(()) } else { fs::remove_file(&path) }
}

/// The file in `folder` in which sled keeps a database's settings.
fn settings(folder: &Path) -> PathBuf {
    folder.join("conf")
}

/// Makes durable what a new database needs beside its log: its settings, and the names of all that was made.
pub(super) fn sync_new(folder: &Path) -> io::Result<()> {
    sync_file(&settings(folder))?;
    folder.ancestors().take(4).try_for_each(sync_folder)
}

/// Makes a file durable; one that is gone again needs nothing.
fn sync_file(path: &Path) -> io::Result<()> {
    match File::options().write(true).open(path) {
        Ok(file) => file.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the names in `folder` durable, where the system can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
