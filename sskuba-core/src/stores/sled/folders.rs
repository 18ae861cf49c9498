//! The folders of the stacks.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{database, fault, mark};
use crate::address::StackId;
use crate::state::StoreError;

/// Makes the folder of the stacks, with a `.gitignore` of its own.
pub(super) fn make_root(root: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(root).map_err(|error| fault::io("create", root, error))?;
    let ignore = root.join(".gitignore");
    // Never through a link, also not one that leads nowhere.
    let written = match fs::File::create_new(&ignore) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made.and_then(|mut file| file.write_all(b"*\n")),
    };
    written.map_err(|error| fault::io("write", &ignore, error))
}

/// Lists the stacks under `root`.
pub(super) fn list(root: &Path) -> Result<Vec<StackId>, StoreError> {
    let mut stacks = Vec::new();
    for organisation in names(root)? {
        for project in names(&root.join(&organisation))? {
            let folder = root.join(&organisation).join(&project);
            for name in names(&folder)? {
                // One that was being made anew, by a program that was killed, is one that is there.
                let stack = name.strip_prefix('.').and_then(|name| name.strip_suffix(".anew"));
                let stack = stack.unwrap_or(&name);
                if let Ok(id) = StackId::new(&organisation, &project, stack)
                    && (*stack == name || !folder.join(stack).exists())
                    && [database::file, mark::file].iter().any(|file| file(&folder.join(&name)).is_file())
                {
                    stacks.push(id);
                }
            }
        }
    }
    stacks.sort();
    Ok(stacks)
}

/// Lists the folders in `folder`; none if there is no such folder.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| fault::io("list", folder, error))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| fault::io("list", folder, error))?;
        if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// Where a stack is made anew, until that takes its place.
pub(super) fn fresh(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.anew"))
}

/// Removes what a program that was killed had begun to make anew.
pub(super) fn remove_fresh(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(fresh(folder)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Ends what a program that was killed had begun: where a stack is gone that was being made anew, the new one was
/// whole, and takes its place.
pub(super) fn finish(folder: &Path) -> Result<(), StoreError> {
    let fresh = fresh(folder);
    if folder.exists() || !fresh.exists() {
        return Ok(());
    }
    match fs::rename(&fresh, folder) {
        // Somebody else was as quick.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault::io("make anew", folder, error)),
        _ => Ok(()),
    }
}

/// Moves a stack's folder to a name that no stack has; says which.
pub(super) fn set_aside(folder: &Path) -> Result<String, StoreError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let free = (1_u64..).map(|number| folder.with_file_name(format!("{name}.Damaged-{number}")));
    let aside = free.into_iter().find(|path| !path.exists()).unwrap_or_else(|| folder.to_owned());
    fs::rename(folder, &aside).map_err(|error| fault::io("move aside", folder, error))?;
    Ok(aside.display().to_string())
}

/// Moves a stack's folder out of sight, to be removed; says where.
pub(super) fn doom(folder: &Path, fence: u64) -> Result<PathBuf, StoreError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let doomed = folder.with_file_name(format!(".{name}.removed-{fence}"));
    fs::rename(folder, &doomed).map_err(|error| fault::io("remove", folder, error))?;
    Ok(doomed)
}

/// Ends removals of a stack that were cut short: what is left of it is out of sight already. Tells whether there was
/// such a rest.
pub(super) fn finish_removal(folder: &Path) -> Result<bool, StoreError> {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let (prefix, mut found) = (format!(".{name}.removed-"), false);
    let Some(parent) = folder.parent() else { return Ok(false) };
    for rest in names(parent)?.into_iter().filter(|rest| rest.starts_with(&prefix)) {
        let path = parent.join(rest);
        fs::remove_dir_all(&path).map_err(|error| fault::io("remove", &path, error))?;
        found = true;
    }
    if found {
        drop_empty_parents(folder);
    }
    Ok(found)
}

/// Removes the folders of the project and the organisation if they are empty now; those with other stacks refuse.
fn drop_empty_parents(folder: &Path) {
    for parent in folder.ancestors().skip(1).take(2) {
        let _ = fs::remove_dir(parent);
    }
}

/// Removes a stack's folder, and then gives back `lock`: out of sight first, so that nobody ever opens half of it.
pub(super) fn remove(folder: &Path, fence: u64, lock: impl Sized) -> Result<(), StoreError> {
    let fail = |error| fault::io("remove", folder, error);
    // It must not take the place of what is removed.
    remove_fresh(folder).map_err(fail)?;
    let doomed = doom(folder, fence)?;
    drop(lock);
    fs::remove_dir_all(&doomed).map_err(fail)?;
    drop_empty_parents(folder);
    Ok(())
}

/// Makes durable that a folder moved; removes what it leaves empty.
pub(super) fn sync_parents(from: &Path, to: &Path) -> io::Result<()> {
    if cfg!(unix) {
        for parent in [to, from].into_iter().filter_map(Path::parent) {
            fs::File::open(parent)?.sync_all()?;
        }
    }
    drop_empty_parents(from);
    Ok(())
}
