//! What a database held when it was last closed, in a file that readers read instead of the database.
//!
//! To open sled costs more than all that a preview of a thousand resources does besides: it starts threads, and syncs
//! its files. Most commands only read, so whoever closes a database leaves a copy of it behind.
//!
//! A copy is as good as the database if nothing happened since. Its first line says where it comes from: how far the
//! database had come, which the [`Mark`] tells that is written before anything is acknowledged; and what the
//! database's file was like. Neither is synced, so it also says in which boot of the machine: after a loss of power
//! there is no copy. Whoever holds a stack never reads one.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::database::Database;
use super::mark::Mark;
use super::slot::Held;
use super::wire::{Answer, Ask};
use super::{database, side};
use crate::state::{Fold, Image, Records};

/// The file in a stack's folder.
const NAME: &str = "copy";

/// Up to how many bytes a copy has: a run writes no more than this besides its own entries. In greater stacks the
/// time to open the database is a small part of what reading them takes.
const LIMIT: u64 = 4 << 20;

/// A copy that is not written yet.
pub(super) struct Copy {
    mark: Mark,
    file: String,
    answer: Vec<u8>,
}

impl Copy {
    /// Takes a copy of a stack that is held; none if it is not known to be sound.
    pub(super) fn of_held(held: &Held) -> Option<Self> {
        held.sound().ok()?;
        let database = &held.database;
        let Some(Fold { upto, records: Records::All(mut all), history, .. }) = held.take_offer() else {
            return Self::of(database);
        };
        all.sort_unstable();
        let (meta, _) = database.meta().ok()?;
        let image = Image { revision: upto, meta, records: all, journal: history, damage: None };
        Self::with(database, &Answer::Image(image))
    }

    /// Takes a copy of a database; none if it is damaged, or too large.
    pub(super) fn of(database: &Database) -> Option<Self> {
        if database.size().ok()? > LIMIT {
            return None;
        }
        let answer = database.answer(Ask::Load, database.come().revision).ok()?;
        let damaged = matches!(&answer, Answer::Image(image) if image.damage.is_some());
        if damaged { None } else { Self::with(database, &answer) }
    }

    /// Takes the copy that is in `folder`, to leave it there again after the database was opened: that changes the
    /// file, and what the database would be copied to is read more slowly than what its last holder offered.
    pub(super) fn kept(folder: &Path) -> Option<Self> {
        // The mark that the copy was checked against: another one might be of what was written since.
        let (file, mark, bytes) = found(folder)?;
        let answer = checked(&bytes, &file, mark)?.to_vec();
        Some(Self { mark, file: name(&file), answer })
    }

    fn with(database: &Database, answer: &Answer) -> Option<Self> {
        boot()?;
        let (mark, file) = (database.come(), name(&stat(database.folder())?));
        let answer = answer.encode();
        (answer.len() as u64 <= LIMIT).then_some(Self { mark, file, answer })
    }

    /// Leaves the copy in `folder`, after the database was closed. Without it readers are only slower.
    pub(super) fn leave(self, folder: &Path) {
        // Whoever has the lock by now may have put another database there.
        let Some(file) = stat(folder).filter(|file| name(file) == self.file) else { return };
        let Some(mut bytes) = origin(&file, self.mark).map(String::into_bytes) else { return };
        bytes.extend_from_slice(&crc32fast::hash(&self.answer).to_be_bytes());
        bytes.extend_from_slice(&self.answer);
        if let Err(error) = side::write_bytes(folder, NAME, &bytes) {
            tracing::debug!(folder = %folder.display(), %error, "no copy is left for readers");
        }
    }
}

/// Reads the copy in `folder`; none if there is none that is as good as the database.
pub(super) fn read(folder: &Path) -> Option<Image> {
    let (file, mark, bytes) = found(folder)?;
    match Answer::decode(checked(&bytes, &file, mark)?)? {
        Answer::Image(image) => Some(image),
        _ => None,
    }
}

/// Reads what a copy in `folder` is checked against, and then its bytes.
fn found(folder: &Path) -> Option<(Metadata, Mark, Vec<u8>)> {
    Some((stat(folder)?, Mark::read(folder)?, fs::read(folder.join(NAME)).ok()?))
}

/// Returns the answer in the bytes of a copy, if it is whole and as good as the database in `file` at `mark`.
fn checked<'a>(bytes: &'a [u8], file: &Metadata, mark: Mark) -> Option<&'a [u8]> {
    let rest = bytes.strip_prefix(origin(file, mark)?.as_bytes())?;
    let (sum, answer) = rest.split_first_chunk::<4>()?;
    (crc32fast::hash(answer) == u32::from_be_bytes(*sum)).then_some(answer)
}

/// Says where a copy comes from, in one line: equal lines, equal content.
fn origin(file: &Metadata, Mark { fence, revision }: Mark) -> Option<String> {
    let (boot, name, length, modified) = (boot()?, name(file), file.len(), nanos(file.modified())?);
    Some(format!("sskuba-copy 1 {boot} {fence} {revision} {name} {length} {modified}\n"))
}

fn stat(folder: &Path) -> Option<Metadata> {
    fs::metadata(database::file(folder)).ok()
}

/// Tells a file from one that takes its place, as far as the system does.
fn name(file: &Metadata) -> String {
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(file);
    #[cfg(not(unix))]
    let number = 0;
    format!("{number}-{}", nanos(file.created()).unwrap_or_default())
}

fn nanos(time: io::Result<SystemTime>) -> Option<u128> {
    Some(time.ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos())
}

/// Names this boot of this machine; none where the system does not say.
fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(id.trim().to_owned()).filter(|id| !id.is_empty())
}
