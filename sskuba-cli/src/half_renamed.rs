//! The marker of a stack that is being renamed: what a program that is killed in the midst of it leaves.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sskuba_core::address::StackId;

use crate::context::Context;
use crate::project::Project;
use crate::stop::{Code, Stop};

/// Which stack gets which name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Renaming {
    pub(crate) from: StackId,
    pub(crate) to: StackId,
    /// Where they are recorded.
    pub(crate) state: String,
}

impl Renaming {
    /// Says that something else has to be done first.
    pub(crate) fn refusal(&self, call: &str) -> Stop {
        let Self { from, to, state } = self;
        Stop::failed(format!(
            "stack {from} is being renamed to {to}, or that was cut short; \
             `{call} stack rename {} --stack {from} --state {state}` ends it",
            to.stack()
        ))
    }
}

fn place(project: &Project) -> PathBuf {
    project.own().join("renaming")
}

/// Reads the marker. Half of one is none: nothing is changed before it is whole.
fn read(project: &Project) -> Option<Renaming> {
    serde_json::from_slice(&fs::read(place(project)).ok()?).ok()
}

/// The right to rename a stack of the project, until it is dropped.
#[derive(Debug)]
pub(crate) struct Marker {
    path: PathBuf,
    file: File,
    found: Option<Renaming>,
}

impl Marker {
    /// Takes the right.
    ///
    /// # Errors
    /// If another program is renaming a stack of the project.
    pub(crate) fn take(project: &Project) -> Result<Self, Stop> {
        project.make_own()?;
        let path = place(project);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(Stop::file("make", &path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Stop {
                code: Code::Busy,
                message:
                    "another program is renaming a stack of this project; run this again when it is done"
                        .to_owned(),
            }),
            // Some file systems have no locks.
            _ => Ok(Self { found: read(project), path, file }),
        }
    }

    /// Returns what was cut short.
    pub(crate) fn read(&self) -> Option<&Renaming> {
        self.found.as_ref()
    }

    /// Writes down what is about to be done, durably.
    pub(crate) fn write(&self, renaming: &Renaming) -> Result<(), Stop> {
        let bytes = serde_json::to_vec(renaming).map_err(Stop::failed)?;
        let mut file = &self.file;
        let written = file.set_len(0).and_then(|()| file.write_all(&bytes)).and_then(|()| file.sync_all());
        written.map_err(Stop::file("write", &self.path))
    }

    /// Says that nothing is half done. The file stays, empty: others may wait for its lock.
    pub(crate) fn clear(&self) -> Result<(), Stop> {
        self.file.set_len(0).and_then(|()| self.file.sync_all()).map_err(Stop::file("write", &self.path))
    }
}

impl Context<'_, '_> {
    /// Refuses a stack that is half renamed, under either name.
    pub(crate) fn refuse_half_renamed(&self) -> Result<(), Stop> {
        match read(&self.project) {
            Some(other) if [&other.from, &other.to].contains(&&self.stack) => Err(other.refusal(&self.call)),
            _ => Ok(()),
        }
    }
}
