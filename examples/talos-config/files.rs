//! Files that are written all or not at all, and that nobody else may read.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use sskuba::core::secret::Secret;
use tempfile::{NamedTempFile, TempDir};

use crate::failure::Failure;

/// Returns those of the files that are there already.
pub(crate) fn taken(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    let paths = names.iter().map(|name| folder.join(name));
    paths.filter(|path| path.symlink_metadata().is_ok()).collect()
}

/// Writes files of mode 0600. What is in their way is replaced if it may be.
///
/// # Errors
/// If one cannot be written, or is in the way; then all is as it was.
pub(crate) fn write(folder: &Path, files: &[(&str, Secret<String>)], replace: bool) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(format!("cannot write to {}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failed)?;
    place(folder, stage(folder, files).map_err(failed)?, replace)
}

/// Writes all files into a folder of their own, where nobody looks for them.
fn stage<'a>(folder: &Path, files: &[(&'a str, Secret<String>)]) -> std::io::Result<Staged<'a>> {
    let own = tempfile::Builder::new().prefix(".talos-config-").tempdir_in(folder)?;
    let mut staged = Vec::new();
    for (name, text) in files {
        let mut file = NamedTempFile::new_in(own.path())?;
        file.write_all(text.expose().as_bytes())?;
        file.as_file().sync_all()?;
        staged.push((*name, file));
    }
    Ok(Staged { own, files: staged })
}

/// What only has to be moved.
struct Staged<'a> {
    own: TempDir,
    files: Vec<(&'a str, NamedTempFile)>,
}

/// Moves every file to its place, or none.
fn place(folder: &Path, staged: Staged<'_>, replace: bool) -> Result<(), Failure> {
    let Staged { own, files } = staged;
    let mut placed: Vec<(PathBuf, PathBuf)> = Vec::new();
    for (name, file) in files {
        let (path, old) = (folder.join(name), own.path().join(format!("old-{name}")));
        let moved = match path.symlink_metadata() {
            Ok(found) if found.is_dir() => Err(std::io::Error::other("a folder has this name")),
            Ok(_) if replace => fs::rename(&path, &old),
            _ => Ok(()),
        };
        placed.push((path.clone(), old));
        let done = moved.and_then(|()| file.persist_noclobber(&path).map(drop).map_err(|error| error.error));
        if let Err(error) = done {
            undo(&placed);
            return Err(Failure::new(format!("cannot write {}: {error}", path.display())));
        }
    }
    Ok(())
}

/// Puts back what was replaced and removes what was new. The last one failed: only its old file may have moved.
fn undo(placed: &[(PathBuf, PathBuf)]) {
    for (at, (path, old)) in placed.iter().enumerate() {
        if at + 1 < placed.len() {
            let _ = fs::remove_file(path);
        }
        if old.symlink_metadata().is_ok() {
            let _ = fs::rename(old, path);
        }
    }
}
