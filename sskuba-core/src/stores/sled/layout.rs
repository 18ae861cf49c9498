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
//! | `r` key | a record after a byte that says so; without it, room for one |
//! | `h` revision | an entry of the history |
//!
//! The journal is in trees of its own, `j` and the revision of the first entry in it: by the revision of its first
//! entry, one append per key, each entry after its length in 4 bytes. Numbers are big-endian, so that the order of
//! keys is their order.

use crate::state::StoreError;

/// The newest fencing number.
pub(super) const FENCE: &[u8] = b"f";
/// The revision up to which entries are folded.
pub(super) const FOLDED: &[u8] = b"u";
/// The sum over small values and records.
pub(super) const SUM: &[u8] = b"s";
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

/// Writes entries into one value.
pub(super) fn join(entries: &[Vec<u8>]) -> Result<Vec<u8>, StoreError> {
    let mut value = Vec::with_capacity(entries.iter().map(|entry| 4 + entry.len()).sum());
    for entry in entries {
        let length = u32::try_from(entry.len())
            .map_err(|_| StoreError::Unsupported("failed to append an entry of more than 4 GiB".into()))?;
        value.extend_from_slice(&length.to_be_bytes());
        value.extend_from_slice(entry);
    }
    Ok(value)
}

/// Reads the entries of one value; none if they do not fill it exactly.
pub(super) fn split(mut value: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while !value.is_empty() {
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
        let value = join(&entries).unwrap();
        assert_eq!(split(&value).unwrap(), entries);
        assert_eq!(split(&value[..value.len() - 1]), None, "a value that was cut");
        assert_eq!(split(&[]).unwrap(), Vec::<&[u8]>::new());
    }
}
