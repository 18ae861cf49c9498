//! What a person's change of the state takes to be undone.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::journal::{Entry, Intent, Outcome};
use super::record::Record;
use super::replay::State;
use crate::address::{Address, Token};
use crate::clock::Timestamp;
use crate::value::Map;

/// A change that a person made to what is recorded, with all that it replaced. `M` is [`Map`] in memory and sealed
/// JSON in a store. Its size is that of what it changed, not of the stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit<M = Map> {
    /// Its id.
    pub edit: Token,
    /// When.
    pub time: Timestamp,
    /// `user@host`.
    pub who: String,
    /// The command, e.g. `state rm`.
    pub command: String,
    /// What it did, for people.
    pub what: String,
    /// The generations that it changed or removed, as they were.
    pub before: Vec<Record<M>>,
    /// The generations that it changed or made, and when each was last updated as the edit left it.
    pub after: Vec<(Token, Timestamp)>,
    /// The open calls that it ended.
    pub closed: Vec<Intent<M>>,
    /// The open calls that it put back.
    pub opened: Vec<Token>,
    /// The exported outputs as they were, if it changed them.
    pub exports: Option<M>,
    /// Whether the objects were simulated ones, if it changed that.
    pub simulated: Option<bool>,
}

impl<M> Edit<M> {
    /// Turns the maps into another form.
    ///
    /// # Errors
    /// What `f` answers.
    pub fn try_map<N, E>(self, mut f: impl FnMut(M) -> Result<N, E>) -> Result<Edit<N>, E> {
        let Self { edit, time, who, command, what, before, after, closed, opened, exports, simulated } = self;
        let before = before.into_iter().map(|record| record.try_map(&mut f)).collect::<Result<_, E>>()?;
        let closed = closed.into_iter().map(|intent| intent.try_map(&mut f)).collect::<Result<_, E>>()?;
        let exports = exports.map(f).transpose()?;
        Ok(Edit { edit, time, who, command, what, before, after, closed, opened, exports, simulated })
    }
}

impl Edit {
    /// Notes how a state differs from what it was.
    #[must_use]
    pub fn between(mut self, old: &State, new: &State) -> Self {
        let by_token = |state: &State| -> BTreeMap<Token, Record> {
            state.records().map(|record| (record.token, record.clone())).collect()
        };
        let (before, after) = (by_token(old), by_token(new));
        self.after = after
            .values()
            .filter(|record| before.get(&record.token) != Some(record))
            .map(|record| (record.token, record.updated))
            .collect();
        self.before =
            before.into_values().filter(|record| after.get(&record.token) != Some(record)).collect();
        self.closed =
            old.pending().filter(|open| new.pending_of(open.token) != Some(open)).cloned().collect();
        let opened = new.pending().filter(|open| old.pending_of(open.token) != Some(open));
        self.opened = opened.map(|open| open.token).collect();
        self.exports = (old.exports() != new.exports()).then(|| old.exports().clone());
        self
    }

    /// Tells whether it changed nothing.
    pub fn is_empty(&self) -> bool {
        self.before.is_empty()
            && self.after.is_empty()
            && self.closed.is_empty()
            && self.opened.is_empty()
            && self.exports.is_none()
    }

    /// Returns why putting back what was there would lose what happened since.
    pub fn obstacles(&self, state: &State) -> Vec<EditObstacle> {
        let mut found = Vec::new();
        for (token, updated) in &self.after {
            let gone = self.before.iter().find(|record| record.token == *token);
            match state.record(*token) {
                None if self.opened.contains(token) => {}
                None => {
                    let name =
                        gone.map_or_else(|| format!("generation {token}"), |old| old.address.to_string());
                    found.push(EditObstacle::Gone { name });
                }
                Some(now) if now.updated != *updated => {
                    let (address, id) = (now.address.clone(), now.shown_id().into_owned());
                    found.push(EditObstacle::Changed { address, id });
                }
                Some(_) => {}
            }
        }
        // Tokens are random, and the same edit is told the same way.
        found.sort_by_cached_key(ToString::to_string);
        for old in &self.before {
            let other = |open: &&Intent| open.address == old.address && open.token != old.token;
            if let Some(open) = state.pending().find(other) {
                found.push(EditObstacle::Interrupted { address: open.address.clone() });
            }
            let touched = |token: Token| self.after.iter().any(|(other, _)| *other == token);
            match state.current(&old.address) {
                Some(now) if now.token == old.token && !touched(now.token) => {
                    let (address, id) = (now.address.clone(), now.shown_id().into_owned());
                    found.push(EditObstacle::RecordedAgain { address, id });
                }
                Some(now) if now.token != old.token && !touched(now.token) && !self.brings(now.token) => {
                    found.push(EditObstacle::CreatedAgain {
                        address: now.address.clone(),
                        id: now.shown_id().into_owned(),
                        former: old.shown_id().into_owned(),
                    });
                }
                _ => {}
            }
        }
        found
    }

    fn brings(&self, token: Token) -> bool {
        self.before.iter().any(|record| record.token == token)
    }

    /// Returns the entries that put back what was there.
    pub fn undone(&self, state: &State, time: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        for token in self.opened.iter().copied().filter(|token| state.pending_of(*token).is_some()) {
            let outcome = Outcome::said_to_be_none("the edit was undone");
            entries.push(Entry::Outcome { token, outcome, time });
        }
        for (token, _) in self.after.iter().copied() {
            if !self.brings(token) && state.record(token).is_some() {
                entries.push(Entry::Forgotten { token, why: "the edit was undone".to_owned() });
            }
        }
        entries.extend(self.before.iter().map(|record| Entry::Adopted(Box::new(record.clone()))));
        entries.extend(self.closed.iter().map(|intent| Entry::Intent(Box::new(intent.clone()))));
        entries.extend(self.exports.iter().map(|exports| Entry::Exports(exports.clone())));
        entries
    }
}

/// Why an edit is not undone: what happened since would be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditObstacle {
    /// What the edit changed or made is not recorded any more.
    Gone {
        /// Its address, or its generation where nobody knows that.
        name: String,
    },
    /// A run changed it.
    Changed {
        /// The resource.
        address: Address,
        /// The id of its object.
        id: String,
    },
    /// A call was interrupted.
    Interrupted {
        /// The resource.
        address: Address,
    },
    /// What the edit removed is recorded again.
    RecordedAgain {
        /// The resource.
        address: Address,
        /// The id of its object.
        id: String,
    },
    /// Another object is recorded where the edit removed one.
    CreatedAgain {
        /// The resource.
        address: Address,
        /// The id of the object that is recorded.
        id: String,
        /// The id of the one that the edit removed.
        former: String,
    },
}

impl fmt::Display for EditObstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone { name } => write!(f, "{name} was deleted or forgotten since"),
            Self::Changed { address, id } => write!(f, "{address} ({id}) was changed by a run since"),
            Self::Interrupted { address } => write!(f, "a call for {address} was interrupted since"),
            Self::RecordedAgain { address, id } => write!(f, "{address} ({id}) is recorded again already"),
            Self::CreatedAgain { address, id, former } => {
                write!(f, "{address} was created again since, as {id}, and would give way to {former}")
            }
        }
    }
}
