//! A kubeconfig as the machine API sends it.

use super::file::FileError;
use super::kubeconfig::Kubeconfig;
pub use crate::archive::BadArchive;
use crate::archive::first_file;

/// How large a kubeconfig may be. One that has everything of a large organization has tens of kilobytes.
const MOST_BYTES: usize = 1 << 20;

/// An archive that holds no kubeconfig.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// There is no file in it, or none that could be a kubeconfig.
    #[error(transparent)]
    Archive(#[from] BadArchive),
    /// The file in it is not text.
    #[error("the archive: its first file is not text")]
    Text,
    /// The file in it is no kubeconfig.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Kubeconfig {
    /// Reads the first file of the archive that the machine API streams, a tar in gzip; what comes after it is not
    /// looked at.
    ///
    /// # Errors
    /// If it is not gzip or tar, its first file is larger than 1 MiB, or no kubeconfig.
    pub fn from_archive(archive: &[u8]) -> Result<Self, ArchiveError> {
        let file = first_file(archive, MOST_BYTES)?;
        let text = String::from_utf8(file).map_err(|_| ArchiveError::Text)?;
        Ok(Self::read(&text)?)
    }
}
