//! The journal: trees of a few appends each.
//!
//! sled writes a page again after ten changes of it, and its halves after the seventeenth key. A tree that never
//! gets that far is written once, and leaves as a whole when its entries are folded.

use ::sled::{Db, Tree};

use super::layout::{self, Entries, JOURNAL};

/// How many appends a tree takes, fewer than make sled write its page again.
const APPENDS: usize = 8;

/// How many trees there are at most. sled writes the list of them whenever it grows, so after this many the newest
/// takes all that comes until the next fold.
const TREES: usize = 128;

/// The journal's trees. A clone reads what the original reads, until a tree is dropped.
#[derive(Debug, Clone)]
pub(super) struct Journal {
    /// By the revision of the first entry in it, ascending.
    trees: Vec<(u64, Tree)>,
    /// How many appends the newest has.
    appends: usize,
}

/// What is wrong with the journal: under which key, and why.
pub(super) enum Fault {
    /// sled's answer.
    Sled(::sled::Error),
    /// An entry that is not what it should be.
    Entry(u64, &'static str),
}

impl From<::sled::Error> for Fault {
    fn from(error: ::sled::Error) -> Self {
        Self::Sled(error)
    }
}

impl Journal {
    /// Opens the trees there are.
    pub(super) fn open(sled: &Db) -> Result<Self, ::sled::Error> {
        let mut starts: Vec<u64> = sled
            .tree_names()
            .iter()
            .filter_map(|name| name.strip_prefix(&[JOURNAL]).and_then(layout::number))
            .collect();
        starts.sort_unstable();
        let mut trees = Vec::with_capacity(starts.len());
        for start in starts {
            trees.push((start, sled.open_tree(layout::numbered(JOURNAL, start))?));
        }
        Ok(Self { trees, appends: APPENDS })
    }

    /// Returns the revision of the last entry; none if there are no entries.
    pub(super) fn last(&self) -> Result<Option<u64>, Fault> {
        for (_, tree) in self.trees.iter().rev() {
            if let Some((key, value)) = tree.last()? {
                let (first, entries) = read(&key, &value)?;
                return Ok(Some(first + entries.len() as u64 - 1));
            }
        }
        Ok(None)
    }

    /// Adds an append whose first entry has revision `first`.
    pub(super) fn append(&mut self, sled: &Db, first: u64, value: Vec<u8>) -> Result<(), ::sled::Error> {
        if self.trees.is_empty() || self.appends >= APPENDS && self.trees.len() < TREES {
            self.trees.push((first, sled.open_tree(layout::numbered(JOURNAL, first))?));
            self.appends = 0;
        }
        if let Some((_, tree)) = self.trees.last() {
            tree.insert(first.to_be_bytes(), value)?;
            // So that sled divides its page now, if it is to be divided, and not when somebody reads it.
            tree.contains_key(first.to_be_bytes())?;
            self.appends += 1;
        }
        Ok(())
    }

    /// Returns the entries after `folded` and up to `revision`, all of them.
    pub(super) fn entries(&self, folded: u64, revision: u64) -> Result<Entries, Fault> {
        let mut found = Entries::new();
        for (_, tree) in &self.trees {
            for item in tree {
                let (key, value) = item?;
                let (first, entries) = read(&key, &value)?;
                for (at, entry) in (first..).zip(entries) {
                    if at <= folded || at > revision {
                        continue;
                    }
                    let expected = found.last().map_or(folded, |(last, _)| *last) + 1;
                    if at != expected {
                        return Err(Fault::Entry(expected, "it is missing"));
                    }
                    found.push((at, entry.to_vec()));
                }
            }
        }
        match found.last().map_or(folded, |(last, _)| *last) {
            last if last < revision => Err(Fault::Entry(last + 1, "it is missing")),
            _ => Ok(found),
        }
    }

    /// Drops the trees whose entries are all folded.
    pub(super) fn drop_folded(&mut self, sled: &Db, folded: u64) -> Result<(), Fault> {
        let last = self.last()?.unwrap_or(0);
        let next_starts = self.trees.iter().skip(1).map(|(start, _)| *start).chain([last + 1]);
        let gone = self.trees.iter().zip(next_starts).take_while(|(_, next)| *next <= folded + 1).count();
        for (start, tree) in self.trees.drain(..gone) {
            drop(tree);
            sled.drop_tree(layout::numbered(JOURNAL, start))?;
        }
        Ok(())
    }
}

/// Reads an append: the revision of its first entry, and its entries, of which there is at least one.
fn read<'a>(key: &[u8], value: &'a [u8]) -> Result<(u64, Vec<&'a [u8]>), Fault> {
    let first = layout::number(key).ok_or(Fault::Entry(0, "its key is not a number of 8 bytes"))?;
    match layout::split(value) {
        Some(entries) if !entries.is_empty() => Ok((first, entries)),
        _ => Err(Fault::Entry(first, "its lengths do not fit")),
    }
}
