//! A stack that is damaged: what can be read of it, and how it is made whole again without that which cannot.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::build::Engine;
use super::error::EngineError;
use super::open::{KEY, check_format, is_simulated, writer};
use super::portable::document;
use crate::address::StackId;
use crate::applying::{Salvage, salvage, whole};
use crate::state::{
    Codec, DataKey, Edit, Entry, Image, KeyringError, Lease, Owner, State, StoreError, to_text,
};

/// What an examination of a stack found.
#[derive(Debug)]
pub struct Examination {
    /// What can be read, and what cannot.
    pub salvage: Salvage,
    /// Why the stack's secrets cannot be opened, if they cannot.
    pub closed: Option<KeyringError>,
    /// All that can be read, as [`Engine::export_state`] writes it; none while the secrets are closed.
    pub readable: Option<Json>,
    /// Every byte that the store holds of the stack, as base64.
    pub raw: Json,
}

impl Examination {
    /// Tells whether there is something to repair.
    pub fn is_damaged(&self) -> bool {
        !self.salvage.unreadable.is_empty() || !self.salvage.closed.is_empty() || self.closed.is_some()
    }
}

/// The open key of a stack, or why there is none.
struct Opened {
    codec: Codec,
    closed: Option<KeyringError>,
}

impl Engine {
    /// Looks for damage in a stack; changes nothing.
    ///
    /// # Errors
    /// If there is no such stack, the store itself does not open, or a newer release wrote it.
    pub async fn examine(&self, stack: &StackId) -> Result<Examination, EngineError> {
        let image = self.image(stack).await?;
        let image = image.ok_or_else(|| StoreError::NoStack(stack.clone()))?;
        check_format(&image, stack)?;
        let opened = self.codec_of_image(&image).await;
        self.examined(stack, &image, opened)
    }

    async fn codec_of_image(&self, image: &Image) -> Opened {
        let codec = |key| Codec::new(key, Arc::clone(&self.ids));
        match image.meta.get(KEY) {
            None if image.records.is_empty() && image.journal.is_empty() => {
                Opened { codec: codec(None), closed: None }
            }
            None => {
                let closed = KeyringError::Damaged("it is missing".to_owned());
                Opened { codec: codec(None), closed: Some(closed) }
            }
            Some(sealed) => match self.keyring.open(sealed).await {
                Ok(key) => Opened { codec: codec(Some(key)), closed: None },
                Err(error) => Opened { codec: codec(None), closed: Some(error) },
            },
        }
    }

    fn examined(&self, stack: &StackId, image: &Image, opened: Opened) -> Result<Examination, EngineError> {
        let salvage = salvage(image, &opened.codec);
        let readable = match &opened.closed {
            Some(_) => None,
            None => Some(document(stack, image, &salvage.state, &opened.codec, is_simulated(image))?),
        };
        Ok(Examination { salvage, closed: opened.closed, readable, raw: raw(stack, image) })
    }

    /// Makes a damaged stack whole: what can be read stays, the rest leaves the store. `keep` is handed what was
    /// found before anything is written, to keep copies; nothing is done if it fails. With `forget_secrets` a stack
    /// whose secrets nobody can open gets a new data key and loses them.
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
        let lease = self.acquire(stack, &owner, wait).await?;
        let repaired = self.repair_held(stack, &lease, forget_secrets, keep).await;
        let released = self.store.release(&lease).await.map_err(EngineError::store);
        let repaired = repaired?;
        released.map(|()| repaired)
    }

    async fn repair_held(
        &self,
        stack: &StackId,
        lease: &Lease,
        forget_secrets: bool,
        keep: impl FnOnce(&Examination) -> Result<(), String>,
    ) -> Result<Examination, EngineError> {
        let image = self.image(stack).await?.unwrap_or_default();
        check_format(&image, stack)?;
        let Opened { mut codec, closed } = self.codec_of_image(&image).await;
        let lost = closed.is_some();
        match closed {
            Some(source) if !forget_secrets => {
                return Err(EngineError::Keyring { stack: stack.clone(), source });
            }
            Some(_) => codec = codec.forgetting(),
            None => {}
        }
        let examination = self.examined(stack, &image, Opened { codec: codec.clone(), closed: None })?;
        if let Some(format) = examination.salvage.newer {
            return Err(EngineError::Refused(format!(
                "a part of the state of {stack} has format {format}, which a newer release wrote and can read: run \
                 `state repair` of that release; nothing was changed"
            )));
        }
        if !examination.is_damaged() && !lost {
            return Ok(examination);
        }
        keep(&examination).map_err(EngineError::Refused)?;
        let mut meta = Vec::new();
        if lost {
            let key = DataKey::generate(self.ids.as_ref());
            let sealed = self.keyring.seal(&key).await;
            let sealed = sealed.map_err(|source| EngineError::Keyring { stack: stack.clone(), source })?;
            meta = vec![(KEY.to_owned(), sealed), writer()];
            codec = Codec::new(Some(key), Arc::clone(&self.ids));
        }
        self.write_readable(stack, lease, &image, &examination.salvage, &codec, meta).await?;
        Ok(examination)
    }

    /// Writes what can be read as records. What folds is one change; the open calls are said again before it, and
    /// saying them twice after a crash in between is harmless.
    async fn write_readable(
        &self,
        stack: &StackId,
        lease: &Lease,
        image: &Image,
        salvage: &Salvage,
        codec: &Codec,
        meta: Vec<(String, Vec<u8>)>,
    ) -> Result<(), EngineError> {
        let wrap = |error| EngineError::journal(stack, error);
        let odd = |error: crate::state::FormatError| EngineError::Refused(error.to_string());
        let mut fold = whole(&salvage.state, codec).map_err(wrap)?;
        fold.meta = meta;
        for (revision, bytes) in &image.journal {
            if codec.decode(bytes).is_ok_and(|entry| entry.is_historic()) {
                fold.history.push((*revision, bytes.clone()));
            }
        }
        let mut entries = Vec::new();
        for open in salvage.state.pending() {
            entries.push(codec.encode(Entry::Intent(Box::new(open.clone()))).map_err(odd)?);
        }
        entries.push(codec.encode(self.note(salvage)).map_err(odd)?);
        self.store.append(lease, image.revision, entries).await.map_err(EngineError::store)?;
        self.store.fold(lease, fold).await.map_err(EngineError::store)
    }

    /// The note of a repair in the history: it cannot be undone, what it took away could not be read.
    fn note(&self, salvage: &Salvage) -> Entry {
        let lost: Vec<&str> = salvage.unreadable.iter().map(|item| item.key.as_str()).collect();
        let edit = Edit {
            edit: self.ids.token(),
            time: self.clock.now(),
            who: format!("{}@{}", self.user, self.host),
            command: "state repair".to_owned(),
            what: match lost.is_empty() {
                true => "left out secrets that nobody can open".to_owned(),
                false => format!("left out {}", lost.join(", ")),
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
