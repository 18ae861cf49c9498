//! Files beside a database: who holds it, and where readers ask.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::fault;
use crate::state::StoreError;

/// Who holds the stack.
pub(super) const HOLDER: &str = "holder.json";
/// Where readers ask while it is held.
pub(super) const READER: &str = "reader.json";

/// Writes `value` wholly or not at all, readable by the owner alone.
pub(super) fn write(folder: &Path, name: &str, value: &impl Serialize) -> Result<(), StoreError> {
    let bytes =
        serde_json::to_vec(value).map_err(|error| fault::io("write", &folder.join(name), error.into()))?;
    write_bytes(folder, name, &bytes)
}

/// Writes bytes as [`write`] does.
pub(super) fn write_bytes(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let path = folder.join(name);
    let partial = folder.join(format!("{name}.new"));
    // What a killed program left, which may be readable by others.
    remove(folder, &format!("{name}.new"))?;
    let attempt = || {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&partial)?.write_all(bytes)?;
        fs::rename(&partial, &path)
    };
    attempt().map_err(|error| {
        // Half of it is of no use, and the disk may be full.
        let _ = fs::remove_file(&partial);
        fault::io("write", &path, error)
    })
}

/// Reads a file; none if it is missing or is not what it should be, which says as much: nobody vouches for it.
pub(super) fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Option<T> {
    serde_json::from_slice(&fs::read(folder.join(name)).ok()?).ok()
}

/// Removes a file, if it is there.
pub(super) fn remove(folder: &Path, name: &str) -> Result<(), StoreError> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault::io("remove", &path, error)),
        _ => Ok(()),
    }
}
