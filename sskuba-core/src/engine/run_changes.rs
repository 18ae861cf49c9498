//! What one run did: the state before it and after it, compared.
//!
//! Nothing is recorded for this alone. A run leaves a copy of the stack when it changed it, and the copies of some runs
//! before the last are kept; the journal has what was not folded yet.

use std::sync::Arc;

use super::build::Engine;
use super::compare::{ObjectChange, compare};
use super::error::EngineError;
use super::history::{Noted, Run};
use super::open::key_of;
use crate::address::StackId;
use crate::journal::replay;
use crate::plan::FieldChange;
use crate::state::{Codec, Image, State};

/// What a run did.
#[derive(Debug)]
pub struct RunChanges {
    /// The run.
    pub run: Run,
    /// What it did to objects and outputs; none if the states before and after it are not kept any more.
    pub changes: Option<StateDiff>,
}

/// The difference of two states.
#[derive(Debug)]
pub struct StateDiff {
    /// What became of objects, in the order of their addresses.
    pub objects: Vec<ObjectChange>,
    /// The exported outputs that differ.
    pub outputs: Vec<FieldChange>,
    /// The revisions of other runs whose changes are among these: between them and the run no state was kept.
    pub with: Vec<u64>,
    /// Whether secrets could be opened; if not, it cannot be told whether they changed.
    pub opened: bool,
}

/// A state that can be had: the revisions at which it can.
struct Kept {
    from: u64,
    image: Image,
}

impl Kept {
    /// Its records have all that is missing from the journal: an image for readers keeps of entries that were folded only
    /// those of the history.
    fn of(image: Image) -> Self {
        let whole = image.journal.iter().rev().map(|(at, _)| *at);
        let from =
            whole.fold(image.revision, |from, at| if at == from { at.saturating_sub(1) } else { from });
        Self { from, image }
    }

    /// Returns the revision nearest to `wanted` that is not above it, or not below it.
    fn at(&self, wanted: u64, below: bool) -> Option<u64> {
        match below {
            true if self.from <= wanted => Some(wanted.min(self.image.revision)),
            false if self.image.revision >= wanted => Some(wanted.max(self.from)),
            _ => None,
        }
    }
}

impl Engine {
    /// Says what the run or edit at a revision did.
    ///
    /// # Errors
    /// If there is none at that revision, which the message has the nearest of; or the stack cannot be read.
    pub async fn run_changes(&self, stack: &StackId, revision: u64) -> Result<RunChanges, EngineError> {
        let (all, image) = self.noted(stack, usize::MAX).await?;
        let Some(at) = all.iter().position(|noted| noted.run.revision == revision) else {
            return Err(missing(stack, revision, &all));
        };
        let start = all[..at].last().map_or(0, |before| before.end);
        let end = all[at].end.min(image.revision);
        let mut kept = vec![Kept::of(image), Kept::of(Image::default())];
        for backup in self.backups(stack).await? {
            if let Some(remains) = self.store.backup(stack, &backup.name).await.map_err(EngineError::store)? {
                kept.push(Kept::of(remains.image));
            }
        }
        let before = kept.iter().filter_map(|kept| Some((kept.at(start, true)?, kept))).max_by_key(|k| k.0);
        let after = kept.iter().filter_map(|kept| Some((kept.at(end, false)?, kept))).min_by_key(|k| k.0);
        let run = all[at].run.clone();
        let (Some((from, before)), Some((to, after))) = (before, after) else {
            return Ok(RunChanges { run, changes: None });
        };
        let others = all.iter().map(|noted| noted.run.revision).filter(|other| *other != revision);
        let with: Vec<u64> = others.filter(|other| (from + 1..=to).contains(other)).collect();
        // From the very beginning on is no account of one run.
        if from == 0 && start > 0 {
            return Ok(RunChanges { run, changes: None });
        }
        let (old, opened) = self.state_at(stack, &before.image, from).await?;
        let (new, also) = self.state_at(stack, &after.image, to).await?;
        let (objects, outputs) = (compare(&old, &new), FieldChange::between(old.exports(), new.exports()));
        Ok(RunChanges { run, changes: Some(StateDiff { objects, outputs, with, opened: opened && also }) })
    }

    /// Rebuilds a state at a revision that a kept one goes back to; tells whether its secrets are open.
    async fn state_at(
        &self,
        stack: &StackId,
        image: &Image,
        revision: u64,
    ) -> Result<(State, bool), EngineError> {
        let mut image = image.clone();
        image.journal.retain(|(at, _)| *at <= revision);
        image.revision = revision;
        let is_new = image.meta.is_empty();
        let key = key_of(&image, stack, &self.keyring).await.ok().flatten();
        let opened = is_new || key.is_some();
        let codec = Codec::new(key, Arc::clone(&self.ids));
        let state = replay(&image, &codec).map_err(|error| EngineError::journal(stack, error))?;
        Ok((state, opened))
    }
}

/// Says that nothing was done at a revision, and where something was.
fn missing(stack: &StackId, revision: u64, all: &[Noted]) -> EngineError {
    let revisions = || all.iter().map(|noted| noted.run.revision);
    let before = revisions().filter(|other| *other < revision).max();
    let after = revisions().filter(|other| *other > revision).min();
    let within = all.iter().find(|noted| (noted.run.revision..=noted.end).contains(&revision));
    EngineError::NoRun {
        stack: stack.clone(),
        revision,
        within: within.map(|noted| noted.run.revision),
        nearest: before.into_iter().chain(after).collect(),
    }
}
