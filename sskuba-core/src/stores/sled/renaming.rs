//! Another name for a stack: its folder, with the database, the history and the copies in it, moves in one step.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::{busy, database, fault, folders, lock_patiently, private, sidecar};
use crate::address::StackId;
use crate::state::StoreError;

/// Moves the folder of a stack that nobody has open to that of another name.
pub(super) fn rename(
    (stack, folder): (&StackId, &Path),
    (to, target): (&StackId, &Path),
) -> Result<(), StoreError> {
    [folder, target].into_iter().try_for_each(|folder| {
        folders::finish(folder)?;
        private::refuse_links(folder)
    })?;
    let path = database::file(folder);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::NoStack(stack.clone()));
        }
        opened => opened.map_err(|error| fault::io("open", &path, error))?,
    };
    // Held until the folder has moved: nobody opens the database under a name that is about to go.
    if !lock_patiently(&file) {
        return Err(busy(stack, folder));
    }
    let fail = |error| fault::io("rename", folder, error);
    // Of a program that died; and what it was making anew must not come back under the old name.
    sidecar::remove(folder, sidecar::READER)?;
    sidecar::remove(folder, sidecar::HOLDER)?;
    folders::remove_fresh(folder).map_err(fail)?;
    // An empty folder is none; a full one is not replaced by a rename, on any system.
    let taken = fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some());
    if taken {
        return Err(StoreError::Taken(to.clone()));
    }
    private::make_folders(target)?;
    fs::remove_dir(target).map_err(fail)?;
    fs::rename(folder, target).map_err(fail)?;
    folders::sync_parents(folder, target).map_err(fail)
}
