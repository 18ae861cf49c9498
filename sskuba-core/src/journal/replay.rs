//! From what a store holds to the state of a stack. Every command does this first, so it is done on all cores.

use std::panic::resume_unwind;
use std::thread;

use super::log::{DUE, EXPORTS, JournalError, NEW_SECRETS, PLACES, hex};
use crate::provider::Place;
use crate::state::{Codec, Entry, Image, Record, State};
use crate::value::Map;

/// How many values are decoded before they are applied; bounds what is held twice.
const BATCH: usize = 8192;

/// The fewest values for which another thread is worth its start.
const SHARE: usize = 256;

/// What a stored record is.
enum Folded {
    Record(Box<Record>),
    Exports(Map),
    Places(Vec<Place>),
}

/// Rebuilds the state of a stack from what is stored.
///
/// # Errors
/// If a value is damaged, newer than this release, or does not fit what came before it.
pub fn replay(image: &Image, codec: &Codec) -> Result<State, JournalError> {
    let mut state = State::default();
    state.set_new_secrets(image.meta.get(NEW_SECRETS).is_some_and(|due| due == DUE));
    let folded = |(key, bytes): &(Vec<u8>, Vec<u8>)| decode_folded(key, bytes, codec);
    in_order(&image.records, folded, |folded| {
        match folded {
            Folded::Record(record) => state.insert(record),
            Folded::Exports(map) => state.set_exports(map),
            Folded::Places(places) => state.set_places(places),
        }
        Ok(())
    })?;
    let entry = |(revision, bytes): &(u64, Vec<u8>)| decode_entry(*revision, bytes, codec);
    in_order(&image.journal, entry, |(revision, entry)| {
        state.apply(entry).map_err(|error| JournalError::Transition { revision, error })
    })?;
    state.name_instances();
    state.set_revision(image.revision);
    Ok(state)
}

fn decode_folded(key: &[u8], bytes: &[u8], codec: &Codec) -> Result<Folded, JournalError> {
    let decoded = if key == EXPORTS {
        codec.decode_map(bytes).map(Folded::Exports)
    } else if key == PLACES {
        codec.decode_places(bytes).map(Folded::Places)
    } else {
        codec.decode_record(bytes).map(|record| Folded::Record(Box::new(record)))
    };
    let name = || match key {
        EXPORTS => "record exports".to_owned(),
        PLACES => "record places".to_owned(),
        key => format!("record {}", hex(key)),
    };
    decoded.map_err(|error| JournalError::Format { key: name(), error })
}

fn decode_entry(revision: u64, bytes: &[u8], codec: &Codec) -> Result<(u64, Entry), JournalError> {
    let at = |error| JournalError::Format { key: format!("journal entry {revision}"), error };
    Ok((revision, codec.decode(bytes).map_err(at)?))
}

/// Decodes values on all cores and hands them on in their order, up to the first that fails.
fn in_order<I: Sync, T: Send>(
    values: &[I],
    decode: impl Fn(&I) -> Result<T, JournalError> + Sync,
    mut take: impl FnMut(T) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let threads =
        if values.len() < 2 * SHARE { 1 } else { thread::available_parallelism().map_or(1, Into::into) };
    for batch in values.chunks(BATCH) {
        let mut shares = batch.chunks(batch.len().div_ceil(threads).max(SHARE));
        let decode_all = |share: &[I]| share.iter().map(&decode).collect::<Vec<_>>();
        let (here, rest) = thread::scope(|scope| {
            let first = shares.next().unwrap_or_default();
            let rest: Vec<_> = shares.map(|share| scope.spawn(move || decode_all(share))).collect();
            let here = decode_all(first);
            let join = |thread: thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| resume_unwind(panic))
            };
            (here, rest.into_iter().flat_map(join).collect::<Vec<_>>())
        });
        here.into_iter().chain(rest).try_for_each(|value| take(value?))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_in_order_up_to_the_first_that_fails() {
        let values: Vec<u64> = (0..20_000).collect();
        let failed = |at: u64| JournalError::Format {
            key: at.to_string(),
            error: crate::state::FormatError::Damaged("test".into()),
        };
        let decode = |value: &u64| if *value < 17_000 { Ok(*value) } else { Err(failed(*value)) };
        let mut seen = Vec::new();
        let error = in_order(&values, decode, |value| {
            seen.push(value);
            Ok(())
        });
        assert!(error.unwrap_err().to_string().starts_with("17000"));
        assert_eq!(seen, values[..17_000]);
    }
}
