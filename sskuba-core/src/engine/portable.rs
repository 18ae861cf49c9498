//! A stack as one JSON document: export and import.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::build::Engine;
use super::error::{DocumentError, EditError, EngineError};
use super::open::KEY;
use super::session::Session;
use crate::address::{Address, StackId, Token};
use crate::provider::Place;
use crate::state::{
    Codec, Entry, FORMAT, Image, Intent, KeyringError, PlaceId, Record, State, Status, from_text, to_text,
};
use crate::value::Map;

impl Engine {
    /// Writes a stack as a JSON document; secrets stay sealed.
    ///
    /// # Errors
    /// If there is no such stack, or it cannot be read.
    pub async fn export_state(&self, stack: &StackId) -> Result<Json, EngineError> {
        let image = self.image(stack).await?;
        let image = image.ok_or_else(|| crate::state::StoreError::NoStack(stack.clone()))?;
        let (state, codec, simulated) = self.readable(stack).await?;
        document(stack, &image, &state, &codec, simulated)
    }
}

/// Writes what is recorded of a stack as an export.
pub(super) fn document(
    stack: &StackId,
    image: &Image,
    state: &State,
    codec: &Codec,
    simulated: bool,
) -> Result<Json, EngineError> {
    let odd = |error| EngineError::from(EditError::Format(error));
    let records: Result<Vec<Json>, _> = state.records().map(|record| codec.record_to_json(record)).collect();
    let open: Result<Vec<Json>, _> = state.pending().map(|intent| codec.intent_to_json(intent)).collect();
    Ok(json!({
        "format": FORMAT,
        "writer": env!("CARGO_PKG_VERSION"),
        "stack": stack,
        "revision": state.revision(),
        "simulated": simulated,
        "key": image.meta.get(KEY).map(|bytes| to_text(bytes)),
        "places": state.places(),
        "records": records.map_err(odd)?,
        "interrupted": open.map_err(odd)?,
        "outputs": codec.map_to_json(state.exports()).map_err(odd)?,
    }))
}

/// All that is to be recorded of a stack.
pub(super) struct Whole {
    /// The places that the others name by their numbers.
    pub(super) places: Vec<Place>,
    pub(super) records: Vec<Record>,
    pub(super) open: Vec<Intent>,
    pub(super) outputs: Option<Map>,
    pub(super) simulated: bool,
}

/// Names what records and open calls cannot both be: one generation or one address twice, or one object under two
/// addresses.
fn contradictions(records: &[Record], open: &[Intent]) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut tokens, mut addresses, mut objects) = (HashMap::new(), HashMap::new(), HashMap::new());
    for record in records {
        let name = || format!("{} ({})", record.address, record.id);
        if let Some(other) = tokens.insert(record.token, name()) {
            lines.push(format!("{other} and {} have one token, {}", name(), record.token));
        }
        if record.status == Status::Superseded {
            continue;
        }
        if let Some(other) = addresses.insert(&record.address, name()) {
            lines.push(format!("{other} and {} have one address", name()));
        }
        // Without an id nobody knows which object it is, and an id is one object's at one instance of a provider.
        let object = (record.address.kind_str(), record.provider.as_ref(), &record.id);
        if !record.id.is_empty()
            && let Some(other) = objects.insert(object, name())
        {
            lines.push(format!("{other} and {} are one object", name()));
        }
    }
    let mut calls = HashMap::new();
    for intent in open {
        if calls.insert(intent.token, &intent.address).is_some() {
            lines.push(format!(
                "two interrupted operations of {} have one token, {}",
                intent.address, intent.token
            ));
        }
    }
    lines
}

impl Session {
    /// Makes the records those of a JSON document that [`Engine::export_state`] wrote, perhaps edited. One durable
    /// change: all of it or nothing.
    ///
    /// # Errors
    /// If the document is not one, contradicts itself, was written by a newer release, or its secrets cannot be opened; or
    /// if another stack of the store records the same objects.
    pub async fn import_state(&mut self, document: Json) -> Result<usize, EngineError> {
        match document.get("format").and_then(Json::as_u64) {
            Some(format) if format <= u64::from(FORMAT) => {}
            Some(format) => {
                let writer = document.get("writer").and_then(Json::as_str).unwrap_or("?");
                return Err(DocumentError::Newer { writer: writer.to_owned(), format }.into());
            }
            None => return Err(DocumentError::NoFormat.into()),
        }
        if let Some(open) = self.state().pending().next() {
            let (stack, address) = (self.stack.clone(), open.address.clone());
            return Err(DocumentError::Interrupted { stack, address }.into());
        }
        let codec = self.codec_of(&document).await?;
        let Some(Json::Array(items)) = document.get("records") else {
            return Err(DocumentError::NoRecords.into());
        };
        let places = document.get("places").cloned().unwrap_or_else(|| json!([]));
        let places: Vec<Place> = serde_json::from_value(places).map_err(DocumentError::Places)?;
        let check_place = |place: Option<PlaceId>, what: &str| match place {
            Some(PlaceId(place)) if place as usize >= places.len() => {
                Err(DocumentError::NoPlace { part: what.to_owned(), place })
            }
            _ => Ok(()),
        };
        let mut records: Vec<Record> = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let part = format!("record {i}");
            let record = codec.record_from_json(item.clone());
            let mut record = record.map_err(|error| DocumentError::Part { part: part.clone(), error })?;
            check_place(record.place, &part)?;
            self.keep_secret(&mut record);
            records.push(record);
        }
        let mut open = Vec::new();
        for (i, item) in
            document.get("interrupted").and_then(Json::as_array).into_iter().flatten().enumerate()
        {
            let part = format!("interrupted operation {i}");
            let intent = codec.intent_from_json(item.clone());
            let intent = intent.map_err(|error| DocumentError::Part { part: part.clone(), error })?;
            check_place(intent.place, &part)?;
            open.push(intent);
        }
        let twice = contradictions(&records, &open);
        if !twice.is_empty() {
            return Err(DocumentError::Contradiction(twice).into());
        }
        self.refuse_shared(&document, &records, &open).await?;
        let outputs = document.get("outputs").map(|json| codec.map_from_json(json.clone())).transpose();
        let outputs =
            outputs.map_err(|error| DocumentError::Part { part: "its outputs".to_owned(), error })?;
        let simulated = document.get("simulated").and_then(Json::as_bool).unwrap_or(false);
        self.replace_all("imported", Whole { places, records, open, outputs, simulated }).await
    }

    /// Refuses records that another stack of the store has too: both stacks would change and delete the same objects.
    async fn refuse_shared(
        &self,
        document: &Json,
        records: &[Record],
        open: &[Intent],
    ) -> Result<(), EngineError> {
        let records = records.iter().map(|record| (record.token, &record.address));
        let ours: Vec<_> = records.chain(open.iter().map(|open| (open.token, &open.address))).collect();
        let own = document.get("stack").and_then(Json::as_str);
        let stacks = self.engine().store.stacks().await.map_err(EngineError::store)?;
        for stack in stacks.into_iter().filter(|stack| stack != self.stack()) {
            let other = match self.engine().read(&stack).await {
                Ok(other) => other.state,
                // Whether the stack that the document is of still records its objects has to be known.
                Err(error) if own == Some(stack.as_str()) => return Err(error),
                Err(_) => continue,
            };
            let has = |token| other.record(token).is_some() || other.pending_of(token).is_some();
            let shared = ours.iter().filter(|(token, _)| has(*token));
            let objects: Vec<Address> = shared.map(|(_, address)| (*address).clone()).collect();
            if !objects.is_empty() {
                return Err(DocumentError::Shared { stack, objects }.into());
            }
        }
        Ok(())
    }

    /// Puts something else in the place of all that is recorded, as one edit; returns how many records that are.
    pub(super) async fn replace_all(&mut self, did: &str, whole: Whole) -> Result<usize, EngineError> {
        let Whole { places, mut records, mut open, outputs, simulated } = whole;
        let (places, numbers) = self.renumbered(places);
        let number = |place: Option<PlaceId>| numbers.get(place?.0 as usize).copied();
        records.iter_mut().for_each(|record| record.place = number(record.place));
        open.iter_mut().for_each(|intent| intent.place = number(intent.place));
        let stay: HashSet<Token> = records.iter().map(|record| record.token).collect();
        let gone: Vec<_> = self
            .state()
            .records()
            .filter(|old| !stay.contains(&old.token))
            .map(|old| Entry::Forgotten { token: old.token, why: format!("not in what was {did}") })
            .collect();
        let (count, lost) = (records.len(), gone.len());
        let adopted = records.into_iter().map(|record| Entry::Adopted(Box::new(record)));
        let rest =
            open.into_iter().map(|intent| Entry::Intent(Box::new(intent))).chain(outputs.map(Entry::Exports));
        let entries = places.into_iter().chain(gone).chain(adopted).chain(rest).collect();
        let what = format!("{did} {count} records, in place of others {lost}");
        self.edit_world(what, entries, Some(simulated)).await?;
        self.journal().fold_all().await.map_err(|error| self.wrap(error))?;
        Ok(count)
    }

    /// Returns the numbers that places have in this stack, and the entries that add those that it does not know.
    fn renumbered(&self, places: Vec<Place>) -> (Vec<Entry>, Vec<PlaceId>) {
        let mut known = self.state().places().to_vec();
        let (mut entries, mut numbers) = (Vec::new(), Vec::new());
        for place in places {
            let at = known.iter().position(|other| *other == place).unwrap_or_else(|| {
                let id = PlaceId(u32::try_from(known.len()).unwrap_or(u32::MAX));
                known.push(place.clone());
                entries.push(Entry::Place { id, place });
                known.len() - 1
            });
            numbers.push(PlaceId(u32::try_from(at).unwrap_or(u32::MAX)));
        }
        (entries, numbers)
    }

    /// Marks the fields of a record that its kind says are secret: an edited document may have them in the clear.
    fn keep_secret(&self, record: &mut Record) {
        let Ok(schema) = self.engine().registry.schema(record.address.kind_str()) else { return };
        for map in [&mut record.applied, &mut record.observed, &mut record.outputs] {
            *map = schema.seal_outputs(std::mem::take(map));
        }
    }

    /// Returns the codec that opens a document's secrets: its own sealed key, or this stack's.
    async fn codec_of(&self, document: &Json) -> Result<Codec, EngineError> {
        let Some(text) = document.get("key").and_then(Json::as_str) else {
            // Without it sealed values would be read as the mask that stands for them, and be recorded as such.
            if document.to_string().contains("\"$sealed\"") {
                return Err(DocumentError::NoKey.into());
            }
            return Ok(Codec::new(None, Arc::clone(&self.engine().ids)));
        };
        let sealed = from_text(text).map_err(|error| DocumentError::Key(error.to_string()))?;
        let key = self.engine().keyring.open(&sealed).await.map_err(|error| match error {
            KeyringError::Damaged(why) => DocumentError::Key(why),
            error => DocumentError::Keyring(error),
        })?;
        Ok(Codec::new(Some(key), Arc::clone(&self.engine().ids)))
    }
}
