//! How a stack lies in its database.
//!
//! The default tree has the table's letter, then the key in it:
//!
//! | key | value |
//! |---|---|
//! | `f` | the newest fencing number, 8 bytes |
//! | `u` | the revision up to which entries are folded, 8 bytes |
//! | `s` | the sum over small values and records, 16 bytes |
//! | `m` name | a small value |
//! | `c` | all small values once more, in a frame |
//! | `r` key | a record in a frame; nothing is room for one |
//! | `h` revision | an entry of the history, in a frame |
//!
//! The journal is in trees of its own, `j` and the revision of the first entry in it: by the revision of its first
//! entry, one append per key, each entry in a [`Frame`]. Numbers are big-endian, so that the order of keys is their
//! order. Earlier releases wrote no frames: an entry after its length in 4 bytes, a record after `r`.

use std::collections::BTreeMap;

use super::frame::{Frame, HEAD, Sort};
use crate::state::StoreError;

/// The newest fencing number.
pub(super) const FENCE: &[u8] = b"f";
/// The revision up to which entries are folded.
pub(super) const FOLDED: &[u8] = b"u";
/// The sum over small values and records.
pub(super) const SUM: &[u8] = b"s";
/// All small values once more, in a frame.
pub(super) const FRAMED_META: &[u8] = b"c";
/// Small values.
pub(super) const META: u8 = b'm';
/// Records.
pub(super) const RECORD: u8 = b'r';
/// Entries of the history.
pub(super) const HISTORY: u8 = b'h';
/// Trees of the journal.
pub(super) const JOURNAL: u8 = b'j';

/// Entries with their revisions.
pub(super) type Entries = Vec<(u64, Vec<u8>)>;

/// Builds the key of `rest` in `table`.
pub(super) fn key(table: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(table);
    key.extend_from_slice(rest);
    key
}

/// Builds the key of `revision` in `table`.
pub(super) fn numbered(table: u8, revision: u64) -> Vec<u8> {
    key(table, &revision.to_be_bytes())
}

/// Reads a number of 8 bytes.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

/// Which lease writes, and at which revision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written {
    /// The lease's number.
    pub(super) fence: u64,
    /// The revision.
    pub(super) at: u64,
}

/// Writes a value in a frame behind what is in `out`.
fn frame(out: &mut Vec<u8>, by: Written, sort: Sort, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    let fence = u32::try_from(by.fence & u64::from(u32::MAX)).unwrap_or_default();
    let written = Frame { sort, fence, at: by.at, key, value }.write(out);
    written.ok_or_else(|| {
        StoreError::Unsupported(
            "failed to write a value of more than 4 GiB, or with a key of more than 64 kB".into(),
        )
    })
}

/// Writes a value in a frame of its own.
pub(super) fn framed(by: Written, sort: Sort, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut out = Vec::new();
    frame(&mut out, by, sort, key, value)?;
    Ok(out)
}

/// Returns the value of a frame, or all of it where an earlier release wrote none.
pub(super) fn unframed(stored: &[u8]) -> &[u8] {
    Frame::read(stored).map_or(stored, |(frame, _)| frame.value)
}

/// Returns a stored record; none where there is only room for one.
pub(super) fn record(stored: &[u8]) -> Option<&[u8]> {
    let (_, without) = stored.split_first()?;
    Some(Frame::read(stored).map_or(without, |(frame, _)| frame.value))
}

/// Writes small values into one value.
pub(super) fn join_meta(meta: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in meta {
        for part in [name.as_bytes(), value] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
    }
    out
}

/// Reads what [`join_meta`] wrote.
pub(super) fn split_meta(mut bytes: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut meta = BTreeMap::new();
    let part = |bytes: &mut &[u8]| {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
        *bytes = rest;
        Some(part.to_vec())
    };
    while !bytes.is_empty() {
        let name = String::from_utf8(part(&mut bytes)?).ok()?;
        meta.insert(name, part(&mut bytes)?);
    }
    Some(meta)
}

/// Writes entries into one value; `by` is of the first.
pub(super) fn join(by: Written, entries: &[Vec<u8>]) -> Result<Vec<u8>, StoreError> {
    let mut value = Vec::with_capacity(entries.iter().map(|entry| HEAD + entry.len()).sum());
    for (at, entry) in (by.at..).zip(entries) {
        frame(&mut value, Written { at, ..by }, Sort::Entry, &[], entry)?;
    }
    Ok(value)
}

/// Reads the entries of one value; none if they do not fill it exactly.
pub(super) fn split(mut value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !value.is_empty() {
        if let Some((frame, rest)) = Frame::read(value) {
            entries.push(frame.value);
            value = rest;
            continue;
        }
        let (length, rest) = value.split_first_chunk::<4>()?;
        let (entry, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        entries.push(entry);
        value = rest;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_from_one_value() {
        let entries = vec![vec![], vec![0; 300], b"x".to_vec()];
        let value = join(Written { fence: 3, at: 7 }, &entries).unwrap();
        assert_eq!(split(&value).unwrap(), entries);
        assert_eq!(split(&value[..value.len() - 1]), None, "a value that was cut");
        assert_eq!(split(&[]).unwrap(), Vec::<&[u8]>::new());
    }

    #[test]
    fn what_an_earlier_release_wrote_is_read() {
        assert_eq!(split(&[0, 0, 0, 1, b'x', 0, 0, 0, 0]).unwrap(), [&b"x"[..], b""]);
        assert_eq!(
            (record(b"rvalue"), record(b"r"), record(b"")),
            (Some(&b"value"[..]), Some(&b""[..]), None)
        );
        assert_eq!(unframed(b"\x01{}"), b"\x01{}");
    }

    #[test]
    fn small_values_come_back_from_one() {
        let meta = [("key".to_owned(), vec![1, 2]), (String::new(), vec![])].into();
        let joined = join_meta(&meta);
        assert_eq!(split_meta(&joined), Some(meta));
        assert_eq!(split_meta(&joined[..joined.len() - 1]), None);
    }
}
