//! What a store still has of a stack that is damaged, and of earlier runs.

use std::collections::BTreeMap;
use std::fmt;

use super::store::{Image, StoreError};
use crate::clock::Timestamp;

/// Where a part of what is left of a stack is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The database itself.
    Database,
    /// The copy that the last run left for readers.
    Copy,
    /// The copy of an earlier run; the name of the [`Backup`].
    Backup(String),
    /// The bytes of the database's files, looked through without the database: what is whole is new or old, and some
    /// may be missing.
    Pieces,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("the database"),
            Self::Copy => f.write_str("the copy that the last run left"),
            Self::Backup(name) => write!(f, "backup {name}"),
            Self::Pieces => f.write_str("the bytes of the database's files"),
        }
    }
}

/// A part of what is left of a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// Where it is from.
    pub origin: Origin,
    /// Up to which revision its records have everything; entries up to there need not be applied to them.
    pub folded: u64,
    /// The same for each record, in their order, where they differ; else empty.
    pub records_at: Vec<u64>,
    /// What it holds. Entries that are missing from the journal were folded, or are lost.
    pub image: Image,
    /// What it has of the history, in no order.
    pub history: Vec<(u64, Vec<u8>)>,
}

impl Remains {
    /// Takes what a database gave as it should: its journal begins where its records end.
    pub fn of_database(image: Image) -> Self {
        let folded = image.journal.first().map_or(image.revision, |(first, _)| first.saturating_sub(1));
        Self { origin: Origin::Database, folded, records_at: Vec::new(), image, history: Vec::new() }
    }
}

/// All that a store still has of a stack.
#[derive(Debug, Default)]
pub struct Leftovers {
    /// Why the database cannot be read at all, if it cannot.
    pub broken: Option<StoreError>,
    /// The revision up to which something was acknowledged, as far as that is known.
    pub acknowledged: u64,
    /// The parts: first the database if it can be read, then the last copy, earlier ones from the newest to the oldest,
    /// and what is found in the bytes.
    pub parts: Vec<Remains>,
}

/// A copy of a stack as an earlier run left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its name.
    pub name: String,
    /// The revision that it is of.
    pub revision: u64,
    /// When it was left.
    pub left: Timestamp,
    /// How many bytes it has.
    pub bytes: u64,
}

/// What a stack is made of anew whose database cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Anew {
    /// The revision that it is at before `entries`.
    pub revision: u64,
    /// Its small values.
    pub meta: BTreeMap<String, Vec<u8>>,
    /// All its records.
    pub records: Vec<(Vec<u8>, Vec<u8>)>,
    /// Its history.
    pub history: Vec<(u64, Vec<u8>)>,
    /// Entries that follow.
    pub entries: Vec<Vec<u8>>,
}
