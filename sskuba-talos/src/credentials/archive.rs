//! The archive in which the machine API sends a kubeconfig: a tar, compressed by gzip, that ends without its end.

use std::io::Read;

use flate2::read::GzDecoder;

use super::file::FileError;
use super::kubeconfig::Kubeconfig;

/// How large a kubeconfig may be. One that has everything of a large organization has tens of kilobytes.
const MOST_BYTES: u64 = 1 << 20;

/// A block of a tar.
const BLOCK: usize = 512;

/// An archive that holds no kubeconfig.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It is not gzip, or ends too early.
    #[error("the archive is not gzip, or ends before its first file does")]
    Gzip(#[source] std::io::Error),
    /// It is gzip of something that is not tar.
    #[error("the archive is no tar: {0}")]
    Tar(&'static str),
    /// The file in it is too large.
    #[error("the archive's first file has {size} bytes, and a kubeconfig has at most {MOST_BYTES}")]
    TooLarge {
        /// How large it says it is, in bytes.
        size: u64,
    },
    /// The file in it is no kubeconfig.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Kubeconfig {
    /// Reads the first file of the archive that the machine API streams; what comes after it is not looked at.
    ///
    /// # Errors
    /// If it is not gzip or tar, its first file is larger than 1 MiB, or no kubeconfig.
    pub fn from_archive(archive: &[u8]) -> Result<Self, ArchiveError> {
        let mut plain = GzDecoder::new(archive);
        let mut header = [0; BLOCK];
        plain.read_exact(&mut header).map_err(ArchiveError::Gzip)?;
        let size = size(&header)?;
        if size > MOST_BYTES {
            return Err(ArchiveError::TooLarge { size });
        }
        let mut content = Vec::new();
        let read = plain.take(size).read_to_end(&mut content).map_err(ArchiveError::Gzip)?;
        if u64::try_from(read) != Ok(size) {
            return Err(ArchiveError::Gzip(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let text = String::from_utf8(content).map_err(|_| ArchiveError::Tar("its first file is not text"))?;
        Ok(Self::read(&text)?)
    }
}

/// Returns the size of the file that a header is of.
fn size(header: &[u8; BLOCK]) -> Result<u64, ArchiveError> {
    if header.iter().all(|byte| *byte == 0) {
        return Err(ArchiveError::Tar("there is no file in it"));
    }
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            // The sum is taken as if it were blanks itself.
            if (148..156).contains(&at) { u64::from(b' ') } else { u64::from(*byte) }
        })
        .sum();
    if octal(&header[148..156]) != Some(sum) {
        return Err(ArchiveError::Tar("the sum of its first header is wrong"));
    }
    if !matches!(header[156], 0 | b'0') {
        return Err(ArchiveError::Tar("what comes first is no plain file"));
    }
    octal(&header[124..136]).ok_or(ArchiveError::Tar("the size of its first file is no number"))
}

/// Reads a number that is written in octal digits and ends with blanks or zero bytes.
fn octal(field: &[u8]) -> Option<u64> {
    let text =
        std::str::from_utf8(field).ok()?.trim_matches(|character| character == ' ' || character == '\0');
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| u64::from_str_radix(text, 8).ok())?
}
