//! The entries of a stack's journal, and the state machine that says which may follow which.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::edit::Edit;
use super::record::{Flags, PlaceId, Record};
use crate::address::{Address, StackId, Token};
use crate::clock::Timestamp;
use crate::provider::{Class, Place};
use crate::value::Map;

/// What a step asks of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Make the object.
    Create,
    /// Change it.
    Update,
    /// Delete it.
    Delete,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

/// Written before a provider is called: what is about to be asked of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent<M = Map> {
    /// What is asked.
    pub verb: Verb,
    /// The resource.
    pub address: Address,
    /// The generation.
    pub token: Token,
    /// The inputs that are sent; empty for a delete.
    pub inputs: M,
    /// The version of the kind's schema.
    pub version: u32,
    /// The provider instance, if not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Address>,
    /// The generation of that instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Token>,
    /// Where the object is, or is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// What it depends on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Address>,
    /// Options to record.
    #[serde(default)]
    pub flags: Flags,
    /// When.
    pub time: Timestamp,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome<M = Map> {
    /// The provider did it. For a delete the maps are empty.
    Applied {
        /// The provider's id.
        id: String,
        /// The inputs as reported.
        observed: M,
        /// The computed fields.
        outputs: M,
        /// How long it took, in milliseconds.
        took: u64,
    },
    /// The provider made the object, which cannot be used yet.
    Made {
        /// The provider's id.
        id: String,
        /// The inputs as reported.
        observed: M,
        /// The computed fields that are final.
        outputs: M,
        /// How long it took, in milliseconds.
        took: u64,
    },
    /// It left an object behind that is not complete.
    Partial {
        /// The provider's id.
        id: String,
        /// The inputs as reported.
        observed: M,
        /// The computed fields as far as they are known.
        outputs: M,
        /// Why.
        cause: Cause,
    },
    /// Nothing was changed.
    NotApplied {
        /// Why.
        cause: Cause,
    },
    /// It cannot be told; the intent stays open until somebody has looked.
    Unknown {
        /// Why.
        cause: Cause,
    },
}

impl Outcome {
    /// The end that a person gives an open call: it changed nothing.
    pub(crate) fn said_to_be_none(why: &str) -> Self {
        Self::NotApplied { cause: Cause { class: Class::Terminal, message: why.to_owned() } }
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What sort of failure.
    pub class: Class,
    /// In the provider's words.
    pub message: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunResult {
    /// Everything was done.
    Succeeded,
    /// Something failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Creates.
    pub create: u32,
    /// Updates.
    pub update: u32,
    /// Replacements.
    pub replace: u32,
    /// Deletes; those that are part of a replacement count if nothing took the place of what is gone.
    pub delete: u32,
    /// Lookups.
    pub read: u32,
    /// Imports.
    pub import: u32,
    /// Records that only got another address.
    pub moved: u32,
    /// Resources that stayed as they are.
    pub unchanged: u32,
    /// Steps that failed.
    pub failed: u32,
    /// Steps that were skipped.
    pub skipped: u32,
}

/// Another stack whose outputs were read, and at which revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackRead {
    /// The stack.
    pub stack: StackId,
    /// The revision.
    pub revision: u64,
}

impl Counts {
    /// Returns how many resources change.
    pub fn changes(&self) -> u32 {
        self.create + self.update + self.replace + self.delete + self.import
    }
}

/// One durable change of a stack. `M` is [`Map`] in memory and sealed JSON in a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Entry<M = Map> {
    /// A run began.
    RunStarted {
        /// Its id.
        run: Token,
        /// When.
        time: Timestamp,
        /// `user@host`.
        who: String,
        /// The command.
        command: String,
        /// Why, in the user's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Which other stacks the program has read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        reads: Vec<StackRead>,
    },
    /// The stack has objects in another place.
    Place {
        /// Its number: how many there were before.
        id: PlaceId,
        /// The place.
        place: Place,
    },
    /// It was found out where objects are that an earlier release recorded.
    Located {
        /// The generations.
        tokens: Vec<Token>,
        /// Where they are.
        place: PlaceId,
    },
    /// A step is about to call its provider.
    Intent(Box<Intent<M>>),
    /// A step's call ended.
    Outcome {
        /// The generation.
        token: Token,
        /// What came of it.
        outcome: Outcome<M>,
        /// When.
        time: Timestamp,
    },
    /// An object that was made can be used.
    Ready {
        /// The generation.
        token: Token,
        /// The inputs as reported.
        observed: M,
        /// The computed fields.
        outputs: M,
        /// How long that took after it was made, in milliseconds.
        took: u64,
    },
    /// An object that was made will never be usable.
    GivenUp {
        /// The generation.
        token: Token,
        /// Why, in its service's words.
        why: String,
    },
    /// Edges or options changed; no provider was called.
    Recorded {
        /// The generation.
        token: Token,
        /// What it depends on now.
        dependencies: Vec<Address>,
        /// The provider instance now.
        provider: Option<Address>,
        /// The generation of that instance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instance: Option<Token>,
        /// Options now.
        flags: Flags,
    },
    /// A resource was renamed.
    Moved {
        /// The generation.
        token: Token,
        /// Its new address.
        to: Address,
    },
    /// Resources were renamed, all at once; where one takes the address of another that is not among them, that is
    /// superseded.
    Reassigned {
        /// The generations and their new addresses.
        moves: Vec<(Token, Address)>,
    },
    /// What the provider reports was read again.
    Observed {
        /// The generation.
        token: Token,
        /// The inputs as reported.
        observed: M,
        /// The computed fields as reported.
        outputs: M,
    },
    /// What is secret in a record changed, while the values stayed; no provider was called.
    Resealed {
        /// The generation.
        token: Token,
        /// The inputs, as secret as they are now.
        applied: M,
        /// The inputs as reported.
        observed: M,
        /// The computed fields as reported.
        outputs: M,
    },
    /// A record was removed without touching the object, or because the object is gone.
    Forgotten {
        /// The generation.
        token: Token,
        /// Why.
        why: String,
    },
    /// A whole record, imported or repaired.
    Adopted(Box<Record<M>>),
    /// The stack's exported outputs.
    Exports(M),
    /// A person changed what is recorded; follows the entries that did so, in the same append.
    Edited(Box<Edit<M>>),
    /// A run ended.
    RunEnded {
        /// Its id.
        run: Token,
        /// When.
        time: Timestamp,
        /// How.
        result: RunResult,
        /// What changed.
        counts: Counts,
    },
}

impl Intent {
    /// Makes the intent of a delete.
    pub(crate) fn to_delete(record: &Record, time: Timestamp) -> Self {
        Self {
            verb: Verb::Delete,
            address: record.address.clone(),
            token: record.token,
            inputs: Map::new(),
            version: record.version,
            provider: record.provider.clone(),
            instance: record.instance,
            place: record.place,
            dependencies: record.dependencies.clone(),
            flags: record.flags.clone(),
            time,
        }
    }
}

impl<M> Intent<M> {
    /// Turns the maps into another form.
    ///
    /// # Errors
    /// What `f` answers.
    pub fn try_map<N, E>(self, f: impl FnOnce(M) -> Result<N, E>) -> Result<Intent<N>, E> {
        Ok(Intent {
            inputs: f(self.inputs)?,
            verb: self.verb,
            address: self.address,
            token: self.token,
            version: self.version,
            provider: self.provider,
            instance: self.instance,
            place: self.place,
            dependencies: self.dependencies,
            flags: self.flags,
            time: self.time,
        })
    }
}

impl<M> Outcome<M> {
    /// Turns the maps into another form.
    ///
    /// # Errors
    /// What `f` answers.
    pub fn try_map<N, E>(self, mut f: impl FnMut(M) -> Result<N, E>) -> Result<Outcome<N>, E> {
        Ok(match self {
            Self::Applied { id, observed, outputs, took } => {
                Outcome::Applied { id, observed: f(observed)?, outputs: f(outputs)?, took }
            }
            Self::Made { id, observed, outputs, took } => {
                Outcome::Made { id, observed: f(observed)?, outputs: f(outputs)?, took }
            }
            Self::Partial { id, observed, outputs, cause } => {
                Outcome::Partial { id, observed: f(observed)?, outputs: f(outputs)?, cause }
            }
            Self::NotApplied { cause } => Outcome::NotApplied { cause },
            Self::Unknown { cause } => Outcome::Unknown { cause },
        })
    }
}

impl<M> Entry<M> {
    /// Turns the maps into another form.
    ///
    /// # Errors
    /// What `f` answers.
    pub fn try_map<N, E>(self, mut f: impl FnMut(M) -> Result<N, E>) -> Result<Entry<N>, E> {
        Ok(match self {
            Self::RunStarted { run, time, who, command, message, reads } => {
                Entry::RunStarted { run, time, who, command, message, reads }
            }
            Self::Intent(intent) => Entry::Intent(Box::new(intent.try_map(f)?)),
            Self::Outcome { token, outcome, time } => {
                Entry::Outcome { token, outcome: outcome.try_map(f)?, time }
            }
            Self::Ready { token, observed, outputs, took } => {
                Entry::Ready { token, observed: f(observed)?, outputs: f(outputs)?, took }
            }
            Self::GivenUp { token, why } => Entry::GivenUp { token, why },
            Self::Recorded { token, dependencies, provider, instance, flags } => {
                Entry::Recorded { token, dependencies, provider, instance, flags }
            }
            Self::Place { id, place } => Entry::Place { id, place },
            Self::Located { tokens, place } => Entry::Located { tokens, place },
            Self::Moved { token, to } => Entry::Moved { token, to },
            Self::Reassigned { moves } => Entry::Reassigned { moves },
            Self::Observed { token, observed, outputs } => {
                Entry::Observed { token, observed: f(observed)?, outputs: f(outputs)? }
            }
            Self::Resealed { token, applied, observed, outputs } => {
                Entry::Resealed { token, applied: f(applied)?, observed: f(observed)?, outputs: f(outputs)? }
            }
            Self::Forgotten { token, why } => Entry::Forgotten { token, why },
            Self::Adopted(record) => Entry::Adopted(Box::new(record.try_map(f)?)),
            Self::Exports(map) => Entry::Exports(f(map)?),
            Self::Edited(edit) => Entry::Edited(Box::new(edit.try_map(f)?)),
            Self::RunEnded { run, time, result, counts } => Entry::RunEnded { run, time, result, counts },
        })
    }

    /// Returns the generation that the entry is about; names what its secrets belong to.
    pub fn token(&self) -> Option<Token> {
        match self {
            Self::Intent(intent) => Some(intent.token),
            Self::Outcome { token, .. }
            | Self::Ready { token, .. }
            | Self::GivenUp { token, .. }
            | Self::Recorded { token, .. }
            | Self::Moved { token, .. }
            | Self::Observed { token, .. }
            | Self::Resealed { token, .. }
            | Self::Forgotten { token, .. } => Some(*token),
            Self::Adopted(record) => Some(record.token),
            Self::RunStarted { .. }
            | Self::Place { .. }
            | Self::Located { .. }
            | Self::Reassigned { .. }
            | Self::Exports(_)
            | Self::Edited(_)
            | Self::RunEnded { .. } => None,
        }
    }

    /// Tells whether the entry belongs to the history, and so outlives a fold.
    pub fn is_historic(&self) -> bool {
        matches!(self, Self::RunStarted { .. } | Self::RunEnded { .. } | Self::Edited(_))
    }
}
