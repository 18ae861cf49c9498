//! The format: what is written is read, and what was changed on the way is an error and never a panic.

use std::sync::Arc;

use proptest::prelude::*;

use super::arbitrary;
use crate::address::Token;
use crate::clock::SeededIds;
use crate::state::{Codec, DataKey, Entry, FORMAT, FormatError, Outcome, Record, State};
use crate::value::{MadeOf, Map, Value};

fn codec(seed: u64) -> Codec {
    let ids = Arc::new(SeededIds::new(seed));
    Codec::new(Some(DataKey::generate(&SeededIds::new(seed))), ids)
}

fn exports(key: &str, value: Value) -> Entry {
    Entry::Exports([(key.to_owned(), value)].into())
}

fn a_record() -> Record {
    let json = serde_json::json!({
        "address": "demo:net:Net::a", "token": Token::new([7; 16]), "version": 1, "status": "live", "id": "net-1",
        "applied": {}, "observed": {}, "outputs": {}, "dependencies": [], "flags": {}, "created": 1, "updated": 2,
        "took": 3,
    });
    let mut record = codec(1).record_from_json(json).unwrap();
    record.applied.insert("password".to_owned(), Value::from("canary").into_secret());
    record.outputs.insert("cidr".to_owned(), "10.0.0.0/16".into());
    record
}

#[test]
fn a_newer_format_is_named() {
    let mut bytes = codec(1).encode(exports("a", Value::from(1))).unwrap();
    bytes[0] = FORMAT + 1;
    let error = codec(1).decode(&bytes).unwrap_err();
    assert_eq!(error, FormatError::Newer { found: FORMAT + 1 });
    assert_eq!(
        error.to_string(),
        "it has format 3, this release reads up to 2; run the release that wrote it, or a newer one"
    );
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let codec = codec(1);
    let bytes = codec.encode_record(&a_record()).unwrap();
    assert_eq!(codec.decode_record(&bytes).unwrap(), a_record());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(codec.decode_record(&changed).is_err(), "byte {at}, bit {bit}");
        }
        assert!(codec.decode_record(&bytes[..at]).is_err(), "cut at {at}");
    }
    let longer = [bytes, vec![b' ']].concat();
    assert!(codec.decode_record(&longer).is_err());
}

#[test]
fn keys_that_look_like_marks_are_only_keys() {
    for key in ["$", "$$", "$sealed", "$$sealed", "$sskuba:secret"] {
        let inner = Value::Map([(key.to_owned(), Value::from("v1:AAAA"))].into());
        for entry in [exports(key, "x".into()), exports("a", inner)] {
            let bytes = codec(1).encode(entry.clone()).unwrap();
            assert_eq!(codec(1).decode(&bytes).unwrap(), entry, "{key}");
        }
    }
}

#[test]
fn a_secret_is_sealed_and_opens_for_its_generation_and_stack_alone() {
    let record = a_record();
    let mut json = codec(1).record_to_json(&record).unwrap();
    assert!(!json.to_string().contains("canary"), "{json}");
    assert_eq!(codec(1).record_from_json(json.clone()).unwrap(), record);
    let other_stack = codec(2).record_from_json(json.clone()).unwrap_err().to_string();
    assert!(other_stack.contains("sealed with the key of another stack"), "{other_stack}");
    json["token"] = Token::new([8; 16]).to_string().into();
    let other = codec(1).record_from_json(json).unwrap_err().to_string();
    let expected = format!("the secret of generation {} cannot be opened", Token::new([8; 16]));
    assert!(other.contains(&expected) && other.contains("for another place"), "{other}");
}

#[test]
fn what_a_secret_was_made_of_is_recorded_with_it() {
    let login = Value::from("canary-login").into_secret();
    let key = Value::from("k".repeat(10_000)).into_secret();
    let url = Value::from("db://ann:canary-login@h").into_secret_of(MadeOf::these(&[login, key]));
    let mut record = a_record();
    record.applied = [("url".to_owned(), Value::List(vec![url]))].into();
    let bytes = codec(1).encode_record(&record).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("canary"));
    let read = codec(1).decode_record(&bytes).unwrap();
    let mut texts = Vec::new();
    read.applied["url"].secret_texts(&mut texts);
    // One that is very long is not worth its place.
    assert_eq!(texts, ["canary-login", "db://ann:canary-login@h"]);
    let mut json = codec(1).record_to_json(&record).unwrap();
    let sealed = &mut json["applied"]["url"][0];
    sealed["$parts"] = sealed["$sealed"].clone();
    let error = codec(1).record_from_json(json).unwrap_err().to_string();
    assert!(error.contains("the secret of the parts of a value cannot be opened"), "{error}");
}

#[test]
fn an_id_with_a_secret_is_sealed_and_shown_as_its_digest() {
    let mut record = a_record();
    for id in ["canary", "thing-canary-1", "$sealed:v1:AAAA"] {
        record.id = id.to_owned();
        let outcome = Outcome::Applied {
            id: id.to_owned(),
            observed: Map::new(),
            outputs: [("id".to_owned(), Value::from(id).into_secret())].into(),
            took: 1,
        };
        let entries = [
            Entry::Adopted(Box::new(record.clone())),
            Entry::Outcome { token: record.token, outcome, time: record.created },
        ];
        for entry in entries {
            let bytes = codec(1).encode(entry.clone()).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(id), "{id}");
            assert_eq!(codec(1).decode(&bytes).unwrap(), entry);
            assert!(Codec::new(None, Arc::new(SeededIds::new(1))).decode(&bytes).is_ok());
        }
        let bytes = codec(1).encode_record(&record).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(id), "{id}");
        assert_eq!(codec(1).decode_record(&bytes).unwrap(), record);
        let json = codec(1).record_to_json(&record).unwrap();
        assert!(!json.to_string().contains(id), "{id}");
        assert_eq!(codec(1).record_from_json(json).unwrap(), record);
        let closed = Codec::new(None, Arc::new(SeededIds::new(1)));
        assert_eq!(closed.decode_record(&bytes).unwrap().id, "(sealed)");
        assert!(closed.forgetting().decode_record(&bytes).is_err());
        let shown = record.shown_id();
        assert!(shown.starts_with("(secret, ") && shown.len() == 22, "{shown}");
    }
    assert_eq!(a_record().shown_id(), "net-1");
    let bytes = codec(1).encode_record(&a_record()).unwrap();
    assert!(String::from_utf8_lossy(&bytes).contains("net-1"));
}

#[test]
fn what_is_nested_too_deep_to_be_read_again_is_not_written() {
    let deep = |depth| (0..depth).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    let entry = exports("tree", deep(100));
    let bytes = codec(1).encode(entry.clone()).unwrap();
    assert_eq!(codec(1).decode(&bytes).unwrap(), entry);
    let error = codec(1).encode(exports("tree", deep(101))).unwrap_err().to_string();
    assert_eq!(error, "`tree` is nested more than 100 deep, and could not be read again");
}

#[test]
fn without_the_key_a_secret_stays_closed_and_cannot_be_written() {
    let bytes = codec(1).encode_record(&a_record()).unwrap();
    let closed = Codec::new(None, Arc::new(SeededIds::new(1)));
    let read = closed.decode_record(&bytes).unwrap();
    assert_eq!(read.applied["password"], Value::from("(sealed)").into_secret());
    let error = closed.encode_record(&read).unwrap_err().to_string();
    assert_eq!(error, "a secret cannot be recorded without the stack's key");
}

#[test]
fn a_value_that_is_not_known_is_never_recorded() {
    let error = codec(1).encode(exports("a", Value::List(vec![Value::Unknown]))).unwrap_err();
    assert_eq!(error.to_string(), "a value that is not known cannot be recorded");
}

/// Tells whether any text of a secret part stands in the bytes.
fn leaks(map: &Map, bytes: &[u8]) -> bool {
    fn texts(value: &Value, secret: bool, found: &mut Vec<String>) {
        match value {
            Value::Secret(_) => texts(value.reveal(), true, found),
            Value::String(text) if secret && text.len() > 5 => found.push(text.clone()),
            Value::List(items) => items.iter().for_each(|item| texts(item, secret, found)),
            Value::Map(map) => map.values().for_each(|item| texts(item, secret, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    map.values().for_each(|value| texts(value, false, &mut found));
    found.iter().any(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(entry in arbitrary::entry()) {
        let bytes = codec(1).encode(entry.clone()).unwrap();
        prop_assert_eq!(codec(1).decode(&bytes).unwrap(), entry);
    }

    #[test]
    fn records_and_maps_are_read_as_they_were_written(record in arbitrary::record(), map in arbitrary::map()) {
        let codec = codec(1);
        prop_assert_eq!(codec.decode_record(&codec.encode_record(&record).unwrap()).unwrap(), record.clone());
        prop_assert_eq!(codec.record_from_json(codec.record_to_json(&record).unwrap()).unwrap(), record);
        let bytes = codec.encode_map(&map).unwrap();
        prop_assert!(!leaks(&map, &bytes));
        prop_assert_eq!(codec.decode_map(&bytes).unwrap(), map);
    }

    #[test]
    fn replayed_bytes_give_the_state_that_the_entries_made(
        entries in prop::collection::vec(arbitrary::entry(), 0..40),
    ) {
        let codec = codec(1);
        let (mut made, mut replayed) = (State::default(), State::default());
        for entry in entries {
            if made.apply(entry.clone()).is_ok() {
                replayed.apply(codec.decode(&codec.encode(entry).unwrap()).unwrap()).unwrap();
            }
        }
        prop_assert_eq!(format!("{made:?}"), format!("{replayed:?}"));
        prop_assert_eq!(made.records().collect::<Vec<_>>(), replayed.records().collect::<Vec<_>>());
    }

    #[test]
    fn random_bytes_are_an_error(bytes in prop::collection::vec(any::<u8>(), 0..64), version in 0..3_u8) {
        prop_assert!(codec(1).decode(&bytes).is_err());
        let framed = [&[version][..], &crc32fast::hash(&bytes).to_be_bytes(), &bytes].concat();
        prop_assert!(codec(1).decode(&framed).is_err());
        prop_assert!(codec(1).decode_record(&framed).is_err());
        let _ = codec(1).decode_map(&framed);
    }
}
