//! What went wrong in sled or the file system, in the store's own words.

use std::any::Any;
use std::io;
use std::path::Path;

use super::mark::Mark;
use crate::state::StoreError;

/// Says what the system answered while `action` was tried on `path`.
pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { action, place: path.display().to_string(), error: source }
}

/// Says what sled answered while `action` was tried on the database at `path`.
pub(super) fn sled(action: &'static str, path: &Path, error: ::sled::Error) -> StoreError {
    use ::sled::Error;
    match error {
        Error::Io(source) => io(action, path, source),
        Error::Corruption { at, .. } => {
            let page = at.map_or("page".to_owned(), |at| format!("page at {at:?}"));
            corrupt(page, path, "its checksum does not fit".into())
        }
        Error::Unsupported(why) => {
            StoreError::Unsupported(format!("failed to {action} {}: {why}", path.display()))
        }
        Error::CollectionNotFound(name) => {
            corrupt(String::from_utf8_lossy(&name).into_owned(), path, "it is missing".into())
        }
        other => corrupt("page".into(), path, other.to_string()),
    }
}

/// Says that what is stored under `key` cannot be read.
pub(super) fn corrupt(key: String, path: &Path, why: String) -> StoreError {
    StoreError::Corrupt { key, place: path.display().to_string(), why }
}

/// Says that a database ends before its mark.
pub(super) fn cut(path: &Path, found: Mark, mark: Mark) -> StoreError {
    let why = format!(
        "it ends at revision {} and lease {}, and revision {} and lease {} had been written",
        found.revision, found.fence, mark.revision, mark.fence
    );
    corrupt("journal".to_owned(), path, why)
}

/// Says that reading panicked: sled does where its own structures are damaged.
pub(super) fn panicked(path: &Path, panic: &(dyn Any + Send)) -> StoreError {
    let why = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("sled gave up");
    corrupt("page".into(), path, why.lines().next().unwrap_or_default().to_owned())
}
