//! What can be found in the bytes of a database's files without sled: every [`Frame`] that is whole.
//!
//! sled finds what is stored through its log, and one damaged byte can hide all that follows. Frames are found wherever
//! they stand, so that such a byte costs what it stood in. What is found may be old: an entry or a record that was
//! written again later. Of each the newest counts: the highest revision, of one revision that of the newest lease.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::frame::{Frame, Sort};
use super::layout::Entries;
use super::{database, disk, layout};
use crate::state::{Image, Origin, Remains};

/// A value, and which lease wrote it.
type By<T> = (u32, T);

/// What is newest: lease, revision, and how many values there are, of which none ever goes.
type Rank = (u32, u64, usize);

/// What was found.
#[derive(Debug, Default)]
struct Found {
    entries: BTreeMap<u64, By<Vec<u8>>>,
    /// By key: up to which revision everything is in it, who wrote it, and the record.
    records: BTreeMap<Vec<u8>, (u64, u32, Vec<u8>)>,
    history: BTreeMap<u64, By<Vec<u8>>>,
    /// By whom, when and how many; and the values.
    meta: Option<(Rank, BTreeMap<String, Vec<u8>>)>,
}

/// Looks through all files of the database in `folder`; none if nothing is in them.
pub(super) fn carve(folder: &Path) -> Option<Remains> {
    let mut found = Found::default();
    let blobs = fs::read_dir(folder.join("blobs")).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in [disk::before(folder), database::file(folder)].into_iter().chain(blobs) {
        // What the disk does not give is lost; the rest is not.
        let Ok(bytes) = fs::read(path) else { continue };
        Frame::find_all(&bytes).for_each(|frame| found.take(&frame));
    }
    found.remains()
}

impl Found {
    fn take(&mut self, frame: &Frame<'_>) {
        let newest = |table: &mut BTreeMap<u64, By<Vec<u8>>>| {
            let there = table.get(&frame.at).is_none_or(|(fence, _)| *fence <= frame.fence);
            if there {
                table.insert(frame.at, (frame.fence, frame.value.to_vec()));
            }
        };
        match frame.sort {
            Sort::Entry => newest(&mut self.entries),
            Sort::History => newest(&mut self.history),
            Sort::Record => {
                let there = self.records.get(frame.key);
                if there.is_none_or(|(at, fence, _)| (*at, *fence) <= (frame.at, frame.fence)) {
                    let record = (frame.at, frame.fence, frame.value.to_vec());
                    self.records.insert(frame.key.to_vec(), record);
                }
            }
            Sort::Meta => {
                let Some(meta) = layout::split_meta(frame.value) else { return };
                let rank = (frame.fence, frame.at, meta.len());
                if self.meta.as_ref().is_none_or(|(there, _)| *there <= rank) {
                    self.meta = Some((rank, meta));
                }
            }
        }
    }

    fn remains(self) -> Option<Remains> {
        let folded = self.records.values().map(|(at, ..)| *at).max().unwrap_or(0);
        let last = self.entries.keys().next_back().copied().unwrap_or(0);
        if self.records.is_empty() && self.entries.is_empty() {
            return None;
        }
        let plain = |table: BTreeMap<u64, By<Vec<u8>>>| -> Entries {
            table.into_iter().map(|(at, (_, value))| (at, value)).collect()
        };
        let records_at = self.records.values().map(|(at, ..)| *at).collect();
        let records = self.records.into_iter().map(|(key, (.., value))| (key, value)).collect();
        let meta = self.meta.map(|(_, meta)| meta).unwrap_or_default();
        let (journal, history) = (plain(self.entries), plain(self.history));
        let image = Image { revision: last.max(folded), meta, records, journal, damage: None };
        Some(Remains { origin: Origin::Pieces, folded, records_at, image, history })
    }
}
