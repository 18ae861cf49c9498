//! What a database held when it was last closed, in a file that readers read instead of the database.
//!
//! To open sled costs more than all that a preview of a thousand resources does besides: it starts threads, and syncs
//! its files. Most commands only read, so whoever closes a database leaves a copy of it behind.
//!
//! A copy is as good as the database if nothing happened since. Its first line says where it comes from: how far the
//! database had come, which the [`Mark`] tells that is written before anything is acknowledged; and what the
//! database's file was like. Neither is synced, so it also says in which boot of the machine: after a loss of power
//! no reader believes it. Whoever holds a stack never reads one.
//!
//! A repair reads copies too, the last one and [`earlier`](super::earlier) ones. It believes the checksum, and what
//! the first line says of how far the database had come, and needs nothing else of it.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::database::Database;
use super::layout::Entries;
use super::lease_entry::Held;
use super::mark::Mark;
use super::wire::{Answer, Ask};
use super::{database, earlier, sidecar};
use crate::state::{Fold, Image, Records};

/// The file in a stack's folder.
const NAME: &str = "copy";

/// What the first line begins with.
const FORM: &str = "sskuba-copy 2";

/// How many entries of the history a copy has at most: as many as `history` shows, and some more.
const HISTORY: usize = 256;

/// A copy that is not written yet.
pub(super) struct Copy {
    mark: Mark,
    file: String,
    body: Vec<u8>,
}

/// What a copy holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// The stack.
    pub(super) image: Image,
    /// Up to which revision its records have everything.
    pub(super) folded: u64,
    /// The newest entries of the history, newest first.
    pub(super) history: Entries,
    /// Whether those are all.
    pub(super) all_history: bool,
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
        Self::with(database, image, upto)
    }

    /// Takes a copy of a database; none if it is damaged.
    pub(super) fn of(database: &Database) -> Option<Self> {
        let Answer::Image(image) = database.answer(Ask::Load, database.come().revision).ok()? else {
            return None;
        };
        if image.damage.is_some() { None } else { Self::with(database, image, database.folded().ok()?) }
    }

    /// Takes the copy that is in `folder`, to leave it there again after the database was opened: that changes the
    /// file, and what the database would be copied to is read more slowly than what its last holder offered.
    pub(super) fn kept(folder: &Path) -> Option<Self> {
        // The mark that the copy was checked against: another one might be of what was written since.
        let (file, mark, bytes) = found(folder)?;
        let body = checked(&bytes, &file, mark)?.to_vec();
        Some(Self { mark, file: name(&file), body })
    }

    fn with(database: &Database, image: Image, folded: u64) -> Option<Self> {
        let (mark, file) = (database.come(), name(&stat(database.folder())?));
        let Answer::History(mut history) = database.answer(Ask::History { limit: HISTORY + 1 }, 0).ok()?
        else {
            return None;
        };
        let all = u64::from(history.len() <= HISTORY);
        history.truncate(HISTORY);
        let (image, history) = (Answer::Image(image).encode(), Answer::History(history).encode());
        let mut body = Vec::with_capacity(image.len() + history.len() + 24);
        for number in [folded, all, image.len() as u64] {
            body.extend_from_slice(&number.to_be_bytes());
        }
        body.extend_from_slice(&image);
        body.extend_from_slice(&history);
        Some(Self { mark, file, body })
    }

    /// Leaves the copy in `folder`, after the database was closed, and moves one of another revision that is there
    /// to the [`earlier`] ones. Without it readers are only slower, and a repair has less to go by.
    /// `backups` of those are kept.
    pub(super) fn leave(self, folder: &Path, backups: usize) {
        // Whoever has the lock by now may have put another database there.
        let Some(file) = stat(folder).filter(|file| name(file) == self.file) else { return };
        let Some(mut bytes) = origin(&file, self.mark).map(String::into_bytes) else { return };
        if come(&path(folder)).is_some_and(|there| there.revision != self.mark.revision) {
            earlier::keep(folder, &path(folder), backups);
        }
        bytes.reserve(self.body.len() + 4);
        bytes.extend_from_slice(&crc32fast::hash(&self.body).to_be_bytes());
        bytes.extend_from_slice(&self.body);
        if let Err(error) = sidecar::write_bytes(folder, NAME, &bytes) {
            tracing::debug!(folder = %folder.display(), %error, "no copy is left for readers");
        }
    }
}

/// The copy in `folder`.
pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// Reads the copy in `folder`; none if there is none that is as good as the database.
pub(super) fn read(folder: &Path) -> Option<Content> {
    let (file, mark, bytes) = found(folder)?;
    decode(checked(&bytes, &file, mark)?)
}

/// Reads a copy that is whole, however old, and how far its database had come.
pub(super) fn read_any(path: &Path) -> Option<(Mark, Content)> {
    let bytes = fs::read(path).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((mark_of(&bytes[..end])?, decode(summed(&bytes[end + 1..])?)?))
}

/// Says how far the database of a copy had come, as its first line does.
pub(super) fn come(path: &Path) -> Option<Mark> {
    let mut head = [0; 256];
    let length = io::Read::read(&mut fs::File::open(path).ok()?, &mut head).ok()?;
    let end = head[..length].iter().position(|byte| *byte == b'\n')?;
    mark_of(&head[..end])
}

fn mark_of(line: &[u8]) -> Option<Mark> {
    let mut words = std::str::from_utf8(line).ok()?.strip_prefix(FORM)?.split(' ').skip(2);
    Some(Mark { fence: words.next()?.parse().ok()?, revision: words.next()?.parse().ok()? })
}

fn decode(body: &[u8]) -> Option<Content> {
    let (folded, rest) = number(body)?;
    let (all, rest) = number(rest)?;
    let (length, rest) = number(rest)?;
    let (image, history) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    match (Answer::decode(image)?, Answer::decode(history)?) {
        (Answer::Image(image), Answer::History(history)) => {
            Some(Content { image, folded, history, all_history: all == 1 })
        }
        _ => None,
    }
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}

/// Reads what a copy in `folder` is checked against, and then its bytes.
fn found(folder: &Path) -> Option<(Metadata, Mark, Vec<u8>)> {
    boot()?;
    Some((stat(folder)?, Mark::read(folder)?, fs::read(path(folder)).ok()?))
}

/// Returns the body in the bytes of a copy, if it is whole and as good as the database in `file` at `mark`.
fn checked<'a>(bytes: &'a [u8], file: &Metadata, mark: Mark) -> Option<&'a [u8]> {
    summed(bytes.strip_prefix(origin(file, mark)?.as_bytes())?)
}

/// Returns what follows a checksum that fits it.
fn summed(bytes: &[u8]) -> Option<&[u8]> {
    let (sum, body) = bytes.split_first_chunk::<4>()?;
    (crc32fast::hash(body) == u32::from_be_bytes(*sum)).then_some(body)
}

/// Says where a copy comes from, in one line: equal lines, equal content. Where the system does not name its boot no
/// reader believes it.
fn origin(file: &Metadata, Mark { fence, revision }: Mark) -> Option<String> {
    let (name, length, modified) = (name(file), file.len(), nanos(file.modified())?);
    let boot = boot().unwrap_or_else(|| "-".to_owned());
    Some(format!("{FORM} {boot} {fence} {revision} {name} {length} {modified}\n"))
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
