//! Reads what can be read of a stack that is damaged, and says of the rest what it was.

use std::fmt;

use super::log::{EXPORTS, PLACES, hex};
use crate::address::Address;
use crate::state::{Codec, Entry, FormatError, Image, Outcome, State, Status, Verb};

/// Something stored that cannot be read, or cannot follow what is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unreadable {
    /// Its key: `record …` or `journal entry …`.
    pub key: String,
    /// Why it cannot be read.
    pub why: String,
    /// What it seems to have been about, for people: as far as its bytes still say.
    pub about: Option<String>,
    /// From where it is known all the same; none if it is lost.
    pub restored: Option<String>,
}

impl Unreadable {
    /// Says that something is lost.
    pub(super) fn lost(key: String, why: String, about: Option<String>) -> Self {
        Self { key, why, about, restored: None }
    }
}

/// What is left of a stack.
#[derive(Debug, Clone, Default)]
pub struct Salvage {
    /// All that can be read.
    pub state: State,
    /// What cannot, in the order of the records and then of the journal.
    pub unreadable: Vec<Unreadable>,
    /// The keys of the records that cannot be read.
    pub keys: Vec<Vec<u8>>,
    /// The release's format number that something unreadable has, if it is newer than this one.
    pub newer: Option<u8>,
    /// Those whose secrets cannot be opened and were left out.
    pub closed: Vec<String>,
    /// What is from where, for people; empty where all of it is from the database.
    pub sources: Vec<String>,
    /// What cannot be told of what is kept, or left out: one line each.
    pub doubts: Vec<String>,
}

/// Reads all that can be read. With a codec that forgets, secrets that do not open are left out of what they were in.
pub fn salvage(image: &Image, codec: &Codec) -> Salvage {
    let mut found = Salvage::default();
    if let Some(damage) = image.damage.clone() {
        found.unreadable.push(Unreadable::lost(damage.key, damage.why, None));
    }
    for (key, bytes) in &image.records {
        let name = match key.as_slice() {
            EXPORTS => "record exports".to_owned(),
            PLACES => "record places".to_owned(),
            key => format!("record {}", hex(key)),
        };
        let read = match key.as_slice() {
            EXPORTS => {
                let map = found.read(codec, &name, |codec| codec.decode_map(bytes));
                map.map(|map| found.state.set_exports(map))
            }
            PLACES => {
                let places = found.read(codec, &name, |codec| codec.decode_places(bytes));
                places.map(|places| found.state.set_places(places))
            }
            _ => {
                let record = found.read(codec, &name, |codec| codec.decode_record(bytes));
                record.map(|record| found.state.insert(record))
            }
        };
        if let Err(error) = read {
            found.lose(name, &error, bytes);
            found.keys.push(key.clone());
        }
    }
    // Where the place of an object can no longer be read, the next run finds it out.
    found.state.forget_unknown_places();
    for (revision, bytes) in &image.journal {
        let name = format!("journal entry {revision}");
        let mut entry = match found.read(codec, &name, |codec| codec.decode(bytes)) {
            Ok(entry) => entry,
            Err(error) => {
                found.lose(name, &error, bytes);
                continue;
            }
        };
        found.state.forget_unknown_place(&mut entry);
        let about = about_entry(&entry);
        if let Err(error) = found.state.apply(entry) {
            found.unreadable.push(Unreadable::lost(name, error.to_string(), about));
        }
    }
    found.state.name_instances();
    found.state.set_revision(image.revision);
    found
}

impl Salvage {
    /// Reads a value; once more without its secrets if those do not open.
    fn read<T>(
        &mut self,
        codec: &Codec,
        name: &str,
        read: impl Fn(&Codec) -> Result<T, FormatError>,
    ) -> Result<T, FormatError> {
        match read(codec) {
            Err(FormatError::Sealed(error)) => {
                let without = read(&codec.clone().forgetting())?;
                self.closed.push(format!("{name}: {error}"));
                Ok(without)
            }
            answer => answer,
        }
    }

    pub(super) fn lose(&mut self, key: String, error: &FormatError, bytes: &[u8]) {
        if let FormatError::Newer { found } = error {
            self.newer = self.newer.max(Some(*found));
        }
        self.unreadable.push(Unreadable::lost(key, error.to_string(), about_bytes(bytes)));
    }

    /// Returns what is lost: what cannot be read and is not known from elsewhere.
    pub fn lost(&self) -> impl Iterator<Item = &Unreadable> {
        self.unreadable.iter().filter(|item| item.restored.is_none())
    }

    /// Returns what is odd about what can be read.
    pub fn findings(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for record in self.state.records() {
            let address = &record.address;
            for edge in record.dependencies.iter().filter(|edge| self.state.current(edge).is_none()) {
                found.push(Finding::NoDependency { address: address.clone(), dependency: edge.clone() });
            }
            if record.status == Status::Superseded {
                found.push(Finding::Superseded {
                    address: address.clone(),
                    id: record.shown_id().into_owned(),
                });
            }
        }
        found.extend(
            self.state
                .pending()
                .map(|open| Finding::Interrupted { address: open.address.clone(), verb: open.verb }),
        );
        found
    }
}

/// What is odd about what can be read of a damaged state. Its text says what the next run does about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// A record depends on what is not recorded.
    NoDependency {
        /// The resource.
        address: Address,
        /// What it depends on.
        dependency: Address,
    },
    /// An earlier generation still waits for its delete.
    Superseded {
        /// The resource.
        address: Address,
        /// The id of its object.
        id: String,
    },
    /// A call has no outcome.
    Interrupted {
        /// The resource.
        address: Address,
        /// What was asked.
        verb: Verb,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDependency { address, dependency } => write!(
                f,
                "{address} depends on {dependency}, which is not recorded: the next run records what it needs anew"
            ),
            Self::Superseded { address, id } => write!(
                f,
                "an earlier {address} ({id}) still waits for its delete: the next run deletes it, also where the stack \
                 goes down"
            ),
            Self::Interrupted { address, verb } => write!(
                f,
                "a {} of {address} was interrupted: the next run finds out what came of it, or asks for that",
                verb
            ),
        }
    }
}

/// Says what an entry is about that cannot follow the others.
pub(super) fn about_entry(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Intent(intent) => Some(format!("a {} of {}", intent.verb, intent.address)),
        Entry::Outcome {
            outcome: Outcome::Applied { id, .. } | Outcome::Made { id, .. } | Outcome::Partial { id, .. },
            ..
        } if !id.is_empty() => Some(format!("the end of a call that made or changed the object {id}")),
        Entry::Outcome { .. } => Some("the end of a call".to_owned()),
        Entry::Adopted(record) => Some(format!("{} ({})", record.address, record.shown_id())),
        Entry::Moved { to, .. } => Some(format!("a move to {to}")),
        _ => None,
    }
}

/// Reads the address and the id that damaged bytes still have, both of which are in the clear.
pub(super) fn about_bytes(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let field = |name: &str| {
        let rest = text.split_once(&format!("\"{name}\":\""))?.1;
        let value: String = rest.chars().take(300).take_while(|c| *c != '"' && !c.is_control()).collect();
        Some(value).filter(|value| !value.is_empty())
    };
    match (field("address"), field("id")) {
        (Some(address), Some(id)) => Some(format!("{address} ({id})")),
        (Some(address), None) => Some(address),
        (None, Some(id)) => Some(format!("the object {id}")),
        (None, None) => None,
    }
}
