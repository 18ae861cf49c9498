//! What may follow what: the listed transitions, and random ones.

use std::collections::HashSet;

use proptest::prelude::*;

use super::arbitrary;
use crate::address::Token;
use crate::clock::Timestamp;
use crate::provider::Class;
use crate::state::{Cause, Entry, Flags, Intent, Outcome, Record, State, Status, Verb};
use crate::value::Map;

const A: Token = Token::new([1; 16]);
const B: Token = Token::new([2; 16]);

pub(super) fn intent(verb: Verb, token: Token, name: &str) -> Entry {
    Entry::Intent(Box::new(Intent {
        verb,
        address: format!("demo:net:Net::{name}").parse().unwrap(),
        token,
        inputs: [("verb".to_owned(), format!("{verb:?}").into())].into(),
        version: 1,
        provider: None,
        instance: None,
        place: None,
        dependencies: Vec::new(),
        flags: Flags::default(),
        time: Timestamp(1),
    }))
}

pub(super) fn end(token: Token, outcome: Outcome) -> Entry {
    Entry::Outcome { token, outcome, time: Timestamp(2) }
}

pub(super) fn applied() -> Outcome {
    Outcome::Applied { id: "x".into(), observed: Map::new(), outputs: Map::new(), took: 1 }
}

fn cause() -> Cause {
    Cause { class: Class::Transient, message: "lost".into() }
}

fn partial() -> Outcome {
    Outcome::Partial { id: "x".into(), observed: Map::new(), outputs: Map::new(), cause: cause() }
}

/// Applies entries that may all follow.
pub(super) fn state(entries: &[Entry]) -> State {
    let mut state = State::default();
    entries.iter().for_each(|entry| state.apply(entry.clone()).unwrap());
    state
}

fn refusal(state: &mut State, entry: &Entry) -> String {
    state.apply(entry.clone()).unwrap_err().to_string()
}

#[test]
fn a_call_begins_once_and_ends_once() {
    let mut open = state(&[intent(Verb::Create, A, "a")]);
    let again = refusal(&mut open, &intent(Verb::Create, A, "a"));
    assert_eq!(
        again,
        "an intent of demo:net:Net::a cannot follow what is recorded: a call for this generation is still open"
    );
    open.apply(end(A, applied())).unwrap();
    assert!(refusal(&mut open, &end(A, applied())).contains("no call for this generation is open"));
    assert!(refusal(&mut open, &intent(Verb::Create, A, "a")).contains("was created already"));
}

#[test]
fn what_is_not_there_is_neither_updated_nor_deleted() {
    let mut empty = State::default();
    for verb in [Verb::Update, Verb::Delete] {
        assert!(refusal(&mut empty, &intent(verb, A, "a")).contains("there is no such generation"));
    }
    let mut other = state(&[intent(Verb::Create, A, "a"), end(A, applied())]);
    for verb in [Verb::Update, Verb::Delete] {
        let text = refusal(&mut other, &intent(verb, A, "b"));
        assert!(text.contains("recorded under another address"), "{text}");
    }
}

#[test]
fn an_unknown_end_leaves_the_call_open_and_one_that_changed_nothing_closes_it() {
    let unknown = end(A, Outcome::Unknown { cause: cause() });
    let mut state = state(&[intent(Verb::Create, A, "a"), unknown]);
    assert!(state.pending_of(A).is_some() && state.records().next().is_none());
    state.apply(end(A, Outcome::NotApplied { cause: cause() })).unwrap();
    assert!(state.is_empty());
}

#[test]
fn a_new_generation_supersedes_the_old_one_until_that_is_deleted() {
    let mut state = state(&[intent(Verb::Create, A, "a"), end(A, applied()), intent(Verb::Create, B, "a")]);
    let address = "demo:net:Net::a".parse().unwrap();
    assert_eq!(state.current(&address).unwrap().token, A);
    state.apply(end(B, applied())).unwrap();
    assert_eq!(state.current(&address).unwrap().token, B);
    assert_eq!(state.record(A).unwrap().status, Status::Superseded);
    assert!(refusal(&mut state, &intent(Verb::Update, A, "a")).contains("another generation took the place"));
    state.apply(intent(Verb::Delete, A, "a")).unwrap();
    state.apply(end(A, applied())).unwrap();
    assert_eq!((state.len(), state.current(&address).unwrap().token), (1, B));
}

#[test]
fn half_an_update_keeps_the_inputs_of_the_last_whole_one() {
    let mut state = state(&[intent(Verb::Create, A, "a"), end(A, applied()), intent(Verb::Update, A, "a")]);
    state.apply(end(A, partial())).unwrap();
    let record = state.record(A).unwrap();
    assert_eq!((record.status, record.applied["verb"].as_str()), (Status::Partial, Some("Create")));
    state.apply(intent(Verb::Update, A, "a")).unwrap();
    state.apply(end(A, applied())).unwrap();
    let record = state.record(A).unwrap();
    assert_eq!((record.status, record.applied["verb"].as_str()), (Status::Live, Some("Update")));
}

#[test]
fn a_delete_does_not_end_half_way() {
    let mut state = state(&[intent(Verb::Create, A, "a"), end(A, applied()), intent(Verb::Delete, A, "a")]);
    assert!(refusal(&mut state, &end(A, partial())).contains("a delete cannot end half way"));
    assert!(state.pending_of(A).is_some());
}

#[test]
fn nothing_else_happens_to_a_generation_while_a_call_for_it_is_open() {
    let mut state = state(&[intent(Verb::Create, A, "a"), end(A, applied())]);
    let record = state.record(A).unwrap().clone();
    state.apply(intent(Verb::Update, A, "a")).unwrap();
    let others = [
        Entry::Recorded {
            token: A,
            dependencies: vec![],
            provider: None,
            instance: None,
            flags: Flags::default(),
        },
        Entry::Moved { token: A, to: "demo:net:Net::b".parse().unwrap() },
        Entry::Observed { token: A, observed: Map::new(), outputs: Map::new() },
        Entry::Forgotten { token: A, why: "x".into() },
        Entry::Adopted(Box::new(record)),
    ];
    for entry in others {
        assert!(refusal(&mut state, &entry).contains("a call for it is still open"), "{entry:?}");
    }
}

#[test]
fn a_move_goes_to_a_free_address_alone() {
    let mut state = state(&[
        intent(Verb::Create, A, "a"),
        end(A, applied()),
        intent(Verb::Create, B, "b"),
        end(B, applied()),
    ]);
    let to = |name: &str| format!("demo:net:Net::{name}").parse().unwrap();
    assert!(
        refusal(&mut state, &Entry::Moved { token: A, to: to("b") }).contains("the new address is taken")
    );
    state.apply(Entry::Moved { token: A, to: to("c") }).unwrap();
    assert!(state.current(&to("a")).is_none());
    assert_eq!(state.current(&to("c")).unwrap().token, A);
}

/// An imported document lists what addresses mean first, and then the superseded generations.
#[test]
fn an_imported_superseded_generation_does_not_supersede_its_successor() {
    let mut before = state(&[intent(Verb::Create, A, "a"), end(A, applied()), intent(Verb::Create, B, "a")]);
    before.apply(end(B, applied())).unwrap();
    let records: Vec<Record> = before.records().cloned().collect();
    let mut after = State::default();
    for record in &records {
        after.apply(Entry::Adopted(Box::new(record.clone()))).unwrap();
    }
    assert_eq!(after.records().cloned().collect::<Vec<_>>(), records);
    let address = "demo:net:Net::a".parse().unwrap();
    assert_eq!(after.current(&address).unwrap().token, B);
}

#[test]
fn an_imported_record_with_another_address_leaves_nothing_under_the_old_one() {
    let mut state = state(&[intent(Verb::Create, A, "a"), end(A, applied())]);
    let mut record = state.record(A).unwrap().clone();
    record.address = "demo:net:Net::b".parse().unwrap();
    state.apply(Entry::Adopted(Box::new(record))).unwrap();
    assert!(state.current(&"demo:net:Net::a".parse().unwrap()).is_none());
    assert_eq!(state.records().count(), 1);
}

/// What holds of every state that entries can lead to.
fn check(state: &State) -> std::result::Result<(), TestCaseError> {
    let mut seen = HashSet::new();
    for record in state.records() {
        prop_assert!(seen.insert(record.token), "{} is listed twice", record.token);
        let current = state.current(&record.address).map(|current| current.token);
        let means = current == Some(record.token);
        prop_assert_eq!(means, record.status != Status::Superseded, "{:?}", record);
    }
    prop_assert_eq!(seen.len(), state.len());
    for intent in state.pending() {
        prop_assert_eq!(intent.verb == Verb::Create, state.record(intent.token).is_none());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_entries_the_state_holds_together_and_a_refused_one_changes_nothing(
        entries in prop::collection::vec(arbitrary::entry(), 0..60),
    ) {
        let mut state = State::default();
        for entry in &entries {
            let before = format!("{state:?}");
            if state.apply(entry.clone()).is_err() {
                prop_assert_eq!(before, format!("{state:?}"));
            }
            check(&state)?;
        }
    }

    /// What a fold writes, read back, is the state that the entries made.
    #[test]
    fn folded_records_give_the_same_state_as_the_entries(
        entries in prop::collection::vec(arbitrary::entry(), 0..60),
    ) {
        let mut state = State::default();
        let mut folded = std::collections::BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            let _ = state.apply(entry.clone());
            if at % 7 == 0 {
                for token in state.touched() {
                    match state.record(token) {
                        Some(record) => drop(folded.insert(token, record.clone())),
                        None => drop(folded.remove(&token)),
                    }
                }
                state.forget_touched();
                let mut read = State::default();
                folded.values().cloned().for_each(|record| read.insert(record));
                prop_assert_eq!(
                    read.records().collect::<Vec<_>>(),
                    state.records().collect::<Vec<_>>()
                );
            }
        }
    }
}
