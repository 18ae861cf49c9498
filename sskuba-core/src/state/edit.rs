//! What a person's change of the state takes to be undone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::journal::{Entry, Intent, Outcome};
use super::record::Record;
use super::replay::State;
use crate::address::Token;
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

    /// Says why putting back what was there would lose what happened since, one line for each reason.
    pub fn obstacles(&self, state: &State) -> Vec<String> {
        let mut lines = Vec::new();
        for (token, updated) in &self.after {
            let gone = self.before.iter().find(|record| record.token == *token);
            match state.record(*token) {
                None if self.opened.contains(token) => {}
                None => {
                    let name =
                        gone.map_or_else(|| format!("generation {token}"), |old| old.address.to_string());
                    lines.push(format!("{name} was deleted or forgotten since"));
                }
                Some(now) if now.updated != *updated => {
                    lines.push(format!("{} ({}) was changed by a run since", now.address, now.shown_id()));
                }
                Some(_) => {}
            }
        }
        // Tokens are random, and the same edit is told the same way.
        lines.sort();
        for old in &self.before {
            let other = |open: &&Intent| open.address == old.address && open.token != old.token;
            if let Some(open) = state.pending().find(other) {
                lines.push(format!(
                    "a call for {} was interrupted since; run `up` first, which resolves it",
                    open.address
                ));
            }
            let touched = |token: Token| self.after.iter().any(|(other, _)| *other == token);
            match state.current(&old.address) {
                Some(now) if now.token == old.token && !touched(now.token) => {
                    lines.push(format!("{} ({}) is recorded again already", now.address, now.shown_id()));
                }
                Some(now) if now.token != old.token && !touched(now.token) && !self.brings(now.token) => {
                    lines.push(format!(
                        "{} was created again since, as {}, and would give way to {}",
                        now.address,
                        now.shown_id(),
                        old.shown_id()
                    ));
                }
                _ => {}
            }
        }
        lines
    }

    fn brings(&self, token: Token) -> bool {
        self.before.iter().any(|record| record.token == token)
    }

    /// Returns the entries that put back what was there.
    pub fn undone(&self, state: &State, time: Timestamp) -> Vec<Entry> {
        let mut entries = Vec::new();
        for token in self.opened.iter().copied().filter(|token| state.pending_of(*token).is_some()) {
            let outcome = Outcome::said_to_be_none("undone by `state undo`");
            entries.push(Entry::Outcome { token, outcome, time });
        }
        for (token, _) in self.after.iter().copied() {
            if !self.brings(token) && state.record(token).is_some() {
                entries.push(Entry::Forgotten { token, why: "undone by `state undo`".to_owned() });
            }
        }
        entries.extend(self.before.iter().map(|record| Entry::Adopted(Box::new(record.clone()))));
        entries.extend(self.closed.iter().map(|intent| Entry::Intent(Box::new(intent.clone()))));
        entries.extend(self.exports.iter().map(|exports| Entry::Exports(exports.clone())));
        entries
    }
}
