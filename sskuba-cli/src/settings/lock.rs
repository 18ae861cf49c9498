//! One change of a stack's file at a time.

use std::fs::File;
use std::io;

use sskuba_core::address::StackId;

use crate::project::Project;
use crate::stop::Stop;

/// The right to change a stack's file, until it is dropped. Whoever reads the file needs none: it is always whole.
#[derive(Debug)]
pub(crate) struct FileLock {
    /// Closed, and so unlocked, when this is dropped.
    _file: File,
}

impl FileLock {
    /// Takes the lock; waits for whoever has it, which is for some milliseconds.
    ///
    /// # Errors
    /// If its file, in the program's own folder, cannot be made.
    pub(crate) fn take(project: &Project, stack: &StackId) -> Result<Self, Stop> {
        let path = project.make_own()?.join(format!("config-{}.lock", stack.stack()));
        let file = File::options().write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(Stop::file("make", &path))?;
        match file.lock() {
            // Some file systems have no locks; the file is still written wholly or not at all.
            Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(Stop::file("lock", &path)(error)),
            _ => Ok(Self { _file: file }),
        }
    }
}
