//! Keys of a stack's database: one letter for the table, then the key in it.
//!
//! | key | value |
//! |---|---|
//! | `f` | the newest fencing number, 8 bytes |
//! | `u` | the revision up to which entries are folded, 8 bytes |
//! | `m` name | a small value |
//! | `r` key | a record |
//! | `j` revision | an entry of the journal |
//! | `h` revision | an entry of the history |
//!
//! Numbers are big-endian, so that the order of keys is their order.

/// The newest fencing number.
pub(super) const FENCE: &[u8] = b"f";
/// The revision up to which entries are folded.
pub(super) const FOLDED: &[u8] = b"u";
/// Small values.
pub(super) const META: u8 = b'm';
/// Records.
pub(super) const RECORD: u8 = b'r';
/// Entries of the journal.
pub(super) const JOURNAL: u8 = b'j';
/// Entries of the history.
pub(super) const HISTORY: u8 = b'h';

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
