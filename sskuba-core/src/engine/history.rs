//! What runs and edits there were.

use std::collections::HashMap;
use std::sync::Arc;

use super::build::Engine;
use super::error::EngineError;
use super::open::check;
use crate::address::{StackId, Token};
use crate::clock::Timestamp;
use crate::state::{Codec, Counts, Entry, Image, RunResult, StackRead};

/// A run of a program on a stack.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Run {
    /// Its id.
    pub run: Token,
    /// The revision at which it began.
    pub revision: u64,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none if it was killed or still runs.
    pub ended: Option<Timestamp>,
    /// `user@host`.
    pub who: String,
    /// The command.
    pub command: String,
    /// Why, in the user's words.
    pub message: Option<String>,
    /// Which other stacks its program read, and at which revision.
    pub reads: Vec<StackRead>,
    /// How it ended.
    pub result: Option<RunResult>,
    /// What changed.
    pub changes: Counts,
}

/// A run, and the revision of the last entry that is its own.
pub(super) struct Noted {
    pub(super) run: Run,
    pub(super) end: u64,
}

impl Engine {
    /// Returns the newest `limit` runs and edits of a stack, newest first.
    ///
    /// # Errors
    /// If there is no such stack, or it cannot be read.
    pub async fn history(&self, stack: &StackId, limit: usize) -> Result<Vec<Run>, EngineError> {
        let (noted, _) = self.noted(stack, limit).await?;
        Ok(noted.into_iter().rev().take(limit).map(|noted| noted.run).collect())
    }

    /// Returns at least the newest `limit` runs and edits, the oldest first, and what is stored.
    pub(super) async fn noted(
        &self,
        stack: &StackId,
        limit: usize,
    ) -> Result<(Vec<Noted>, Image), EngineError> {
        let image = self.image(stack).await?;
        let image = image.ok_or_else(|| crate::state::StoreError::NoStack(stack.clone()))?;
        check(&image, stack)?;
        let codec = Codec::new(None, Arc::clone(&self.ids));
        let mut entries =
            self.store.history(stack, limit.saturating_mul(2)).await.map_err(EngineError::store)?;
        entries.reverse();
        entries.extend(image.journal.iter().cloned());
        Ok((collect(entries, &codec), image))
    }
}

/// Puts the entries of a history together. A run that did not end goes up to the next one.
fn collect(entries: Vec<(u64, Vec<u8>)>, codec: &Codec) -> Vec<Noted> {
    let mut all: Vec<Noted> = Vec::new();
    let mut places: HashMap<Token, usize> = HashMap::new();
    for (revision, bytes) in entries {
        match codec.decode(&bytes) {
            // While a fold is under way an entry is in the history and in the journal.
            Ok(Entry::RunStarted { run, .. }) if places.contains_key(&run) => {}
            Ok(Entry::Edited(edit)) if places.contains_key(&edit.edit) => {}
            Ok(Entry::RunStarted { run, time, who, command, message, reads }) => {
                places.insert(run, all.len());
                let (ended, result, changes) = (None, None, Counts::default());
                let run = Run {
                    run,
                    revision,
                    started: time,
                    ended,
                    who,
                    command,
                    message,
                    reads,
                    result,
                    changes,
                };
                all.push(Noted { run, end: u64::MAX });
            }
            Ok(Entry::Edited(edit)) => {
                places.insert(edit.edit, all.len());
                let run = Run {
                    run: edit.edit,
                    revision,
                    started: edit.time,
                    ended: Some(edit.time),
                    who: edit.who,
                    command: edit.command,
                    message: Some(edit.what),
                    reads: Vec::new(),
                    result: Some(RunResult::Succeeded),
                    changes: Counts::default(),
                };
                all.push(Noted { run, end: revision });
            }
            Ok(Entry::RunEnded { run, time, result, counts }) => {
                if let Some(noted) = places.get(&run).and_then(|at| all.get_mut(*at)) {
                    noted.end = revision;
                    let run = &mut noted.run;
                    (run.ended, run.result, run.changes) = (Some(time), Some(result), counts);
                }
            }
            _ => {}
        }
    }
    for at in 0..all.len() {
        let next = all.get(at + 1).map_or(u64::MAX, |next| next.run.revision.saturating_sub(1));
        all[at].end = all[at].end.min(next).max(all[at].run.revision);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{IdSource, SeededIds};

    /// Whoever reads while a fold is under way sees what it has moved in both places.
    #[test]
    fn what_is_in_the_history_and_in_the_journal_is_one_run() {
        let ids = Arc::new(SeededIds::new(1));
        let codec = Codec::new(None, Arc::clone(&ids) as _);
        let (run, time) = (ids.token(), Timestamp(7));
        let started = Entry::RunStarted {
            run,
            time,
            who: "ann@desk".into(),
            command: "up".into(),
            message: None,
            reads: Vec::new(),
        };
        let ended = Entry::RunEnded { run, time, result: RunResult::Succeeded, counts: Counts::default() };
        let bytes = |entry: &Entry| codec.encode(entry.clone()).unwrap();
        let once = vec![(1, bytes(&started)), (2, bytes(&ended))];
        let twice = [once.clone(), once].concat();
        let all = collect(twice, &codec);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].run.result, all[0].end), (Some(RunResult::Succeeded), 2));
    }
}
