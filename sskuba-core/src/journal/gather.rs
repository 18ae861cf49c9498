//! Puts a damaged stack together out of all that is left of it: its database, the copies that runs left behind, and the
//! entries and records that are found in the bytes of the files.
//!
//! Everything is of a revision, and the newest counts. A copy is whole, so what it does not have was not there; a
//! database that is known to have lost something, and pieces, may lack what was there. Entries are applied to what is
//! older than they are. No call is open when the journal is folded, so a call from before the last fold is over, even
//! where nobody knows any more what came of it. Nothing that an entry says is gone comes back; where the entries that
//! would say so are lost, the record stays, and that is said of it.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{EXPORTS, PLACES, hex};
use super::salvage::{Salvage, Unreadable, about_bytes, about_entry, salvage};
use crate::address::Token;
use crate::clock::Timestamp;
use crate::provider::Place;
use crate::state::{
    Codec, Entry, FormatError, Leftovers, Origin, Outcome, Record, Remains, State, Status, StoreError,
    TransitionError,
};
use crate::value::Map;

/// A record, and from where it is.
struct Known {
    record: Box<Record>,
    /// The revision up to which everything is in it.
    at: u64,
    /// Which part it is of.
    part: usize,
    /// Whether it is known to be there still, though perhaps as another than this.
    there: bool,
}

/// What is being put together.
struct Gathering<'a> {
    parts: &'a [Remains],
    codecs: &'a [Codec],
    records: BTreeMap<Token, Known>,
    exports: (u64, Map),
    /// The places; a later list is an earlier one with more at its end.
    places: Vec<Place>,
    /// Up to where a record that is not known is known not to be there.
    floor: u64,
    /// The revision of the last fold: what was begun before it is over.
    folded: u64,
    /// By revision: of which parts, and the entry as each has it.
    entries: BTreeMap<u64, Vec<(usize, &'a [u8])>>,
    /// The revisions of which there is an entry.
    known_revisions: BTreeSet<u64>,
    found: Salvage,
}

/// Reads all that is left of a stack; `codecs` are those of the parts, in their order.
pub(crate) fn gather(leftovers: &Leftovers, codecs: &[Codec]) -> Salvage {
    let parts = &leftovers.parts;
    let database = parts.first().filter(|part| part.origin == Origin::Database).zip(codecs.first());
    let own = database.map(|(part, codec)| salvage(&part.image, codec));
    if let Some(own) = own.as_ref().filter(|own| own.unreadable.is_empty() || own.newer.is_some()) {
        let copies = parts.iter().filter(|part| part.origin == Origin::Copy);
        let newer = copies.filter(|copy| copy.image.revision > own.state.revision());
        let sources = newer.map(|copy| {
            format!(
                "{} is of revision {}, and the database, which is whole, of revision {}: an older one was put in its \
                 place, and counts",
                copy.origin,
                copy.image.revision,
                own.state.revision()
            )
        });
        return Salvage { sources: sources.collect(), ..own.clone() };
    }
    let mut gathering = Gathering {
        parts,
        codecs,
        records: BTreeMap::new(),
        exports: (0, Map::new()),
        places: Vec::new(),
        floor: 0,
        folded: parts.iter().map(|part| part.folded).max().unwrap_or(0),
        entries: BTreeMap::new(),
        known_revisions: BTreeSet::new(),
        found: Salvage::default(),
    };
    let revision = database.map_or(leftovers.acknowledged, |(part, _)| part.image.revision);
    gathering.take_base(leftovers.acknowledged);
    if let Some(own) = &own {
        gathering.take_database(own);
    }
    gathering.take_pieces();
    gathering.take_entries();
    let damage = match (own, &leftovers.broken) {
        (Some(own), _) => own.unreadable,
        (None, Some(StoreError::Corrupt { key, why, .. })) => {
            vec![Unreadable::lost("the database".to_owned(), format!("{key}: {why}"), None)]
        }
        (None, Some(error)) => vec![Unreadable::lost("the database".to_owned(), error.to_string(), None)],
        (None, None) => Vec::new(),
    };
    let mut found = gathering.put_together(leftovers.acknowledged, damage);
    found.state.set_revision(revision);
    found
}

impl Gathering<'_> {
    /// Begins with the newest copy all of which can be read.
    fn take_base(&mut self, acknowledged: u64) {
        let is_copy = |part: &Remains| matches!(part.origin, Origin::Copy | Origin::Backup(_));
        let mut copies: Vec<usize> = (0..self.parts.len()).filter(|at| is_copy(&self.parts[*at])).collect();
        copies.sort_by_key(|at| std::cmp::Reverse(self.parts[*at].image.revision));
        for part in copies {
            let (remains, read) = (&self.parts[part], salvage(&self.parts[part].image, &self.codecs[part]));
            if !read.unreadable.is_empty() {
                self.found.sources.push(format!("{} has the same damage, and is not used", remains.origin));
                continue;
            }
            let at = remains.image.revision;
            self.floor = at;
            self.exports = (at, read.state.exports().clone());
            self.know_places(read.state.places().to_vec());
            for record in read.state.records() {
                let record = Box::new(record.clone());
                self.records.insert(record.token, Known { record, at, part, there: false });
            }
            let how = match at.cmp(&acknowledged) {
                std::cmp::Ordering::Less => {
                    format!("{} revisions older than what was recorded last", acknowledged - at)
                }
                _ => "as new as what was recorded last".to_owned(),
            };
            self.found.sources.push(format!("{} is whole, of revision {at}, {how}", remains.origin));
            return;
        }
    }

    /// Takes the records of a database that can be read in part.
    fn take_database(&mut self, own: &Salvage) {
        let (remains, at) = (&self.parts[0], self.parts[0].folded);
        let newest = self.records.values().map(|known| known.at).max().unwrap_or(0);
        if remains.image.revision < newest {
            self.found.sources.push(format!(
                "the database is of revision {}, older than that copy, which is used in its place",
                remains.image.revision
            ));
        }
        if at <= self.floor {
            return;
        }
        let flagged = remains.image.damage.is_some();
        let mut there = BTreeSet::new();
        for (key, bytes) in remains.image.records.iter().filter(|(key, _)| !own.keys.contains(key)) {
            if key == EXPORTS {
                if let Ok(map) = self.codecs[0].decode_map(bytes) {
                    self.exports = (at, map);
                }
            } else if key == PLACES {
                if let Ok(places) = self.codecs[0].decode_places(bytes) {
                    self.know_places(places);
                }
            } else if let Ok(record) = self.read_record(0, bytes) {
                there.insert(record.token);
                let older = self
                    .records
                    .get(&record.token)
                    .is_some_and(|known| known.record.updated > record.updated);
                if !(flagged && older) {
                    self.records.insert(record.token, Known { record, at, part: 0, there: true });
                }
            }
        }
        let unreadable: BTreeSet<&[u8]> = own.keys.iter().map(Vec::as_slice).collect();
        if !flagged {
            self.records
                .retain(|token, _| there.contains(token) || unreadable.contains(&token.as_bytes()[..]));
            self.floor = at;
        }
        for (token, known) in &mut self.records {
            known.there |= unreadable.contains(&token.as_bytes()[..]);
        }
    }

    /// Takes records that were found in the bytes and are newer than what is known.
    fn take_pieces(&mut self) {
        let Some(part) = self.parts.iter().position(|part| part.origin == Origin::Pieces) else { return };
        let remains = &self.parts[part];
        for ((key, bytes), at) in remains.image.records.iter().zip(&remains.records_at) {
            if key == EXPORTS {
                if let (true, Ok(map)) = (*at > self.exports.0, self.codecs[part].decode_map(bytes)) {
                    self.exports = (*at, map);
                }
                continue;
            }
            if key == PLACES {
                if let Ok(places) = self.codecs[part].decode_places(bytes) {
                    self.know_places(places);
                }
                continue;
            }
            let Ok(record) = self.read_record(part, bytes) else { continue };
            let known = self.records.get(&record.token).map_or(self.floor, |known| known.at);
            if *at > known {
                self.records.insert(record.token, Known { record, at: *at, part, there: false });
            }
        }
    }

    fn know_places(&mut self, places: Vec<Place>) {
        if places.len() > self.places.len() {
            self.places = places;
        }
    }

    fn take_entries(&mut self) {
        for (part, remains) in self.parts.iter().enumerate() {
            for (revision, bytes) in &remains.image.journal {
                self.entries.entry(*revision).or_default().push((part, bytes));
            }
        }
    }

    /// Reads a value with the key of its part, or with that of another: it may have been changed in between.
    fn with_keys<T>(
        &self,
        part: usize,
        read: impl Fn(&Codec) -> Result<T, FormatError>,
    ) -> Result<T, FormatError> {
        let first = read(&self.codecs[part]);
        if !matches!(first, Err(FormatError::Sealed(_))) {
            return first;
        }
        self.codecs.iter().find_map(|codec| read(codec).ok()).map_or(first, Ok)
    }

    fn read_record(&self, part: usize, bytes: &[u8]) -> Result<Box<Record>, FormatError> {
        self.with_keys(part, |codec| codec.decode_record(bytes)).map(Box::new)
    }

    /// Tells whether an entry between two revisions is lost: after the first, up to the second.
    fn has_gap(&self, after: u64, upto: u64) -> bool {
        upto > after && (self.known_revisions.range(after + 1..=upto).count() as u64) < upto - after
    }

    /// Reads an entry from the first part that has it whole.
    fn read_entry(&self, forms: &[(usize, &[u8])]) -> Result<(usize, Entry), FormatError> {
        let mut failed = Err(FormatError::Damaged("it is missing".to_owned()));
        for (part, bytes) in forms {
            match self.with_keys(*part, |codec| codec.decode(bytes)) {
                Ok(entry) => return Ok((*part, entry)),
                Err(error) => failed = Err(error),
            }
        }
        failed
    }

    /// Applies the entries to the records that are older.
    fn put_together(mut self, acknowledged: u64, damage: Vec<Unreadable>) -> Salvage {
        let mut state = State::default();
        state.set_exports(std::mem::take(&mut self.exports.1));
        state.set_places(std::mem::take(&mut self.places));
        self.drop_older_namesakes();
        for known in self.records.values() {
            state.insert(known.record.clone());
        }
        // Where the place of an object can no longer be read, the next run finds it out.
        state.forget_unknown_places();
        let (mut applied, mut over) = (BTreeMap::<u64, usize>::new(), false);
        let mut lost = Vec::new();
        for (revision, forms) in std::mem::take(&mut self.entries) {
            if !over && revision > self.folded {
                self.end_calls(&mut state);
                over = true;
            }
            self.known_revisions.insert(revision);
            // What was folded is in the records, and what is not is of something that is gone.
            let matters = revision > self.folded.max(self.floor);
            let name = format!("journal entry {revision}");
            match self.read_entry(&forms) {
                Ok((part, entry)) if revision > self.known_upto(&entry) => {
                    let about = about_entry(&entry);
                    match self.follow(&mut state, revision, entry) {
                        Ok(()) => drop(applied.insert(revision, part)),
                        Err(error) if matters => {
                            lost.push(Unreadable::lost(name, error.to_string(), about));
                        }
                        Err(_) => {}
                    }
                }
                Err(error) if matters => {
                    let about = forms.first().and_then(|(_, bytes)| about_bytes(bytes));
                    lost.push(Unreadable::lost(name, error.to_string(), about));
                }
                _ => {}
            }
        }
        if !over {
            self.end_calls(&mut state);
        }
        state.name_instances();
        let unreadable = self.compare(&state, &applied, damage, lost);
        self.found.unreadable = unreadable;
        self.tell_gaps(acknowledged);
        self.tell_sources(&state, &applied);
        self.found.state = state;
        self.found
    }

    /// Applies an entry, also where the intent before it is lost: what a delete ended is gone, and of what a create or an
    /// update ended it is said that more is not known.
    fn follow(&mut self, state: &mut State, revision: u64, entry: Entry) -> Result<(), TransitionError> {
        if matches!(&entry, Entry::Place { place, .. } if state.place_id(place).is_some()) {
            return Ok(());
        }
        let mut entry = entry;
        state.forget_unknown_place(&mut entry);
        let ended = match &entry {
            Entry::Outcome { token, outcome: Outcome::Applied { id, .. }, .. } => {
                Some((*token, id.is_empty())).filter(|(token, _)| state.pending_of(*token).is_none())
            }
            _ => None,
        };
        match (ended, state.apply(entry)) {
            (_, Ok(())) => Ok(()),
            (Some((token, true)), Err(error)) => {
                let why = "its delete had ended".to_owned();
                state.apply(Entry::Forgotten { token, why }).map_err(|_| error)
            }
            (ended, Err(error)) => {
                if let Some(record) = ended.and_then(|(token, _)| state.record(token)) {
                    self.found.doubts.push(format!(
                        "{} ({}): it was changed at revision {revision}; into what cannot be told, because an entry of \
                         the journal is lost",
                        record.address, record.id
                    ));
                }
                Err(error)
            }
        }
    }

    /// Returns up to which revision that is known which an entry is about.
    fn known_upto(&self, entry: &Entry) -> u64 {
        match (entry, entry.token()) {
            (Entry::Exports(_), _) => self.exports.0,
            (_, Some(token)) => self.records.get(&token).map_or(self.floor, |known| known.at),
            _ => self.floor,
        }
    }

    /// Says of what cannot be read in the database whether it is known from elsewhere.
    fn compare(
        &self,
        state: &State,
        applied: &BTreeMap<u64, usize>,
        damage: Vec<Unreadable>,
        lost: Vec<Unreadable>,
    ) -> Vec<Unreadable> {
        let any = !state.is_empty() || self.floor > 0 || !applied.is_empty();
        let by_name: BTreeMap<String, &Known> = self
            .records
            .iter()
            .map(|(token, known)| (format!("record {}", hex(token.as_bytes())), known))
            .collect();
        let mut found = Vec::new();
        for mut item in damage {
            let revision =
                item.key.strip_prefix("journal entry ").and_then(|number| number.parse::<u64>().ok());
            item.restored = match (item.key.as_str(), revision) {
                (_, Some(revision)) if revision <= self.floor => Some("a copy has what it said".to_owned()),
                (_, Some(revision)) => applied
                    .get(&revision)
                    .map(|part| format!("it is known from {}", self.parts[*part].origin)),
                ("the database" | "sum", _) => any.then(|| "see what was found elsewhere".to_owned()),
                ("record places", _) => {
                    (!state.places().is_empty()).then(|| "they are known from elsewhere".to_owned())
                }
                ("record exports", _) => {
                    (self.exports.0 > 0).then(|| "they are known from elsewhere".to_owned())
                }
                (name, _) => by_name.get(name).map(|known| {
                    format!("it is known from {}, as of revision {}", self.parts[known.part].origin, known.at)
                }),
            };
            found.push(item);
        }
        let is_told = |item: &Unreadable| found.iter().any(|other| other.key == item.key);
        let more: Vec<Unreadable> = lost.into_iter().filter(|item| !is_told(item)).collect();
        found.extend(more);
        found
    }

    /// Ends the calls that were begun before the last fold: none was open then.
    fn end_calls(&mut self, state: &mut State) {
        let open: Vec<_> = state.pending().map(|open| (open.token, open.address.clone())).collect();
        for (token, address) in open {
            let outcome = Outcome::said_to_be_none("it was over before the journal was folded");
            let time = Timestamp::default();
            // Which call it is was asked of the same state.
            let _ = state.apply(Entry::Outcome { token, outcome, time });
            if state.record(token).is_none() {
                self.found.doubts.push(format!(
                    "{address}: an old call for it (generation {token}) is found without its end, so it was made and \
                     deleted since, or is lost; it is left out"
                ));
            }
        }
    }

    /// Of two generations that both have the place of one address, the one that was made later has it.
    fn drop_older_namesakes(&mut self) {
        let mut newest: BTreeMap<_, (Timestamp, Token)> = BTreeMap::new();
        let mut gone = Vec::new();
        for known in self.records.values().filter(|known| known.record.status != Status::Superseded) {
            let this = (known.record.created, known.record.token);
            match newest.get_mut(&known.record.address) {
                None => drop(newest.insert(known.record.address.clone(), this)),
                Some(other) => {
                    gone.push(this.min(*other).1);
                    *other = this.max(*other);
                }
            }
        }
        for token in gone {
            let Some(known) = self.records.remove(&token) else { continue };
            let (address, id) = (&known.record.address, &known.record.id);
            self.found.doubts.push(format!(
                "{address} ({id}): an earlier generation, left out; whether it was deleted when the later one was made \
                 cannot be told"
            ));
        }
    }

    /// Names what is missing of the journal, and the records of which it might have told more.
    fn tell_gaps(&mut self, acknowledged: u64) {
        let mut next = self.folded.max(self.floor) + 1;
        let later: Vec<u64> = self.known_revisions.range(next..).copied().collect();
        for revision in later.into_iter().chain([acknowledged + 1]) {
            if revision > next {
                let key = match revision - next {
                    1 => format!("journal entry {next}"),
                    _ => format!("journal entries {next} to {}", revision - 1),
                };
                self.found.unreadable.push(Unreadable::lost(key, "it is missing".to_owned(), None));
            }
            next = next.max(revision + 1);
        }
        let mut doubts = Vec::new();
        let is_database = |part: usize| self.parts[part].origin == Origin::Database;
        for known in self.records.values().filter(|known| !is_database(known.part)) {
            let (address, id, at) = (&known.record.address, &known.record.id, known.at);
            if self.has_gap(at, self.folded) {
                let what = if known.there { "changed" } else { "changed or deleted" };
                doubts.push(format!(
                    "{address} ({id}): as it was at revision {at}; whether it was {what} until revision {} cannot be \
                     told, because entries of the journal are lost",
                    self.folded
                ));
            }
        }
        self.found.doubts.extend(doubts);
    }

    /// Says how much is from where.
    fn tell_sources(&mut self, state: &State, applied: &BTreeMap<u64, usize>) {
        for (part, remains) in self.parts.iter().enumerate() {
            let is_here = |known: &&Known| known.part == part && state.record(known.record.token).is_some();
            let records = self.records.values().filter(is_here).count();
            let entries = applied.values().filter(|of| **of == part).count();
            if records + entries > 0 {
                let line =
                    format!("from {}: {records} records, {entries} entries of the journal", remains.origin);
                self.found.sources.push(line);
            }
        }
    }
}
