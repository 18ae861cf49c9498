//! What is left of a stack, and making it anew out of that.
//!
//! A new database is made in a folder beside the stack's. When it is whole the old folder is renamed, and then the new
//! one: of a program that is killed between the two nothing remains to be done but the second, which
//! [`finish`](folders::finish) does for whoever comes next.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::Ordering;

use super::copy::Copy;
use super::database::{self, Database, Opening};
use super::lease_entry::LeaseEntry;
use super::mark::Mark;
use super::wire::{Answer, Ask};
use super::{
    Sled, blocking, busy, carve, copy, earlier, fault, folders, lock_patiently, open_patiently, private,
};
use crate::address::StackId;
use crate::state::{Anew, Fold, Image, Leftovers, Origin, Records, Remains, StoreError};

impl Sled {
    /// Returns all that is left of a stack: from the database itself, never from a copy in its place.
    pub(super) async fn remains_of(&self, stack: &StackId) -> Result<Leftovers, StoreError> {
        let entry = self.entry(stack).write_owned().await;
        let (folder, id) = (self.folder(stack), stack.clone());
        blocking(&self.folder(stack), move || {
            // Before the database is opened, which may change the file.
            let pieces = carve::carve(&folder);
            let copied = copy_of(&folder);
            let mut leftovers = Leftovers::default();
            match read(&entry, &id, &folder) {
                Ok(Some(part)) => leftovers.parts.push(part),
                Ok(None) => {}
                Err(error @ StoreError::Corrupt { .. }) => leftovers.broken = Some(error),
                Err(error) => return Err(error),
            }
            leftovers.parts.extend(copied);
            leftovers.parts.extend(pieces);
            let known = leftovers.parts.iter().map(|part| part.image.revision).max();
            let marked = Mark::read(&folder).map_or(0, |mark| mark.revision);
            leftovers.acknowledged = marked.max(known.unwrap_or(0));
            Ok(leftovers)
        })
        .await
    }
}

/// Reads the copies of a stack: the last one, and earlier ones.
fn copy_of(folder: &Path) -> Vec<Remains> {
    let last = earlier::remains(&copy::path(folder), Origin::Copy);
    let earlier = earlier::list(folder).into_iter();
    let earlier =
        earlier.filter_map(|(come, path)| earlier::remains(&path, Origin::Backup(earlier::name(come))));
    last.into_iter().chain(earlier).collect()
}

/// Reads the database, whether it is held here or not.
fn read(entry: &LeaseEntry, stack: &StackId, folder: &Path) -> Result<Option<Remains>, StoreError> {
    let answer = |database: &Database, revision| match database.answer(Ask::Load, revision)? {
        Answer::Image(image) => Ok(Some(remains(image, database)?)),
        _ => Ok(None),
    };
    if let Some(held) = &entry.held {
        held.sound()?;
        return answer(&held.database, held.durable.load(Ordering::Acquire));
    }
    match open_patiently(folder, false)? {
        Opening::Missing => Ok(None),
        Opening::Locked => Err(busy(stack, folder)),
        Opening::Open(database) => answer(&database, database.revision()?),
    }
}

fn remains(image: Image, database: &Database) -> Result<Remains, StoreError> {
    Ok(Remains { folded: database.folded()?, ..Remains::of_database(image) })
}

/// Makes the stack in `folder` anew; says where what was there is now.
pub(super) fn rebuild(folder: &Path, anew: Anew) -> Result<String, StoreError> {
    // Whoever opens it meanwhile waits, or is told that it is in use.
    let old = File::open(database::file(folder)).ok();
    if let Some(old) = &old
        && !lock_patiently(old)
    {
        return Err(fault::io("lock", folder, std::io::Error::other("somebody else holds it")));
    }
    let copies = earlier::list(folder).into_iter().map(|(come, _)| come.fence);
    let copies = copies.chain(copy::come(&copy::path(folder)).map(|come| come.fence));
    let fence = copies.chain(Mark::read(folder).map(|mark| mark.fence)).max().unwrap_or(0) + 1;
    make_fresh(folder, fence, anew)?;
    let aside = folders::set_aside(folder)?;
    folders::finish(folder)?;
    Ok(aside)
}

/// Makes a new database beside that in `folder`, to take its place; returns a copy of it for readers.
fn make_fresh(folder: &Path, fence: u64, anew: Anew) -> Result<Option<Copy>, StoreError> {
    let fresh = folders::fresh(folder);
    let fail = |error| fault::io("make anew", folder, error);
    folders::remove_fresh(folder).and_then(|()| private::make_folder(&fresh)).map_err(fail)?;
    let Opening::Open(database) = Database::open(&fresh, true)? else {
        return Err(fail(std::io::Error::other("another program does the same")));
    };
    database.set_fence(fence)?;
    let (upto, records) = (anew.revision, Records::All(anew.records));
    let meta = anew.meta.into_iter().collect();
    database.fold(Fold { upto, records, history: anew.history, meta })?;
    if !anew.entries.is_empty() {
        database.append(upto, &anew.entries)?;
    }
    Ok(Copy::of(&database))
}

/// Returns all that a database that is held has, to make it anew.
pub(super) fn all_of(database: &Database) -> Result<Anew, StoreError> {
    let revision = database.come().revision;
    let (Answer::Image(image), Answer::History(history)) = (
        database.answer(Ask::Load, revision)?,
        database.answer(Ask::History { limit: usize::MAX }, revision)?,
    ) else {
        return Ok(Anew::default());
    };
    if let Some(damage) = image.damage {
        return Err(damage.into());
    }
    let entries = image.journal.into_iter().map(|(_, entry)| entry).collect();
    Ok(Anew { revision: database.folded()?, meta: image.meta, records: image.records, history, entries })
}

/// Makes the files of the stack in `folder` anew, with `anew`, which is what they had at `mark`, and removes the old ones
/// and the copies beside them: sled leaves in its file what it no longer needs. Does nothing if somebody else has taken
/// the stack since.
pub(super) fn renew(folder: &Path, mark: Mark, anew: Anew, backups: usize) -> Result<bool, StoreError> {
    let old = File::open(database::file(folder)).map_err(|error| fault::io("open", folder, error))?;
    // A reader has it for a moment, and so has sled after it was closed.
    if !lock_patiently(&old) || Mark::read(folder) != Some(mark) {
        return Ok(false);
    }
    let copy = make_fresh(folder, mark.fence + 1, anew)?;
    let doomed = folders::doom(folder, mark.fence)?;
    folders::finish(folder)?;
    drop(old);
    fs::remove_dir_all(&doomed).map_err(|error| fault::io("remove", &doomed, error))?;
    if let Some(copy) = copy {
        copy.leave(folder, backups);
    }
    Ok(true)
}
