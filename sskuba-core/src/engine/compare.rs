//! What became of the objects of a stack between two states.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::address::{Address, Token};
use crate::plan::FieldChange;
use crate::state::{Record, State, Status};
use crate::value::Map;

/// What became of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Became {
    /// It was made, or imported.
    Created,
    /// Some of its inputs were changed.
    Updated,
    /// Another one took its place.
    Replaced,
    /// It was deleted, or forgotten.
    Deleted,
    /// It got another address, and was not changed.
    Moved,
    /// Its provider reported something else; its inputs stayed.
    Observed,
    /// What is recorded of it changed: what it depends on, its options, whether it is whole.
    Recorded,
}

impl fmt::Display for Became {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Replaced => "replaced",
            Self::Deleted => "deleted",
            Self::Moved => "moved",
            Self::Observed => "reported anew",
            Self::Recorded => "recorded anew",
        })
    }
}

/// What became of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectChange {
    /// Its address; the last one it had.
    pub address: Address,
    /// What became of it.
    pub became: Became,
    /// Its id, masked if it is secret; the last one it had.
    pub id: String,
    /// The address that it had before, if that is another.
    pub from: Option<Address>,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
}

/// Returns what differs between two states.
pub(super) fn compare(old: &State, new: &State) -> Vec<ObjectChange> {
    let by_token = |state: &State| -> BTreeMap<Token, Record> {
        state.records().map(|record| (record.token, record.clone())).collect()
    };
    let (before, after) = (by_token(old), by_token(new));
    let mut found = Vec::new();
    let mut replaced = BTreeSet::new();
    for record in after.values() {
        if let Some(was) = before.get(&record.token) {
            found.extend(changed(was, record));
            continue;
        }
        // What had this address, and is gone or about to go.
        let gives_way = |was: &&Record| {
            was.address == record.address
                && after.get(&was.token).is_none_or(|now| now.status == Status::Superseded)
        };
        let was = old.current(&record.address).filter(gives_way);
        replaced.extend(was.map(|was| was.token));
        let none = Map::new();
        let fields = FieldChange::between(was.map_or(&none, |was| &was.applied), &record.applied);
        let became = if was.is_some() { Became::Replaced } else { Became::Created };
        found.push(change(record, became, None, fields));
    }
    let gone =
        before.values().filter(|was| !after.contains_key(&was.token) && !replaced.contains(&was.token));
    // The rest of an earlier replacement is no object of the program.
    let gone = gone.filter(|was| was.status != Status::Superseded);
    found.extend(
        gone.map(|was| change(was, Became::Deleted, None, FieldChange::between(&was.applied, &Map::new()))),
    );
    found.sort_by(|one, other| one.address.cmp(&other.address));
    found
}

/// Says what became of one generation; none if nothing did.
fn changed(was: &Record, now: &Record) -> Option<ObjectChange> {
    if now.status == Status::Superseded {
        return None;
    }
    let from = (was.address != now.address).then(|| was.address.clone());
    let inputs = FieldChange::between(&was.applied, &now.applied);
    let (became, fields) = if inputs.is_empty() {
        let observed = FieldChange::between(&was.observed, &now.observed);
        let reported = [observed, FieldChange::between(&was.outputs, &now.outputs)].concat();
        match (&from, reported.is_empty()) {
            (_, false) => (Became::Observed, reported),
            (Some(_), true) => (Became::Moved, reported),
            (None, true) => (Became::Recorded, reported),
        }
    } else {
        (Became::Updated, [inputs, FieldChange::between(&was.outputs, &now.outputs)].concat())
    };
    let same = from.is_none()
        && fields.is_empty()
        && (&was.dependencies, &was.flags, &was.provider, was.status)
            == (&now.dependencies, &now.flags, &now.provider, now.status);
    (!same).then(|| change(now, became, from, fields))
}

fn change(record: &Record, became: Became, from: Option<Address>, fields: Vec<FieldChange>) -> ObjectChange {
    let (address, id) = (record.address.clone(), record.shown_id().into_owned());
    ObjectChange { address, became, id, from, fields }
}
