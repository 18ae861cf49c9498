//! Where provider instances work, and whether that is where the recorded objects are. Asked before anything is read or
//! changed: in another place an object is "not found", and that must not be taken for "gone".

use std::collections::BTreeMap;
use std::fmt;

use tokio::task::JoinSet;

use super::instances::Configured;
use super::tools::Tools;
use crate::address::{Address, Token};
use crate::journal::{Journal, JournalError};
use crate::provider::{Failure, Place, Registry};
use crate::state::{Entry, PlaceId, Record, State};

/// How many objects are named where all are meant.
const NAMED: usize = 3;

/// Why it is not certain that objects are looked for where they are.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Misplaced {
    /// An instance works elsewhere than the objects that were made with it are.
    Elsewhere {
        /// The declared instance, or the provider's name.
        instance: String,
        /// Where it works now.
        here: Place,
        /// Where the objects are.
        there: Place,
        /// The objects.
        objects: Vec<Address>,
    },
    /// An earlier release recorded objects without their place, and none of them is where their instance works now.
    NothingThere {
        /// The declared instance, or the provider's name.
        instance: String,
        /// Where it works now.
        here: Place,
        /// How many objects were looked for.
        count: usize,
    },
    /// It could not be found out where an instance works.
    Unknown {
        /// The declared instance, or the provider's name.
        instance: String,
        /// Why not.
        failure: Failure,
    },
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere { instance, here, there, objects } => {
                let names: Vec<&str> = objects.iter().take(NAMED).map(Address::as_str).collect();
                let more = objects.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                write!(f, "{instance} works in {here}; {}{more}: in {there}", names.join(", "))
            }
            Self::NothingThere { instance, here, count } => write!(
                f,
                "{instance} works in {here}, and none of the {count} objects that an earlier release recorded of it is \
                 there"
            ),
            Self::Unknown { instance, failure } => {
                write!(f, "failed to find out where {instance} works: {failure}")
            }
        }
    }
}

/// Groups records by the provider instance that they were made with.
pub(crate) type Groups<'a> = BTreeMap<(Option<&'a Address>, Option<Token>, &'a str), Vec<&'a Record>>;

/// Groups the records of a state that have objects.
pub(crate) fn groups<'a>(registry: &Registry, state: &'a State) -> Groups<'a> {
    let mut groups = Groups::new();
    for record in state.records().filter(|record| !registry.is_instance(&record.address)) {
        let (address, generation) = (record.provider.as_ref(), record.instance);
        let provider = record.address.provider();
        groups.entry((address, generation, provider)).or_default().push(record);
    }
    groups
}

/// Finds out where instances work, all at once.
pub(crate) async fn locate(
    instances: impl IntoIterator<Item = Configured>,
) -> Vec<(Configured, Result<Place, Failure>)> {
    let mut tasks = JoinSet::new();
    for instance in instances {
        tasks.spawn(async move {
            let place = instance.place().await;
            (instance, place)
        });
    }
    let mut found = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        found.extend(ended.ok());
    }
    found.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    found
}

/// Says which of the records are not where an instance works.
pub(crate) fn elsewhere(
    state: &State,
    instance: &Configured,
    here: &Place,
    records: &[&Record],
) -> Vec<Misplaced> {
    let mut there: BTreeMap<PlaceId, Vec<Address>> = BTreeMap::new();
    for record in records {
        if let Some(place) = record.place {
            there.entry(place).or_default().push(record.address.clone());
        }
    }
    let other = there.into_iter().filter_map(|(place, objects)| {
        let there = state.place(place).filter(|there| *there != here)?.clone();
        let (instance, here) = (instance.label(), here.clone());
        Some(Misplaced::Elsewhere { instance, here, there, objects })
    });
    other.collect()
}

/// Records where a provider instance of the stack works.
pub(crate) fn record_place(
    journal: &mut Journal,
    tools: &Tools,
    address: &Address,
    token: Token,
) -> Result<(), JournalError> {
    let used = (Some(address), Some(token));
    let kind = address.kind_str();
    let Ok(instance) = tools.instances.of(&tools.registry, journal.state(), kind, used) else {
        return Ok(());
    };
    let Some(place) = place_id(journal, &instance)? else { return Ok(()) };
    if journal.state().record(token).is_some_and(|record| record.place != Some(place)) {
        journal.stage(Entry::Located { tokens: vec![token], place })?;
    }
    Ok(())
}

/// Returns the number of the place where an instance works; it gets one with its first object.
pub(crate) fn place_id(
    journal: &mut Journal,
    instance: &Configured,
) -> Result<Option<PlaceId>, JournalError> {
    let Some(place) = instance.known_place() else { return Ok(None) };
    if journal.state().place_id(place).is_none() {
        let id = journal.state().next_place();
        journal.stage(Entry::Place { id, place: place.clone() })?;
    }
    Ok(journal.state().place_id(place))
}
