//! Files and folders for their owner alone, and never through a link that somebody else may have put there.
//!
//! sled makes its files as the process makes files, which others may often read. The stack's folder is closed to them
//! when it is made, and what is in it, also by earlier releases, when the database is opened and after it was closed.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::fault;
use crate::state::StoreError;

/// Makes a folder that only its owner may look into, unless it is there.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// Makes the folder of a stack, and those of its project and organisation; the folder above those is there.
pub(super) fn make_folders(stack: &Path) -> Result<(), StoreError> {
    let mut folders: Vec<&Path> = stack.ancestors().take(3).collect();
    folders.reverse();
    folders.into_iter().try_for_each(|folder| {
        refuse_link(folder)?;
        // One that is given as a path of its own has no such folders above it.
        match make_folder(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder != stack => Ok(()),
            made => made.map_err(|error| fault::io("create", folder, error)),
        }
    })
}

/// Makes a file that only its owner may read, unless it is there.
pub(super) fn make_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    match private(&mut options).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Opens a file to write into it; makes it for its owner alone.
pub(super) fn open_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    private(&mut options).open(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Refuses a stack's folder, or a file in it, that is a link: what is written there would be written elsewhere.
pub(super) fn refuse_links(folder: &Path) -> Result<(), StoreError> {
    let within = folder.ancestors().take(3).collect::<Vec<_>>();
    within.into_iter().rev().try_for_each(refuse_link)?;
    each(folder, &mut |path, file| match file.is_symlink() {
        true => Err(linked(path)),
        false => Ok(()),
    })
}

/// Closes to others what is in a stack's folder, and the folder; what is not this user's stays as it is.
pub(super) fn close_to_others(folder: &Path) -> Result<(), StoreError> {
    let Ok(file) = fs::symlink_metadata(folder) else { return Ok(()) };
    close(folder, &file);
    each(folder, &mut |path, file| {
        close(path, file);
        Ok(())
    })
}

#[cfg(unix)]
fn close(path: &Path, file: &Metadata) {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = if file.is_dir() { 0o700 } else { 0o600 };
    if file.is_symlink() || file.permissions().mode() & 0o777 == mode {
        return;
    }
    if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode)) {
        tracing::debug!(path = %path.display(), %error, "others may still read it");
    }
}

#[cfg(not(unix))]
fn close(_: &Path, _: &Metadata) {}

/// Visits all that is in a folder, and in the folders in it; what is gone by then is passed over.
fn each(
    folder: &Path,
    visit: &mut impl FnMut(&Path, &Metadata) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let entries = match fs::read_dir(folder) {
        // Whoever opens what is no folder is told so then.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        entries => entries.map_err(|error| fault::io("list", folder, error))?,
    };
    for entry in entries {
        let path = entry.map_err(|error| fault::io("list", folder, error))?.path();
        let Ok(file) = fs::symlink_metadata(&path) else { continue };
        visit(&path, &file)?;
        if file.is_dir() {
            each(&path, visit)?;
        }
    }
    Ok(())
}

fn refuse_link(path: &Path) -> Result<(), StoreError> {
    match fs::symlink_metadata(path) {
        Ok(file) if file.is_symlink() => Err(linked(path)),
        _ => Ok(()),
    }
}

fn linked(path: &Path) -> StoreError {
    let to = fs::read_link(path).map(|to| to.display().to_string()).unwrap_or_default();
    let why = format!(
        "it is a symbolic link (to {to}), and a stack's folder and files are never links, because whoever can make one \
         could have others' files overwritten; remove it, or name the folder that is meant"
    );
    fault::io("use", path, io::Error::other(why))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_its_owner_alone_and_what_was_open_is_closed() {
        let root = tempfile::tempdir().unwrap();
        let stack = root.path().join("local/demo/dev");
        make_folders(&stack).unwrap();
        let (db, blob) = (stack.join("db"), stack.join("blobs/1"));
        make_file(&db).unwrap();
        fs::create_dir(stack.join("blobs")).unwrap();
        fs::write(&blob, b"x").unwrap();
        fs::set_permissions(&blob, fs::Permissions::from_mode(0o644)).unwrap();
        close_to_others(&stack).unwrap();
        for folder in stack.ancestors().take(3).chain([&*stack.join("blobs")]) {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
        assert_eq!((mode(&db), mode(&blob)), (0o600, 0o600));
    }

    #[test]
    fn links_are_refused_and_named() {
        let root = tempfile::tempdir().unwrap();
        let stack = root.path().join("local/demo/dev");
        make_folders(&stack).unwrap();
        refuse_links(&stack).unwrap();
        for place in ["db", "mark", "blobs"] {
            symlink("/etc/passwd", stack.join(place)).unwrap();
            let error = refuse_links(&stack).unwrap_err().to_string();
            assert!(
                error.contains(&format!("dev/{place}: it is a symbolic link (to /etc/passwd)")),
                "{error}"
            );
            fs::remove_file(stack.join(place)).unwrap();
        }
        fs::rename(&stack, root.path().join("real")).unwrap();
        symlink(root.path().join("real"), &stack).unwrap();
        assert!(refuse_links(&stack).is_err() && make_folders(&stack).is_err());
    }
}
