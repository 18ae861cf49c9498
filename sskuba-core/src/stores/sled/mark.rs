//! How far a database had come, in a file beside it.
//!
//! sled takes damage at the end of its log for a write that a crash cut short, and goes back to what stood before it
//! without a word. The mark is written after what it tells of is durable, and is not synced itself: it may lag
//! behind the database after a loss of power, and is never ahead of it. A database that ends before its mark has
//! lost something.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

/// How far a database had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mark {
    /// The newest fencing number.
    pub(super) fence: u64,
    /// The revision.
    pub(super) revision: u64,
}

/// The file in `folder` that holds the mark.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("mark")
}

impl Mark {
    /// Reads the mark of the database in `folder`; none if there is none that is whole.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(file(folder)).ok()?;
        let mut words = text.split_ascii_whitespace();
        let mut number = || words.next()?.parse().ok();
        let mark = Self { fence: number()?, revision: number()? };
        (mark.to_line() == text).then_some(mark)
    }

    /// Writes a line that is always of the same length.
    fn to_line(self) -> String {
        let numbers = format!("{:020} {:020}", self.fence, self.revision);
        format!("{numbers} {:08x}\n", crc32fast::hash(numbers.as_bytes()))
    }
}

/// Writes marks.
#[derive(Debug)]
pub(super) struct Marker {
    path: PathBuf,
    open: Option<File>,
}

impl Marker {
    /// Writes marks of the database in `folder`; nothing is made before the first.
    pub(super) fn new(folder: &Path) -> Self {
        Self { path: file(folder), open: None }
    }

    /// Writes a mark in place of the last one.
    pub(super) fn write(&mut self, mark: Mark) -> io::Result<()> {
        let file = match &mut self.open {
            Some(file) => file,
            None => {
                let file = super::private::open_file(&self.path)?;
                self.open.insert(file)
            }
        };
        file.rewind()?;
        file.write_all(mark.to_line().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_half_of_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Mark::read(folder.path()), None);
        let mut marker = Marker::new(folder.path());
        for mark in [Mark { fence: u64::MAX, revision: 7 }, Mark { fence: 1, revision: 80 }] {
            marker.write(mark).unwrap();
            assert_eq!(Mark::read(folder.path()), Some(mark));
        }
        let path = file(folder.path());
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, bytes).unwrap();
            assert_eq!(Mark::read(folder.path()), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(Mark::read(folder.path()), None, "{at} bytes");
        }
    }
}
