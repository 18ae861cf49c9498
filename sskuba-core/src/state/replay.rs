//! A stack's state, as its entries make it. The same transitions serve live runs and recovery, and every one
//! that is not listed here is an error.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::journal::{Entry, Intent, Outcome, Verb};
use super::record::{Record, Status};
use crate::address::{Address, Token};
use crate::clock::Timestamp;
use crate::provider::Place;
use crate::value::Map;

/// An entry that may not follow what is recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} of {subject} cannot follow what is recorded: {why}")]
pub struct TransitionError {
    /// The sort of entry.
    pub what: &'static str,
    /// The address or generation.
    pub subject: String,
    /// Why not.
    pub why: &'static str,
}

/// All that is known of a stack.
#[derive(Debug, Clone, Default)]
pub struct State {
    revision: u64,
    pub(super) records: BTreeMap<Token, Box<Record>>,
    current: BTreeMap<Address, Token>,
    pending: BTreeMap<Token, Box<Intent>>,
    exports: Map,
    pub(super) places: Vec<Place>,
    pub(super) touched: Vec<Token>,
    new_secrets: bool,
}

impl State {
    /// Returns the revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Sets the revision, after a load or an append.
    pub fn set_revision(&mut self, revision: u64) {
        self.revision = revision;
    }

    /// Returns the record that an address means.
    pub fn current(&self, address: &Address) -> Option<&Record> {
        self.current.get(address).and_then(|token| self.record(*token))
    }

    /// Returns one generation.
    pub fn record(&self, token: Token) -> Option<&Record> {
        self.records.get(&token).map(Box::as_ref)
    }

    /// Returns all generations: those that addresses mean, in the order of the addresses, then the others.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        let current = self.current.values().filter_map(|token| self.record(*token));
        let all = self.records.values().map(Box::as_ref);
        current.chain(all.filter(|record| record.status == Status::Superseded))
    }

    /// Returns how many generations are recorded.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Tells whether nothing is recorded and nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.pending.is_empty()
    }

    /// Returns the intents without an outcome.
    pub fn pending(&self) -> impl Iterator<Item = &Intent> {
        self.pending.values().map(Box::as_ref)
    }

    /// Returns the intent without an outcome of one generation.
    pub fn pending_of(&self, token: Token) -> Option<&Intent> {
        self.pending.get(&token).map(Box::as_ref)
    }

    /// Returns the exported outputs.
    pub fn exports(&self) -> &Map {
        &self.exports
    }

    /// Names the generation of the provider instance of what an earlier release recorded, which let none be replaced.
    pub fn name_instances(&mut self) {
        let current = &self.current;
        let unnamed = self.records.values_mut().filter(|record| record.instance.is_none());
        for record in unnamed {
            record.instance = record.provider.as_ref().and_then(|provider| current.get(provider).copied());
        }
        for intent in self.pending.values_mut().filter(|intent| intent.instance.is_none()) {
            intent.instance = intent.provider.as_ref().and_then(|provider| current.get(provider).copied());
        }
    }

    /// Returns the mean time of the last create or update of each kind's recorded objects, in milliseconds.
    pub fn durations(&self) -> HashMap<&str, u64> {
        let mut sums: HashMap<&str, (u64, u64)> = HashMap::new();
        for record in self.records.values() {
            let (sum, count) = sums.entry(record.address.kind_str()).or_default();
            *sum = sum.saturating_add(record.took);
            *count += 1;
        }
        sums.into_iter().map(|(kind, (sum, count))| (kind, sum / count)).collect()
    }

    /// Returns the generations that changed since the last fold.
    pub fn touched(&self) -> BTreeSet<Token> {
        self.touched.iter().copied().collect()
    }

    /// Begins to note again which generations change, after a fold.
    pub fn forget_touched(&mut self) {
        self.touched.clear();
    }

    /// Tells whether something that was recorded in the clear became secret, since the store's files were made.
    pub fn has_new_secrets(&self) -> bool {
        self.new_secrets
    }

    /// Sets whether something that was recorded in the clear became secret, after a load or a renewal of the store's files.
    pub fn set_new_secrets(&mut self, new_secrets: bool) {
        self.new_secrets = new_secrets;
    }

    /// Puts a folded record in place.
    pub fn insert(&mut self, record: impl Into<Box<Record>>) {
        let record = record.into();
        if record.status != Status::Superseded {
            self.current.insert(record.address.clone(), record.token);
        }
        self.records.insert(record.token, record);
    }

    /// Sets the exported outputs from a folded record.
    pub fn set_exports(&mut self, exports: Map) {
        self.exports = exports;
    }

    /// Applies one entry.
    ///
    /// # Errors
    /// If the entry may not follow what is recorded; the state is then unchanged.
    pub fn apply(&mut self, entry: Entry) -> Result<(), TransitionError> {
        let (about, seals) = (entry.token(), self.seals(&entry));
        self.transition(entry)?;
        self.touched.extend(about);
        self.new_secrets |= seals;
        Ok(())
    }

    fn transition(&mut self, entry: Entry) -> Result<(), TransitionError> {
        match entry {
            Entry::Intent(intent) => self.intend(intent)?,
            Entry::Outcome { token, outcome, time } => self.resolve(token, outcome, time)?,
            Entry::Ready { token, observed, outputs, took } => {
                let record = self.waited_for(token)?;
                (record.status, record.observed, record.outputs) = (Status::Live, observed, outputs);
                record.took = record.took.saturating_add(took);
            }
            Entry::GivenUp { token, why } => {
                let what = "that its service gave it up";
                let record = self.settled(token, what)?;
                // Also of what a create left half way, whose completion tells.
                if !record.status.may_not_be_ready() {
                    return Err(refuse(what, &token, "it was ready before"));
                }
                (record.status, record.failure) = (Status::Failed, Some(why));
            }
            Entry::Recorded { token, dependencies, provider, instance, flags } => {
                let record = self.settled(token, "a change of edges")?;
                (record.dependencies, record.flags) = (dependencies, flags);
                (record.provider, record.instance) = (provider, instance);
            }
            Entry::Place { id, place } => self.add_place(id, place)?,
            Entry::Located { tokens, place } => self.locate(tokens, place)?,
            Entry::Moved { token, to } => self.rename(token, &to)?,
            Entry::Reassigned { moves } => self.reassign(&moves)?,
            Entry::Observed { token, observed, outputs } => {
                let record = self.settled(token, "an observation")?;
                (record.observed, record.outputs) = (observed, outputs);
            }
            Entry::Resealed { token, applied, observed, outputs } => {
                let record = self.settled(token, "a change of what is secret")?;
                (record.applied, record.observed, record.outputs) = (applied, observed, outputs);
            }
            Entry::Forgotten { token, .. } => {
                self.settled(token, "a removal")?;
                self.drop_record(token);
            }
            Entry::Adopted(record) => {
                self.known(record.place, &record.address)?;
                if self.pending.contains_key(&record.token) {
                    return Err(refuse("an adoption", &record.address, "a call for it is still open"));
                }
                // Whatever it was called and wherever it stood before, it is what the record says now.
                self.drop_record(record.token);
                if record.status != Status::Superseded {
                    self.supersede(&record.address, record.token);
                }
                self.insert(record);
            }
            Entry::Exports(map) => self.exports = map,
            Entry::RunStarted { .. } | Entry::RunEnded { .. } | Entry::Edited(_) => {}
        }
        Ok(())
    }

    /// Returns the record of an object that was made and cannot be used yet.
    fn waited_for(&mut self, token: Token) -> Result<&mut Record, TransitionError> {
        let what = "the end of a wait";
        let record = self.settled(token, what)?;
        match record.status {
            Status::Made => Ok(record),
            _ => Err(refuse(what, &token, "nothing waits for this generation")),
        }
    }

    /// Tells whether the object of a generation was never seen ready, as far as its record says.
    fn may_not_be_ready(&self, token: Token) -> bool {
        self.records.get(&token).is_some_and(|record| record.status.may_not_be_ready())
    }

    /// Returns a record for which no call is open.
    fn settled(&mut self, token: Token, what: &'static str) -> Result<&mut Record, TransitionError> {
        if self.pending.contains_key(&token) {
            return Err(refuse(what, &token, "a call for it is still open"));
        }
        let record = self.records.get_mut(&token).map(Box::as_mut);
        record.ok_or_else(|| refuse(what, &token, "there is no such generation"))
    }

    fn intend(&mut self, intent: Box<Intent>) -> Result<(), TransitionError> {
        let what = "an intent";
        self.known(intent.place, &intent.address)?;
        if self.pending.contains_key(&intent.token) {
            return Err(refuse(what, &intent.address, "a call for this generation is still open"));
        }
        let recorded = self.records.get(&intent.token);
        let exists = recorded.is_some();
        match intent.verb {
            Verb::Update | Verb::Delete
                if recorded.is_some_and(|record| record.address != intent.address) =>
            {
                Err(refuse(what, &intent.address, "this generation is recorded under another address"))
            }
            Verb::Update if recorded.is_some_and(|record| record.status == Status::Superseded) => {
                Err(refuse(what, &intent.address, "another generation took the place of this one"))
            }
            Verb::Create if exists => {
                Err(refuse(what, &intent.address, "this generation was created already"))
            }
            Verb::Update | Verb::Delete if !exists => {
                Err(refuse(what, &intent.address, "there is no such generation"))
            }
            _ => {
                self.pending.insert(intent.token, intent);
                Ok(())
            }
        }
    }

    fn resolve(&mut self, token: Token, outcome: Outcome, time: Timestamp) -> Result<(), TransitionError> {
        let Some(intent) = self.pending.get(&token) else {
            return Err(refuse("an outcome", &token, "no call for this generation is open"));
        };
        let status = match &outcome {
            Outcome::Unknown { .. } => return Ok(()),
            Outcome::NotApplied { .. } => {
                self.pending.remove(&token);
                return Ok(());
            }
            Outcome::Applied { .. } => Status::Live,
            Outcome::Made { .. } if intent.verb == Verb::Create || self.may_not_be_ready(token) => {
                Status::Made
            }
            Outcome::Made { .. } => {
                return Err(refuse("an outcome", &intent.address, "its object was ready before"));
            }
            Outcome::Partial { .. } => Status::Partial,
        };
        if intent.verb == Verb::Delete {
            if status != Status::Live {
                return Err(refuse("an outcome", &intent.address, "a delete cannot end half way"));
            }
            self.pending.remove(&token);
            self.drop_record(token);
            return Ok(());
        }
        if let Some(intent) = self.pending.remove(&token) {
            self.write(*intent, outcome, status, time);
        }
        Ok(())
    }

    /// Writes what a create or an update left.
    fn write(&mut self, intent: Intent, outcome: Outcome, status: Status, time: Timestamp) {
        let (id, observed, outputs, took) = match outcome {
            Outcome::Applied { id, observed, outputs, took }
            | Outcome::Made { id, observed, outputs, took } => (id, observed, outputs, took),
            Outcome::Partial { id, observed, outputs, .. } => (id, observed, outputs, 0),
            Outcome::NotApplied { .. } | Outcome::Unknown { .. } => return,
        };
        let before = self.records.remove(&intent.token);
        self.supersede(&intent.address, intent.token);
        // What an update that ended half way has sent is not known; the earlier inputs stand until the next
        // update, which the status asks for.
        let applied = match &before {
            Some(record) if status == Status::Partial => record.applied.clone(),
            _ => intent.inputs,
        };
        self.insert(Record {
            created: before.map_or(time, |record| record.created),
            address: intent.address,
            token: intent.token,
            version: intent.version,
            provider: intent.provider,
            instance: intent.instance,
            place: intent.place,
            status,
            id,
            applied,
            observed,
            outputs,
            dependencies: intent.dependencies,
            flags: intent.flags,
            failure: None,
            updated: time,
            took,
        });
    }

    /// Marks the generation that `address` means as superseded by `token`.
    fn supersede(&mut self, address: &Address, token: Token) {
        let Some(old) = self.current.get(address).copied().filter(|old| *old != token) else { return };
        if let Some(record) = self.records.get_mut(&old) {
            record.status = Status::Superseded;
            self.touched.push(old);
        }
    }

    fn rename(&mut self, token: Token, to: &Address) -> Result<(), TransitionError> {
        if self.current.contains_key(to) {
            return Err(refuse("a move", to, "the new address is taken"));
        }
        let record = self.settled(token, "a move")?;
        let from = std::mem::replace(&mut record.address, to.clone());
        if self.current.get(&from) == Some(&token) {
            self.current.remove(&from);
            self.current.insert(to.clone(), token);
        }
        for (number, record) in &mut self.records {
            // What an earlier replacement left goes by the same name, or the edges to it would lead nowhere.
            let mut renamed = record.status == Status::Superseded && record.address == from;
            if renamed {
                record.address = to.clone();
            }
            for dependency in record.dependencies.iter_mut().filter(|d| **d == from) {
                *dependency = to.clone();
                renamed = true;
            }
            if renamed {
                // In order, as they are recorded, or the next plan would find them changed.
                record.dependencies.sort_unstable();
                self.touched.push(*number);
            }
        }
        Ok(())
    }

    /// Gives generations other addresses, all at once: two may change theirs with each other.
    fn reassign(&mut self, moves: &[(Token, Address)]) -> Result<(), TransitionError> {
        let mut names: HashMap<Address, Address> = HashMap::with_capacity(moves.len());
        let mut targets = BTreeSet::new();
        for (token, to) in moves {
            let record = self.settled(*token, "a move")?;
            let (from, status) = (record.address.clone(), record.status);
            if status == Status::Superseded {
                return Err(refuse("a move", to, "another generation took the place of this one"));
            }
            if !targets.insert(to) || names.insert(from, to.clone()).is_some() {
                return Err(refuse("a move", to, "another generation moves there, too"));
            }
        }
        for from in names.keys() {
            self.current.remove(from);
        }
        for (number, record) in &mut self.records {
            // What an earlier replacement left goes by the same name, or the edges to it would lead nowhere.
            let mut renamed = false;
            if let Some(to) = names.get(&record.address) {
                record.address = to.clone();
                renamed = true;
            }
            for dependency in &mut record.dependencies {
                if let Some(to) = names.get(dependency) {
                    *dependency = to.clone();
                    renamed = true;
                }
            }
            if renamed {
                // In order, as they are recorded, or the next plan would find them changed.
                record.dependencies.sort_unstable();
                self.touched.push(*number);
            }
        }
        for (token, to) in moves {
            self.supersede(to, *token);
            self.current.insert(to.clone(), *token);
        }
        Ok(())
    }

    fn drop_record(&mut self, token: Token) {
        if let Some(record) = self.records.remove(&token)
            && self.current.get(&record.address) == Some(&token)
        {
            self.current.remove(&record.address);
        }
    }
}

pub(super) fn refuse(what: &'static str, subject: &impl ToString, why: &'static str) -> TransitionError {
    TransitionError { what, subject: subject.to_string(), why }
}
