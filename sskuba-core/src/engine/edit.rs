//! What a person changes in what is recorded. Every change is one durable append that says how to undo it.

use super::build::Engine;
use super::error::{EditError, EngineError};
use super::session::Session;
use crate::address::{Address, StackId, Token};
use crate::state::{Codec, Edit, EditObstacle, Entry, Flags, Outcome, Record, State};

/// What `state undo` is about to put back.
#[derive(Debug, Clone)]
pub struct Undoing {
    /// The revision of the edit that is undone.
    pub revision: u64,
    /// The edit.
    pub edit: Edit,
    /// What is put back and what goes, for people.
    pub lines: Vec<String>,
    /// Why it would lose what happened since; empty if nothing speaks against it.
    pub obstacles: Vec<EditObstacle>,
}

/// Says what is put back and what goes, one line each.
fn lines(edit: &Edit, state: &State) -> Vec<String> {
    let comes = edit.before.iter().map(|old| format!("put back: {} ({})", old.address, old.shown_id()));
    let opens =
        edit.closed.iter().map(|open| format!("open again: the interrupted call for {}", open.address));
    let is_new = |token: &Token| !edit.before.iter().any(|old| old.token == *token);
    let new =
        edit.after.iter().map(|(token, _)| *token).filter(is_new).filter_map(|token| state.record(token));
    let goes =
        new.map(|record| format!("forgotten: {} ({}); its object stays", record.address, record.shown_id()));
    let sorted = |lines: &mut dyn Iterator<Item = String>| {
        let mut lines: Vec<String> = lines.collect();
        lines.sort();
        lines
    };
    let (mut comes, mut opens, mut goes) = (comes, opens, goes);
    [sorted(&mut comes), sorted(&mut opens), sorted(&mut goes)].concat()
}

impl Engine {
    /// Returns the edits of a stack with their revisions, the newest first. Those whose secrets are sealed with a key
    /// that is gone are left out.
    pub(super) async fn edits(
        &self,
        stack: &StackId,
        codec: &Codec,
    ) -> Result<Vec<(u64, Edit)>, EngineError> {
        let mut entries = self.store.history(stack, usize::MAX).await.map_err(EngineError::store)?;
        entries.reverse();
        entries.extend(self.image(stack).await?.unwrap_or_default().journal);
        let mut edits: Vec<(u64, Edit)> = entries
            .into_iter()
            .filter_map(|(revision, bytes)| match codec.decode(&bytes) {
                Ok(Entry::Edited(edit)) => Some((revision, *edit)),
                _ => None,
            })
            .collect();
        edits.sort_by_key(|(revision, _)| std::cmp::Reverse(*revision));
        edits.dedup_by_key(|(revision, _)| *revision);
        Ok(edits)
    }
}

impl Session {
    /// Makes entries and the note of how to undo them one durable change; nothing is staged if one does not follow.
    pub(super) async fn edit(&mut self, what: String, entries: Vec<Entry>) -> Result<(), EngineError> {
        self.edit_world(what, entries, None).await
    }

    pub(super) async fn edit_world(
        &mut self,
        what: String,
        entries: Vec<Entry>,
        simulated: Option<bool>,
    ) -> Result<(), EngineError> {
        let mut after = self.state().clone();
        for entry in &entries {
            after.apply(entry.clone()).map_err(EditError::Transition)?;
        }
        let edit = Edit {
            edit: self.engine.ids.token(),
            time: self.engine.clock.now(),
            who: self.tools.who.clone(),
            command: self.tools.command.clone(),
            what,
            before: Vec::new(),
            after: Vec::new(),
            closed: Vec::new(),
            opened: Vec::new(),
            exports: None,
            simulated: simulated.filter(|now| *now != self.simulated).map(|_| self.simulated),
        };
        let edit = edit.between(self.state(), &after);
        if edit.is_empty() {
            return Ok(());
        }
        if let Some(simulated) = simulated {
            self.set_simulated(simulated).await?;
        }
        let note = Entry::Edited(Box::new(edit));
        self.write(entries.into_iter().chain([note]).collect()).await
    }

    fn token_of(&self, address: &Address) -> Result<Token, EngineError> {
        if let (None, Some(open)) =
            (self.state().current(address), self.state().pending().find(|open| open.address == *address))
        {
            return Err(EditError::NotMadeYet { address: open.address.clone() }.into());
        }
        let recorded = self.state().current(address).map(|record| record.token);
        let missing = || EditError::NotRecorded { address: address.clone(), stack: self.stack.clone() };
        Ok(recorded.ok_or_else(missing)?)
    }

    /// Removes a record and leaves its object alone. An open update or delete is closed: of what is lost for good
    /// nobody will ever say what came of it.
    ///
    /// # Errors
    /// If nothing is recorded there.
    pub async fn forget(&mut self, address: &Address) -> Result<(), EngineError> {
        self.forget_all(std::slice::from_ref(address)).await
    }

    /// Removes records and leaves their objects alone: all of them, or none.
    ///
    /// # Errors
    /// As [`Session::forget`].
    pub async fn forget_all(&mut self, addresses: &[Address]) -> Result<(), EngineError> {
        let mut entries = Vec::new();
        for address in addresses {
            let token = self.token_of(address)?;
            if self.state().pending_of(token).is_some() {
                let outcome = Outcome::said_to_be_none("the object was said to be gone for good");
                entries.push(Entry::Outcome { token, outcome, time: self.engine.clock.now() });
            }
            entries.push(Entry::Forgotten { token, why: "its record was removed".to_owned() });
        }
        let names: Vec<&str> = addresses.iter().map(Address::as_str).collect();
        self.edit(format!("forgot {}", names.join(", ")), entries).await
    }

    /// Gives a recorded resource another address of its kind. The program is to say the same.
    ///
    /// # Errors
    /// If nothing is recorded at `from`, something is at `to`, the kinds differ, or a call is open.
    pub async fn move_to(&mut self, from: &Address, to: &Address) -> Result<(), EngineError> {
        let token = self.token_of(from)?;
        if from.kind_str() != to.kind_str() {
            return Err(EditError::OtherKind { from: from.clone(), to: to.clone() }.into());
        }
        if let Some(other) = self.state().current(to) {
            let id = other.shown_id().into_owned();
            return Err(EditError::Taken { address: to.clone(), id }.into());
        }
        if let Some(open) = self.state().pending().find(|open| open.address == *to) {
            return Err(EditError::Interrupted { address: open.address.clone() }.into());
        }
        self.edit(format!("moved {from} to {to}"), vec![Entry::Moved { token, to: to.clone() }]).await
    }

    /// Takes the protection off recorded resources: what is protected and no longer declared can be removed then. A program
    /// that declares one as protected protects it again. Returns those that were protected.
    ///
    /// # Errors
    /// If nothing is recorded at one of the addresses, or a call is open.
    pub async fn unprotect(&mut self, addresses: &[Address]) -> Result<Vec<Address>, EngineError> {
        let (mut entries, mut found) = (Vec::new(), Vec::new());
        for address in addresses {
            let token = self.token_of(address)?;
            let protected = self.state().record(token).filter(|record| record.flags.protect).cloned();
            if let Some(record) = protected {
                let flags = Flags { protect: false, ..record.flags };
                let Record { dependencies, provider, instance, .. } = record;
                entries.push(Entry::Recorded { token, dependencies, provider, instance, flags });
                found.push(address.clone());
            }
        }
        let names: Vec<&str> = found.iter().map(Address::as_str).collect();
        self.edit(format!("took the protection off {}", names.join(", ")), entries).await?;
        Ok(found)
    }

    /// Prepares to undo an edit: that of `revision`, or the newest.
    ///
    /// # Errors
    /// If there is no such edit.
    pub async fn undoing(&self, revision: Option<u64>) -> Result<Undoing, EngineError> {
        let edits = self.engine.edits(&self.stack, self.journal.codec()).await?;
        let stack = &self.stack;
        let found = match revision {
            None => edits.into_iter().next(),
            Some(revision) => edits.into_iter().find(|(at, _)| *at == revision),
        };
        let (revision, edit) = found.ok_or_else(|| match revision {
            None => EditError::NoEdit { stack: stack.clone() },
            Some(revision) => EditError::NotAnEdit { stack: stack.clone(), revision },
        })?;
        let (lines, obstacles) = (lines(&edit, self.state()), edit.obstacles(self.state()));
        Ok(Undoing { revision, edit, lines, obstacles })
    }

    /// Puts back what an edit replaced. This is an edit too, and can be undone.
    ///
    /// # Errors
    /// If something speaks against it and `force` is not set, or a call for one of the resources is open.
    pub async fn undo(&mut self, undoing: &Undoing, force: bool) -> Result<(), EngineError> {
        let Undoing { revision, edit, obstacles, .. } = undoing;
        if !force && !obstacles.is_empty() {
            let (command, obstacles) = (edit.command.clone(), obstacles.clone());
            return Err(EditError::Since { command, revision: *revision, obstacles }.into());
        }
        let entries = edit.undone(self.state(), self.engine.clock.now());
        self.edit_world(format!("undid revision {revision}: {}", edit.what), entries, edit.simulated).await
    }
}
