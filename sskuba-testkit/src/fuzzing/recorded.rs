//! Records and journals, as a store may hand them back.

use std::sync::Arc;

use serde_json::Value as Json;
use sskuba_core::applying::{replay, salvage};
use sskuba_core::clock::SeededIds;
use sskuba_core::state::{Codec, DataKey, FORMAT, Image};

fn codec() -> Codec {
    Codec::new(Some(DataKey::from_bytes([7; 32])), Arc::new(SeededIds::new(7)))
}

/// Puts the head on a text that the format wants, so that what is behind the checksum is met as well.
fn headed(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend(crc32fast::hash(text).to_be_bytes());
    bytes.extend_from_slice(text);
    bytes
}

/// Reads a record: its bytes as they are, under a checksum that fits, and as an export has it. What can be read can be
/// written and is then the same.
#[expect(clippy::unwrap_used, reason = "a broken promise is a panic here")]
pub fn record(input: &[u8]) {
    let codec = codec();
    let _ = codec.decode_record(input);
    let _ = codec.decode_map(input);
    for codec in [codec.clone(), codec.clone().forgetting()] {
        let _ = codec.decode_map(&headed(input));
        if let Ok(record) = codec.decode_record(&headed(input)) {
            let bytes = codec.encode_record(&record).unwrap();
            assert_eq!(codec.decode_record(&bytes).unwrap(), record);
        }
        let Ok(json) = serde_json::from_slice::<Json>(input) else { continue };
        if let Ok(record) = codec.record_from_json(json.clone()) {
            let again = codec.record_to_json(&record).unwrap();
            assert_eq!(codec.record_from_json(again).unwrap(), record);
        }
        let _ = codec.intent_from_json(json.clone());
        let _ = codec.map_from_json(json);
    }
}

/// Replays a journal, an entry to a line. A salvage has all that a replay has, and is silent where that succeeds.
#[expect(clippy::unwrap_used, reason = "a broken promise is a panic here")]
pub fn journal(input: &[u8]) {
    let codec = codec().forgetting();
    let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let journal: Vec<(u64, Vec<u8>)> = (1..).zip(lines.map(headed)).collect();
    let revision = journal.len() as u64;
    let image = Image { revision, journal, ..Image::default() };
    let found = salvage(&image, &codec);
    let lines = found.findings();
    match replay(&image, &codec) {
        Ok(state) => {
            assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
            assert_eq!(state.len(), found.state.len());
            assert!(state.pending().count() <= lines.len());
        }
        Err(error) => assert!(!found.unreadable.is_empty(), "{error}"),
    }
    for record in found.state.records() {
        codec.encode_record(record).unwrap();
    }
}
