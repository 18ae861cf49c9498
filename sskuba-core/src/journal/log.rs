//! The writing end of a stack's journal: one owner, entries in order, flushes shared by all that is staged.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::lease_guard::LeaseGuard;
use super::replay::replay;
use crate::state::{
    Codec, Entry, Fold, FormatError, Image, Lease, Records, State, StateStore, StoreError, TransitionError,
};

/// The key of the record that holds the exported outputs. Records of generations have their token as key.
pub(super) const EXPORTS: &[u8] = b"exports";

/// The key of the record that holds the places that the stack has objects in.
pub(super) const PLACES: &[u8] = b"places";

/// The small value that tells whether something that was recorded in the clear became secret: the store's files are to be
/// made anew, which a program that was killed may not have come to.
pub(super) const NEW_SECRETS: &str = "new-secrets";
pub(super) const DUE: &[u8] = b"due";

/// How many more entries than records the journal may hold before it is folded.
const FOLD_SLACK: usize = 2048;

/// Why the journal cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored value cannot be read, or a new one not written.
    #[error("{key}")]
    Format {
        /// Which.
        key: String,
        /// Why.
        #[source]
        error: FormatError,
    },
    /// An entry may not follow what is recorded.
    #[error("revision {revision}")]
    Transition {
        /// The entry's revision.
        revision: u64,
        /// Why.
        #[source]
        error: TransitionError,
    },
}

impl JournalError {
    /// Tells whether what is stored is damaged, so that a repair may help.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Store(_) => false,
            Self::Format { error, .. } => matches!(error, FormatError::Damaged(_)),
            Self::Transition { .. } => true,
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the whole of a state as records, in place of all that there were.
///
/// # Errors
/// If a value cannot be written.
pub(crate) fn whole(state: &State, codec: &Codec) -> Result<Fold, JournalError> {
    let mut all = Vec::with_capacity(state.len() + 1);
    for record in state.records() {
        let at = |error| JournalError::Format { key: record.address.to_string(), error };
        all.push((record.token.as_bytes().to_vec(), codec.encode_record(record).map_err(at)?));
    }
    all.extend(of_the_stack(state, codec)?);
    Ok(Fold { upto: state.revision(), records: Records::All(all), ..Fold::default() })
}

/// A record's key in the store, and its bytes.
type Written = (Vec<u8>, Vec<u8>);

/// Writes what belongs to a stack as a whole as records.
fn of_the_stack(state: &State, codec: &Codec) -> Result<[Written; 2], JournalError> {
    let at = |key: &str| {
        let key = key.to_owned();
        move |error| JournalError::Format { key, error }
    };
    let exports = codec.encode_map(state.exports()).map_err(at("the exported outputs"))?;
    let places = codec.encode_places(state.places()).map_err(at("the places"))?;
    Ok([(EXPORTS.to_vec(), exports), (PLACES.to_vec(), places)])
}

/// The journal of a stack that this program holds the lease of.
#[derive(Debug)]
pub struct Journal {
    lease: Arc<LeaseGuard>,
    codec: Codec,
    state: State,
    staged: Vec<Vec<u8>>,
    /// What a running flush is writing, in case it fails.
    flushing: Vec<Vec<u8>>,
    /// Entries since the last fold, and those of them that belong to the history.
    unfolded: usize,
    history: Vec<(u64, Vec<u8>)>,
    /// The revision after all that is staged.
    head: u64,
}

impl Journal {
    /// Opens the journal on what the store holds.
    ///
    /// # Errors
    /// As [`replay`].
    pub(crate) fn open(lease: Arc<LeaseGuard>, codec: Codec, image: Image) -> Result<Self, JournalError> {
        let state = replay(&image, &codec)?;
        let (unfolded, head) = (image.journal.len(), image.revision);
        let mut history = Vec::new();
        for (revision, bytes) in image.journal {
            if codec.decode(&bytes).is_ok_and(|entry| entry.is_historic()) {
                history.push((revision, bytes));
            }
        }
        let (staged, flushing) = (Vec::new(), Vec::new());
        Ok(Self { lease, codec, state, staged, flushing, unfolded, history, head })
    }

    /// Returns the state, with all that is staged.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the codec.
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Returns the store.
    pub fn store(&self) -> &Arc<dyn StateStore> {
        self.lease.store()
    }

    /// Returns the lease.
    pub fn lease(&self) -> &Lease {
        self.lease.lease()
    }

    /// Returns the guard of the lease, which whatever acts under it shares.
    pub(crate) fn lease_guard(&self) -> &Arc<LeaseGuard> {
        &self.lease
    }

    /// Tells whether anything waits for a flush.
    pub fn has_staged(&self) -> bool {
        !self.staged.is_empty()
    }

    /// Checks an entry against the state machine, applies it, and stages it for the next flush.
    ///
    /// # Errors
    /// If it may not follow, or cannot be written.
    pub fn stage(&mut self, entry: Entry) -> Result<(), JournalError> {
        let revision = self.head + 1;
        self.state.apply(entry.clone()).map_err(|error| JournalError::Transition { revision, error })?;
        let historic = entry.is_historic();
        let bytes = self
            .codec
            .encode(entry)
            .map_err(|error| JournalError::Format { key: format!("journal entry {revision}"), error })?;
        if historic {
            self.history.push((revision, bytes.clone()));
        }
        self.staged.push(bytes);
        self.head = revision;
        Ok(())
    }

    /// Starts to make durable what is staged; [`Journal::flushed`] takes the result.
    pub fn start_flush(&mut self) -> Option<JoinHandle<Result<u64, StoreError>>> {
        if self.staged.is_empty() {
            return None;
        }
        let entries = std::mem::take(&mut self.staged);
        self.flushing.clone_from(&entries);
        let (guard, base) = (Arc::clone(&self.lease), self.state.revision());
        let span = tracing::debug_span!("flush", base, entries = entries.len());
        let work = async move { guard.store().append(guard.lease(), base, entries).await };
        Some(tokio::spawn(work.instrument(span)))
    }

    /// Takes the result of a flush. What a failed one was to write is staged again, in front.
    pub fn flushed(&mut self, result: &Result<u64, StoreError>) {
        let entries = std::mem::take(&mut self.flushing);
        match result {
            Ok(revision) => {
                self.unfolded += entries.len();
                self.state.set_revision(*revision);
            }
            Err(_) => drop(self.staged.splice(..0, entries)),
        }
    }

    /// Makes durable what is staged.
    ///
    /// # Errors
    /// What the store answered; all that was staged still is, because the state has it already.
    pub async fn commit(&mut self) -> Result<(), JournalError> {
        if self.staged.is_empty() {
            return Ok(());
        }
        self.flushing = std::mem::take(&mut self.staged);
        let written = self.store().append(self.lease(), self.state.revision(), self.flushing.clone()).await;
        self.flushed(&written);
        written?;
        Ok(())
    }

    /// Folds the journal into records if it has grown long and no call is open.
    ///
    /// # Errors
    /// What the store answered; the journal is then as it was.
    pub async fn fold_if_long(&mut self) -> Result<(), JournalError> {
        if self.unfolded <= self.state.len() + FOLD_SLACK {
            return Ok(());
        }
        self.fold().await
    }

    /// Folds the journal into records, unless a call is open.
    ///
    /// # Errors
    /// What the store answered; the journal is then as it was.
    pub async fn fold(&mut self) -> Result<(), JournalError> {
        if !self.is_foldable() {
            return Ok(());
        }
        let (mut put, mut delete) = (Vec::new(), Vec::new());
        for token in self.state.touched() {
            let key = token.as_bytes().to_vec();
            match self.state.record(token) {
                None => delete.push(key),
                Some(record) => {
                    let bytes = self.codec.encode_record(record);
                    let at = |error| JournalError::Format { key: record.address.to_string(), error };
                    put.push((key, bytes.map_err(at)?));
                }
            }
        }
        put.extend(of_the_stack(&self.state, &self.codec)?);
        let (upto, records) = (self.state.revision(), Records::Some { put, delete });
        self.write_fold(Fold { upto, records, history: self.history.clone(), ..Fold::default() }).await
    }

    /// Writes all that is recorded as records, in place of all that are stored, unless a call is open.
    ///
    /// # Errors
    /// What the store answered; the journal is then as it was.
    pub async fn fold_all(&mut self) -> Result<(), JournalError> {
        if !self.is_foldable() {
            return Ok(());
        }
        let fold = whole(&self.state, &self.codec)?;
        self.write_fold(Fold { history: self.history.clone(), ..fold }).await
    }

    /// Writes a fold of all that is durable.
    async fn write_fold(&mut self, mut fold: Fold) -> Result<(), JournalError> {
        if self.state.has_new_secrets() {
            // The entries that tell so go.
            fold.meta.push((NEW_SECRETS.to_owned(), DUE.to_vec()));
        }
        self.store().fold(self.lease(), fold).await?;
        self.state.forget_touched();
        self.history.clear();
        self.unfolded = 0;
        Ok(())
    }

    /// Tells whether there are entries to fold, and the state is just what they say.
    fn is_foldable(&self) -> bool {
        self.unfolded > 0 && self.is_settled()
    }

    /// Tells whether no call is open, and nothing waits to become durable.
    fn is_settled(&self) -> bool {
        self.is_durable() && self.state.pending().next().is_none()
    }

    /// Tells whether all of the state is known to be durable.
    pub(crate) fn is_durable(&self) -> bool {
        !self.has_staged() && self.flushing.is_empty()
    }

    /// Offers the store all that is recorded in the form that is read fastest, where a fold would be possible. Readers
    /// are only slower without it.
    pub async fn offer(&self) {
        if !self.is_foldable() {
            return;
        }
        let offered = match whole(&self.state, &self.codec) {
            Ok(fold) => {
                let fold = Fold { history: self.history.clone(), ..fold };
                self.store().offer(self.lease(), fold).await.map_err(JournalError::Store)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = offered {
            tracing::debug!(%error, "readers are given entries instead of records");
        }
    }

    /// Seals everything with a new key, as one durable change: after a crash either the old key opens it all, or
    /// the new one. `history` are all older entries of the history. What waits for a flush is made durable first.
    ///
    /// # Errors
    /// What the store answered; the journal is then as it was.
    pub async fn rekey(
        &mut self,
        codec: Codec,
        meta: Vec<(String, Vec<u8>)>,
        history: Vec<(u64, Vec<u8>)>,
    ) -> Result<(), JournalError> {
        self.commit().await?;
        let mut fold = whole(&self.state, &codec)?;
        fold.meta = meta;
        for (revision, bytes) in history.into_iter().chain(self.history.iter().cloned()) {
            // An edit whose secrets are sealed with a key that is gone stays as it is.
            let Ok(entry) = self.codec.decode(&bytes) else { continue };
            if matches!(entry, Entry::Edited(_)) {
                let at = |error| JournalError::Format { key: format!("journal entry {revision}"), error };
                fold.history.push((revision, codec.encode(entry).map_err(at)?));
            } else {
                fold.history.push((revision, bytes));
            }
        }
        self.write_fold(fold).await?;
        self.codec = codec;
        Ok(())
    }

    /// Gives the lease back. If something that was recorded in the clear became secret, the store makes its files anew.
    ///
    /// # Errors
    /// What the store answered.
    pub async fn release(&mut self) -> Result<(), StoreError> {
        if self.state.has_new_secrets() && self.is_settled() {
            match self.fold_all().await {
                Ok(()) => {
                    let done = vec![(NEW_SECRETS.to_owned(), Vec::new())];
                    return self.lease.release_renewed(done).await;
                }
                Err(error) => tracing::warn!(
                    stack = %self.lease().stack,
                    %error,
                    "values that are secret now may still be in the stack's files, until the next run",
                ),
            }
        }
        self.offer().await;
        self.lease.release().await
    }
}
