//! Copies of earlier runs: what a stack was before each of the last ones that changed it.
//!
//! When a new copy takes the place of one of another revision, that moves to a folder beside it. Nothing is written for
//! it, so a run costs no more than its own copy. A copy has what the database had, secrets sealed as they are there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::copy;
use super::mark::Mark;
use super::private;
use crate::clock::Timestamp;
use crate::state::{Backup, Origin, Remains};

/// How many are kept if nothing is said.
pub(super) const KEPT: usize = 5;

/// The folder in a stack's folder.
pub(super) fn folder(stack: &Path) -> PathBuf {
    stack.join("backups")
}

/// The name of a copy: by revision, and by the lease that left it.
pub(super) fn name(come: Mark) -> String {
    format!("{}-{}", come.revision, come.fence)
}

/// Moves a copy to the earlier ones, of which the newest `kept` stay.
pub(super) fn keep(stack: &Path, copy: &Path, kept: usize) {
    let Some(come) = copy::come(copy) else { return };
    let folder = folder(stack);
    let moved = private::make_folder(&folder).and_then(|()| {
        // It was written by an earlier run, so it is on the disk by now, most likely.
        File::open(copy)?.sync_all()?;
        fs::rename(copy, folder.join(name(come)))
    });
    if let Err(error) = moved {
        tracing::debug!(folder = %folder.display(), %error, "a copy of an earlier run is not kept");
    }
    for (_, old) in list(stack).into_iter().skip(kept) {
        // One too many does no harm.
        let _ = fs::remove_file(old);
    }
}

/// Lists those that are there, the newest first.
pub(super) fn list(stack: &Path) -> Vec<(Mark, PathBuf)> {
    let entries = fs::read_dir(folder(stack)).into_iter().flatten().flatten();
    let named = |path: PathBuf| {
        let come = copy::come(&path)?;
        // Whatever else is there is not ours to count, or to remove.
        (path.file_name()?.to_str()? == name(come)).then_some((come, path))
    };
    let mut found: Vec<(Mark, PathBuf)> = entries.filter_map(|entry| named(entry.path())).collect();
    found.sort_by_key(|(come, _)| std::cmp::Reverse((come.fence, come.revision)));
    found
}

/// Describes those that are there, the newest first.
pub(super) fn backups(stack: &Path) -> Vec<Backup> {
    let described = |(come, path): (Mark, PathBuf)| {
        let file = fs::metadata(path).ok()?;
        let left = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let left = Timestamp(u64::try_from(left.as_millis()).ok()?);
        Some(Backup { name: name(come), revision: come.revision, left, bytes: file.len() })
    };
    list(stack).into_iter().filter_map(described).collect()
}

/// Reads one; none if there is none of that name, or it is damaged.
pub(super) fn read(stack: &Path, wanted: &str) -> Option<Remains> {
    let (come, path) = list(stack).into_iter().find(|(come, _)| name(*come) == wanted)?;
    remains(&path, Origin::Backup(name(come)))
}

/// Reads a copy as a part of what is left of a stack.
pub(super) fn remains(path: &Path, origin: Origin) -> Option<Remains> {
    let (_, copy::Content { image, folded, history, .. }) = copy::read_any(path)?;
    Some(Remains { origin, folded, records_at: Vec::new(), image, history })
}
