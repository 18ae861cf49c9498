//! Operations on the stored state itself: keys, documents, repairs. None of them touches the cloud.

use std::time::Duration;

use sskuba_core::engine::Session;
use sskuba_testkit::model::Note;

use crate::player::Player;

impl Player {
    async fn take(&mut self, command: &str) -> Session {
        self.stage.prepare(&[], false);
        self.stage.engine.open(&self.stage.stack, command, Duration::ZERO).await.unwrap()
    }

    async fn exists(&self) -> bool {
        self.stage.engine.store().stacks().await.unwrap().contains(&self.stage.stack)
    }

    /// Tells whether a call has no outcome yet; those of provider instances are not in the model.
    async fn is_interrupted(&self) -> bool {
        match self.stage.engine.read(&self.stage.stack).await {
            Ok(snapshot) => snapshot.state.pending().next().is_some(),
            Err(_) => false,
        }
    }

    pub(crate) async fn rotate(&mut self) {
        let mut session = self.take("state rotate-key").await;
        let (open, keyring) = (self.is_interrupted().await, self.stage.keyring.clone());
        let answer = session.rotate_key(&*keyring).await;
        self.close(session).await;
        if answer.is_ok() == open {
            self.complain(format!("a new data key, with calls open ({open}): {answer:?}"));
        }
        self.agree(None).await;
    }

    pub(crate) async fn recipients(&mut self) {
        let mut session = self.take("state recipients").await;
        let keyring = self.stage.keyring.clone();
        let answer = session.reseal(&*keyring).await;
        self.close(session).await;
        if let Err(error) = answer {
            self.complain(format!("the data key cannot be sealed anew: {error}"));
        }
        self.agree(None).await;
    }

    /// What is kept is whole: somebody who exports in the middle of a call keeps a riddle.
    pub(crate) async fn export(&mut self) {
        if !self.exists().await || self.is_interrupted().await {
            return;
        }
        match self.stage.engine.export_state(&self.stage.stack).await {
            Ok(document) => self.kept = Some((document, self.truth.notes.clone())),
            Err(error) => self.complain(format!("the state cannot be exported: {error}")),
        }
    }

    pub(crate) async fn restore(&mut self) {
        let Some((document, notes)) = self.kept.clone() else { return };
        let mut session = self.take("state import").await;
        let open = self.is_interrupted().await;
        let answer = session.import_state(document).await;
        self.close(session).await;
        match (answer, open) {
            (Ok(_), false) => self.replace_notes(notes),
            (Err(_), true) => {}
            (answer, _) => self.complain(format!("an import, with calls open or not: {answer:?}")),
        }
        self.agree(None).await;
    }

    /// What is recorded is what was recorded once: the cloud may have gone on since.
    fn replace_notes(&mut self, notes: Vec<Note>) {
        let truth = &mut self.truth;
        truth.notes = notes;
        let known = |id: &String| truth.notes.iter().any(|note| note.id == *id);
        truth.strays = truth.things.keys().filter(|id| !known(id)).cloned().collect();
        for note in &truth.notes {
            match truth.things.get(&note.id) {
                None => drop(truth.vanished.insert(note.id.clone())),
                Some(thing)
                    if thing.fields != note.sent
                        || thing.partial != note.partial
                        || thing.site != note.site =>
                {
                    truth.meddled.insert(note.id.clone());
                }
                Some(_) => {}
            }
        }
        truth.vanished.retain(known);
    }

    /// One record is damaged and the state is repaired: with the copy of the last run nothing is lost, without one at
    /// most that record.
    pub(crate) async fn repair(&mut self, record: usize, copy: bool) {
        if !self.exists().await || self.is_interrupted().await {
            return;
        }
        self.stage.prepare(&[], false);
        let (engine, stack) = (self.stage.engine.clone(), self.stage.stack.clone());
        let image = engine.store().load(&stack).await.unwrap().unwrap_or_default();
        let Some((key, _)) = image.records.get(record).cloned() else { return };
        {
            let mut watch = self.stage.watch.lock().unwrap();
            (watch.damaged, watch.copy) = (Some(key), copy.then_some(image));
        }
        let found = engine.examine(&stack).await.unwrap();
        let about = found.salvage.unreadable.first().and_then(|item| item.about.clone());
        if about.is_some_and(|about| about.to_string().contains(":provider:")) && !copy {
            // Without its settings nobody can reach what is in another place.
            self.stage.watch.lock().unwrap().damaged = None;
            return;
        }
        self.unplaced |= found.salvage.lost().any(|item| item.key == "record places");
        let repaired = engine.repair(&stack, Duration::ZERO, false, |_| Ok(())).await;
        let (was, left) = (self.truth.notes.clone(), std::mem::take(&mut *self.stage.watch.lock().unwrap()));
        if left.damaged.is_some() {
            self.complain(format!("the damage is still there: {repaired:?}"));
        }
        let recorded: Vec<String> = match engine.read(&stack).await {
            Ok(snapshot) => snapshot.state.records().map(|record| record.token.to_string()).collect(),
            Err(error) => return self.complain(format!("after a repair: {error}")),
        };
        let lost: Vec<&Note> = was.iter().filter(|note| !recorded.contains(&note.token)).collect();
        if lost.len() > usize::from(!copy) {
            self.complain(format!("one damaged record, a copy ({copy}), and lost are {lost:?}"));
        }
        for note in lost {
            self.truth.notes.retain(|other| other.token != note.token);
            if self.truth.things.contains_key(&note.id) {
                self.truth.strays.insert(note.id.clone());
            }
            self.truth.vanished.remove(&note.id);
        }
        self.agree(None).await;
    }
}
