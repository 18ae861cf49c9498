//! A duplicate of a database that nobody holds, for readers where no copy is as good: opening sled writes to the folder
//! that it opens, and whoever only reads writes nothing.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use tempfile::TempDir;

use super::database::{Database, Opening, file};
use super::wire::{Answer, Ask};
use super::{copy, disk, sidecar};
use crate::state::StoreError;

/// What came of duplicating a database.
pub(super) enum Duplicated {
    /// It is in this folder, which goes with the value.
    Made(TempDir),
    /// Somebody has it open.
    Locked,
    /// There is none, or it cannot be duplicated: the database itself has to be asked.
    Not,
}

/// Duplicates the database in `folder`, while nobody can open it for writing.
pub(super) fn duplicate(folder: &Path) -> Duplicated {
    let Ok(lock) = File::open(file(folder)) else { return Duplicated::Not };
    match lock.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Duplicated::Locked,
        Err(TryLockError::Error(_)) => return Duplicated::Not,
    }
    match copied(folder) {
        Ok(there) => Duplicated::Made(there),
        Err(error) => {
            tracing::debug!(folder = %folder.display(), %error, "the database cannot be duplicated");
            Duplicated::Not
        }
    }
}

fn copied(folder: &Path) -> io::Result<TempDir> {
    let there = tempfile::Builder::new().prefix("sskuba-").tempdir()?;
    // What is beside the database, and no part of it.
    let beside = [
        copy::path(folder),
        disk::before(folder),
        folder.join(sidecar::HOLDER),
        folder.join(sidecar::READER),
    ];
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let to = there.path().join(entry.file_name());
        if entry.file_type()?.is_file() && !beside.contains(&entry.path()) {
            fs::copy(entry.path(), to)?;
        } else if entry.file_name() == "blobs" {
            fs::create_dir(&to)?;
            for blob in fs::read_dir(entry.path())? {
                let blob = blob?;
                fs::copy(blob.path(), to.join(blob.file_name()))?;
            }
        }
    }
    Ok(there)
}

/// Answers from a duplicate of the database in `folder`; none if it was being made.
pub(super) fn answer(
    there: &Path,
    folder: &Path,
    ask: Ask,
) -> Result<(Option<Answer>, Option<Box<Database>>), StoreError> {
    let place = || folder.display().to_string();
    let here = |error: StoreError| match error {
        StoreError::Corrupt { key, why, .. } => StoreError::Corrupt { key, place: place(), why },
        StoreError::Io { action, error, .. } => StoreError::Io { action, place: place(), error },
        other => other,
    };
    let Opening::Open(database) = Database::open(there, false).map_err(here)? else {
        return Ok((None, None));
    };
    let mut answer = database.answer_unheld(ask).map_err(here)?;
    if let Some(Answer::Image(image)) = &mut answer {
        image.damage.iter_mut().for_each(|damage| damage.place = place());
    }
    Ok((answer, Some(database)))
}
