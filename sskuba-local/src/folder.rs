//! The folder of a program, which relative paths count from: the same wherever the program is run.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use sskuba_core::advice::Advice;
use sskuba_core::provider::{Class, Cx, Failure};

/// The folder that relative paths count from. Where none is given it is the current folder of the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProgramFolder(Option<Arc<Path>>);

impl ProgramFolder {
    pub(crate) fn new(folder: impl Into<PathBuf>) -> Self {
        Self(Some(folder.into().into()))
    }

    /// Returns the folder, if one is given.
    pub(crate) fn given(&self) -> Option<&Path> {
        self.0.as_deref()
    }

    /// Returns where a path is, from the root on.
    ///
    /// # Errors
    /// If the process has no current folder to count from.
    pub(crate) fn resolve(&self, path: &str) -> Result<PathBuf, Failure> {
        let path = plain(Path::new(path));
        if path.is_absolute() {
            return Ok(path);
        }
        let folder =
            std::path::absolute(self.given().unwrap_or_else(|| Path::new("."))).map_err(|error| {
                let why = format!("nothing says from where {} counts: {error}", path.display());
                Failure::new(Class::Terminal, why)
            })?;
        // One folder has one name here, by whichever link the program came to it.
        Ok(folder.canonicalize().unwrap_or(folder).join(path))
    }

    /// Returns where a recorded object is, by its id. Where the program's path for it is relative, and means another place
    /// than the id by now, what is in that place is not the stack's, so the call is refused. An id that is itself relative is
    /// of an earlier release, or was given to an import.
    ///
    /// # Errors
    /// If the path means another place.
    pub(crate) fn recorded(&self, cx: &Cx, id: &str, path: Option<&str>) -> Result<PathBuf, Failure> {
        let there = self.resolve(id)?;
        let Some(path) = path.filter(|path| Path::new(path).is_relative()) else { return Ok(there) };
        let here = self.resolve(path)?;
        if here == there {
            return Ok(there);
        }
        let (there, here) = (there.display(), here.display());
        let message =
            format!("`{path}` is {there} in the state and would be {here} here; neither was looked at");
        let address = cx.address.clone();
        Err(Failure::new(Class::Terminal, message)
            .hint("run the program in the folder where it was made, or, if that folder was moved, record it anew")
            .advice(Advice::ForgetUnknown(address.clone()))
            .advice(Advice::Import { address, id: path.to_owned() }))
    }
}

/// Writes paths alike: `./a//b/` and `a/b` are one.
pub(crate) fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}
