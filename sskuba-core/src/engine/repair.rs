//! A stack that is damaged: what can be read of it, and how it is made whole again without that which cannot.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::build::Engine;
use super::error::{EditError, EngineError};
use super::open::{KEY, check_format, is_simulated, writer};
use super::portable::document;
use crate::address::StackId;
use crate::journal::{Salvage, Unreadable, gather, whole};
use crate::state::{
    Anew, Codec, DataKey, Edit, Entry, Fold, Image, KeyringError, Lease, Leftovers, Owner, Records, State,
    StoreError, to_text,
};

/// What an examination of a stack found.
#[derive(Debug)]
pub struct Examination {
    /// What can be read, and what cannot.
    pub salvage: Salvage,
    /// Why the database cannot be read at all, if it cannot; the rest is then from copies and from its bytes.
    pub broken: Option<String>,
    /// Why the stack's secrets cannot be opened, if they cannot.
    pub closed: Option<KeyringError>,
    /// All that can be read, as [`Engine::export_state`] writes it; none while the secrets are closed.
    pub readable: Option<Json>,
    /// Every byte that the store holds of the stack, as base64.
    pub raw: Json,
    /// Where a repair left the database that could not be read; none if there was no need.
    pub aside: Option<String>,
}

impl Examination {
    /// Tells whether there is something to repair.
    pub fn is_damaged(&self) -> bool {
        let Self { salvage, broken, closed, .. } = self;
        !salvage.unreadable.is_empty() || !salvage.closed.is_empty() || closed.is_some() || broken.is_some()
    }
}

/// What is left of a stack, and the keys to it.
struct Opened {
    leftovers: Leftovers,
    /// Of each part, or of the one whose key opens where that of a part does not.
    codecs: Vec<Codec>,
    /// The small values of the part whose key opens, or else of the first.
    meta: BTreeMap<String, Vec<u8>>,
    /// The codec that writes.
    codec: Codec,
    /// Why no key opens.
    closed: Option<KeyringError>,
    /// Whether the database had to borrow the key of another part.
    borrowed: bool,
}

impl Opened {
    /// Reads secrets that do not open as if they were not there.
    fn forgetting(mut self) -> Self {
        self.codecs = self.codecs.into_iter().map(Codec::forgetting).collect();
        self.codec = self.codec.forgetting();
        self
    }

    /// Returns the database, or what comes nearest to it.
    fn image(&self) -> Image {
        let first = self.leftovers.parts.first().map(|part| part.image.clone()).unwrap_or_default();
        Image { meta: self.meta.clone(), ..first }
    }
}

impl Engine {
    /// Looks for damage in a stack; changes nothing.
    ///
    /// # Errors
    /// If there is no such stack, the store itself does not open and nothing else is left of it, or a newer release
    /// wrote it.
    pub async fn examine(&self, stack: &StackId) -> Result<Examination, EngineError> {
        let opened = self.open_leftovers(stack).await?;
        self.examined(stack, &opened)
    }

    async fn open_leftovers(&self, stack: &StackId) -> Result<Opened, EngineError> {
        let mut leftovers = self.store.remains(stack).await.map_err(EngineError::store)?;
        if leftovers.parts.is_empty() {
            let broken = leftovers.broken.take();
            return Err(EngineError::Store(broken.unwrap_or_else(|| StoreError::NoStack(stack.clone()))));
        }
        let codec = |key| Codec::new(key, Arc::clone(&self.ids));
        let (mut keys, mut closed) = (Vec::new(), None);
        for part in &leftovers.parts {
            check_format(&part.image, stack)?;
            keys.push(match part.image.meta.get(KEY) {
                None if part.image.records.is_empty() && part.image.journal.is_empty() => Ok(None),
                None => Err(KeyringError::Damaged("it is missing".to_owned())),
                Some(sealed) => self.keyring.open(sealed).await.map(Some),
            });
        }
        let main = keys.iter().position(|key| matches!(key, Ok(Some(_))));
        let main_codec = match main.and_then(|at| keys[at].as_ref().ok()) {
            Some(key) => codec(key.clone()),
            None => codec(None),
        };
        let borrowed = matches!(main, Some(at) if at > 0) && leftovers.broken.is_none() && keys[0].is_err();
        let meta = leftovers.parts[main.unwrap_or(0)].image.meta.clone();
        let mut codecs = Vec::new();
        for key in keys {
            match key {
                Ok(Some(key)) => codecs.push(codec(Some(key))),
                Ok(None) => codecs.push(main_codec.clone()),
                Err(error) => {
                    if main.is_none() && closed.is_none() {
                        closed = Some(error);
                    }
                    codecs.push(main_codec.clone());
                }
            }
        }
        Ok(Opened { leftovers, codecs, meta, codec: main_codec, closed, borrowed })
    }

    fn examined(&self, stack: &StackId, opened: &Opened) -> Result<Examination, EngineError> {
        let Opened { leftovers, codecs, codec, .. } = opened;
        let (mut salvage, image) = (gather(leftovers, codecs), opened.image());
        if opened.borrowed {
            salvage.unreadable.push(Unreadable {
                key: "key".to_owned(),
                why: "the sealed key to the secrets does not open".to_owned(),
                about: None,
                restored: Some("it is known from a copy".to_owned()),
            });
        }
        let readable = match &opened.closed {
            Some(_) => None,
            None => Some(document(stack, &image, &salvage.state, codec, is_simulated(&image))?),
        };
        let closed = opened.closed.clone();
        let broken = leftovers.broken.as_ref().map(ToString::to_string);
        Ok(Examination { salvage, broken, closed, readable, raw: raw(stack, &image), aside: None })
    }

    /// Makes a damaged stack whole: what can be read stays, the rest leaves the store. What the database no longer has
    /// is taken from the copies of this run and of earlier ones, and from the bytes of its files. `keep` is handed
    /// what was found before anything is written, to keep copies; nothing is done if it fails. With `forget_secrets` a
    /// stack whose secrets nobody can open gets a new data key and loses them.
    ///
    /// # Errors
    /// If the stack is in use, its secrets cannot be opened, a newer release wrote a part of it, or `keep` fails.
    pub async fn repair(
        &self,
        stack: &StackId,
        wait: Duration,
        forget_secrets: bool,
        keep: impl FnOnce(&Examination) -> Result<(), String>,
    ) -> Result<Examination, EngineError> {
        let (user, host, pid) = (self.user.clone(), self.host.clone(), self.pid);
        let owner = Owner { user, host, pid, command: "state repair".to_owned() };
        let lease = match self.acquire(stack, &owner, wait).await {
            Ok(lease) => Some(lease),
            Err(EngineError::Store(StoreError::Corrupt { .. })) => None,
            Err(error) => return Err(error),
        };
        let repaired =
            self.repair_held(stack, lease.as_ref().map(|lease| lease.lease()), forget_secrets, keep).await;
        let (mut examination, anew) = match (repaired, lease) {
            (repaired, Some(lease)) => {
                let released = lease.release().await.map_err(EngineError::store);
                let repaired = repaired?;
                released.map(|()| repaired)?
            }
            (repaired, None) => repaired?,
        };
        if let Some(anew) = anew {
            let aside = self.store.rebuild(stack, anew).await.map_err(EngineError::store)?;
            examination.aside = Some(aside);
        }
        Ok(examination)
    }

    /// Repairs what can be repaired in its place; of what cannot be it returns what to make anew.
    async fn repair_held(
        &self,
        stack: &StackId,
        lease: Option<&Lease>,
        forget_secrets: bool,
        keep: impl FnOnce(&Examination) -> Result<(), String>,
    ) -> Result<(Examination, Option<Anew>), EngineError> {
        let mut opened = self.open_leftovers(stack).await?;
        let lost = opened.closed.is_some();
        match opened.closed.take() {
            Some(source) if !forget_secrets => {
                return Err(EngineError::Keyring { stack: stack.clone(), source });
            }
            Some(_) => opened = opened.forgetting(),
            None => {}
        }
        let examination = self.examined(stack, &opened)?;
        if let Some(format) = examination.salvage.newer {
            return Err(EditError::NewerPart { stack: stack.clone(), format }.into());
        }
        if !examination.is_damaged() && !lost {
            return Ok((examination, None));
        }
        keep(&examination).map_err(EditError::NotKept)?;
        let mut codec = opened.codec.clone();
        if lost {
            let key = DataKey::generate(self.ids.as_ref());
            let sealed = self.keyring.seal(&key).await;
            let sealed = sealed.map_err(|source| EngineError::Keyring { stack: stack.clone(), source })?;
            opened.meta.extend([(KEY.to_owned(), sealed), writer()]);
            codec = Codec::new(Some(key), Arc::clone(&self.ids));
        }
        let anew = self.anew(stack, &opened, &examination.salvage, &codec)?;
        match lease {
            Some(lease) if opened.leftovers.broken.is_none() => {
                self.write_anew(lease, anew).await?;
                Ok((examination, None))
            }
            _ => Ok((examination, Some(anew))),
        }
    }

    /// Says what the stack is to be: all that was found, as records, and then the open calls and the note.
    fn anew(
        &self,
        stack: &StackId,
        opened: &Opened,
        salvage: &Salvage,
        codec: &Codec,
    ) -> Result<Anew, EngineError> {
        let wrap = |error| EngineError::journal(stack, error);
        let odd = |error| EngineError::from(EditError::Format(error));
        let fold = whole(&salvage.state, codec).map_err(wrap)?;
        // The first that has an entry counts, as everywhere.
        let mut history: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
        for part in &opened.leftovers.parts {
            let entries = part.image.journal.iter();
            let historic =
                entries.filter(|(_, bytes)| codec.decode(bytes).is_ok_and(|entry| entry.is_historic()));
            for (revision, bytes) in part.history.iter().chain(historic) {
                history.entry(*revision).or_insert_with(|| bytes.clone());
            }
        }
        let mut entries = Vec::new();
        for open in salvage.state.pending() {
            entries.push(codec.encode(Entry::Intent(Box::new(open.clone()))).map_err(odd)?);
        }
        entries.push(codec.encode(self.note(salvage)).map_err(odd)?);
        let (revision, records) = (fold.upto, fold.records.written().to_vec());
        Ok(Anew {
            revision,
            meta: opened.meta.clone(),
            records,
            history: history.into_iter().collect(),
            entries,
        })
    }

    /// Writes what was found into the database that is there. What folds is one change; the open calls are said again
    /// before it, and saying them twice after a crash in between is harmless.
    async fn write_anew(&self, lease: &Lease, anew: Anew) -> Result<(), EngineError> {
        let Anew { revision, meta, records, history, entries } = anew;
        let (records, meta) = (Records::All(records), meta.into_iter().collect());
        self.store.append(lease, revision, entries).await.map_err(EngineError::store)?;
        let fold = Fold { upto: revision, records, history, meta };
        self.store.fold(lease, fold).await.map_err(EngineError::store)
    }

    /// The note of a repair in the history: it cannot be undone, what it took away could not be read.
    fn note(&self, salvage: &Salvage) -> Entry {
        let lost: Vec<&str> = salvage.lost().map(|item| item.key.as_str()).collect();
        let edit = Edit {
            edit: self.ids.token(),
            time: self.clock.now(),
            who: format!("{}@{}", self.user, self.host),
            command: "state repair".to_owned(),
            what: match (lost.is_empty(), salvage.unreadable.is_empty()) {
                (true, true) => "left out secrets that nobody can open".to_owned(),
                (true, false) => "nothing was lost".to_owned(),
                (false, _) => format!("left out {}", lost.join(", ")),
            },
            before: Vec::new(),
            after: Vec::new(),
            closed: Vec::new(),
            opened: Vec::new(),
            exports: None,
            simulated: None,
        };
        Entry::Edited(Box::new(edit.between(&State::default(), &State::default())))
    }
}

/// Writes every stored byte of a stack as text.
fn raw(stack: &StackId, image: &Image) -> Json {
    let meta: serde_json::Map<String, Json> =
        image.meta.iter().map(|(key, value)| (key.clone(), to_text(value).into())).collect();
    let records: Vec<Json> =
        image.records.iter().map(|(key, value)| json!([to_text(key), to_text(value)])).collect();
    let journal: Vec<Json> = image.journal.iter().map(|(at, value)| json!([at, to_text(value)])).collect();
    json!({"stack": stack, "revision": image.revision, "meta": meta, "records": records, "journal": journal})
}
