//! Operations on the record, and what others do behind its back.

use sskuba_core::applying::Events;
use sskuba_core::engine::Resolution;
use sskuba_core::planning::PlanOptions;
use sskuba_testkit::model::{Kind, Readiness, Verb};

use crate::player::Player;
use crate::program::program;
use crate::script::Trouble;

impl Player {
    /// Returns the address under which a slot is recorded.
    fn recorded(&self, slot: usize) -> Option<String> {
        let mut notes = self.truth.notes.iter().filter(|note| !note.superseded);
        notes.find(|note| note.address.contains(&format!("::r{slot}-"))).map(|note| note.address.clone())
    }

    pub(crate) async fn refresh(&mut self, trouble: &[Trouble]) {
        let options = self.stage.prepare(trouble, false);
        let Some(mut session) = self.open("refresh", &options).await else { return };
        // Whether what is not found is gone is asked of people; the model knows.
        let report = match session.look(&Events::default()).await {
            Ok(found) => session.keep(found).await,
            Err(error) => Err(error),
        };
        self.close(session).await;
        match report {
            Ok(report) => {
                let failed: Vec<String> =
                    report.failed.iter().map(|(address, _)| address.to_string()).collect();
                if !failed.is_empty() && self.hits() == 0 {
                    self.complain(format!("{failed:?} could not be read"));
                }
                self.look(&failed);
            }
            Err(error) if self.hits() == 0 => self.complain(format!("the refresh failed: {error}")),
            // Nothing of it is recorded.
            Err(_) => {}
        }
        self.agree(None).await;
    }

    /// What a refresh does to the record.
    fn look(&mut self, failed: &[String]) {
        let things = self.truth.things.clone();
        let read = |note: &sskuba_testkit::model::Note| !note.superseded && !failed.contains(&note.address);
        self.truth.notes.retain(|note| !read(note) || things.contains_key(&note.id));
        for note in self.truth.notes.iter_mut().filter(|note| read(note)) {
            note.seen = things.get(&note.id).map(|thing| thing.fields.soft);
        }
        let notes = &self.truth.notes;
        self.truth.vanished.retain(|id| notes.iter().any(|note| note.id == *id));
    }

    pub(crate) async fn forget(&mut self, slot: usize) {
        let Some(address) = self.recorded(slot) else { return };
        self.stage.prepare(&[], false);
        let mut session =
            self.stage.engine.open(&self.stage.stack, "state rm", std::time::Duration::ZERO).await.unwrap();
        let token = self.truth.current(&address).map(|note| note.token.clone()).unwrap_or_default();
        let answer = session.forget(&address.parse().unwrap()).await;
        self.close(session).await;
        // Of what is changed or deleted a person may say that it is lost for good; what is made has to be looked for.
        let open = self.truth.open.get(&token).is_some_and(|open| open.verb == Verb::Create);
        match answer {
            Ok(()) if open => self.complain(format!("{address} was forgotten in the middle of a call")),
            Ok(()) => {
                let id = self.truth.note(&token).map(|note| note.id.clone()).unwrap_or_default();
                self.truth.notes.retain(|note| note.token != token);
                self.truth.open.remove(&token);
                if self.truth.things.contains_key(&id) {
                    self.truth.strays.insert(id.clone());
                }
                self.truth.vanished.remove(&id);
            }
            Err(error) if !open => self.complain(format!("{address} cannot be forgotten: {error}")),
            Err(_) => {}
        }
        self.agree(None).await;
    }

    pub(crate) async fn import(&mut self, slot: usize) {
        let kind = Kind::of(slot);
        let place = self.draft.place(slot);
        let fits = |id: &&String| {
            self.truth.things.get(*id).is_some_and(|thing| thing.kind == kind && thing.place == place)
        };
        let stray = self.truth.strays.iter().find(fits);
        let (Some(id), true) = (stray.cloned(), self.draft.specs.contains_key(&slot)) else { return };
        // A person imports what can be seen; a service may hide what is new for a while.
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        let options = self.stage.prepare(&[], false);
        let Some(mut session) = self.open("import", &options).await else { return };
        let address = self.draft.address(slot);
        let was = self.truth.note_of(&self.draft, slot).map(|note| note.address.clone());
        let told = sskuba_testkit::model::forecast(
            &self.truth,
            Some(&self.draft),
            &sskuba_testkit::model::Selection::All,
        );
        let program = program(self.draft.clone());
        let options = PlanOptions::default();
        let answer = session.import(&program, &options, &address.parse().unwrap(), &id, true).await;
        self.close(session).await;
        match answer {
            Ok(_) if was.is_some() => {
                self.complain(format!("{address} was imported and was recorded already"))
            }
            Ok(imported) => {
                let thing = self.truth.things[&id].clone();
                self.truth.strays.remove(&id);
                let token = imported.token.to_string();
                self.stage.watch.lock().unwrap().imported.insert(token.clone(), id.clone());
                self.truth.notes.push(sskuba_testkit::model::Note {
                    address,
                    token,
                    id: id.clone(),
                    seen: Some(thing.fields.soft),
                    sent: thing.fields,
                    edges: self.draft.edges(slot),
                    partial: false,
                    superseded: false,
                    readiness: Readiness::Usable,
                    site: thing.site,
                });
                // A record says that its object is whole: what is imported is taken as it is.
                self.truth.meddled.insert(id);
            }
            // The second instance may not be recorded yet, or not where it is to work.
            Err(error) if was.is_none() && told.refused.is_empty() && place == 0 => {
                self.complain(format!("{id} cannot be imported as {address}: {error}"));
            }
            Err(_) => {}
        }
        self.agree(None).await;
    }

    /// Somebody looks for each object whose create was interrupted, and says what came of it.
    pub(crate) async fn resolve(&mut self) {
        self.stage.prepare(&[], false);
        let mute = |address: &str| address.contains(Kind::Mute.text());
        let open =
            self.truth.open.iter().filter(|(_, open)| open.verb == Verb::Create && mute(&open.address));
        let open: Vec<_> = open.map(|(token, open)| (token.clone(), open.clone())).collect();
        for (token, open) in open {
            let mut session = self
                .stage
                .engine
                .open(&self.stage.stack, "state resolve", std::time::Duration::ZERO)
                .await
                .unwrap();
            let made = open.made.clone().filter(|note| self.truth.things.contains_key(&note.id));
            let resolution = match &made {
                Some(note) => Resolution::Created { id: note.id.clone() },
                None => Resolution::NotCreated,
            };
            let answer = session.resolve(&open.address.parse().unwrap(), resolution).await;
            self.close(session).await;
            if let Err(error) = answer {
                self.complain(format!("{} ({token}) cannot be resolved: {error}", open.address));
            }
            if let Some(mut note) = made {
                let thing = &self.truth.things[&note.id];
                (note.partial, note.seen) = (false, Some(thing.fields.soft));
                self.truth.meddled.insert(note.id.clone());
                if let Some(old) = self.truth.current(&open.address).map(|note| note.token.clone()) {
                    self.truth.supersede(&old);
                }
                self.truth.notes.push(note);
            }
            self.truth.open.remove(&token);
            self.agree(None).await;
        }
    }

    pub(crate) fn meddle(&mut self, slot: usize, soft: u32) {
        let Some(note) = self.recorded(slot).and_then(|address| self.truth.current(&address)).cloned() else {
            return;
        };
        let Some(thing) = self.truth.things.get_mut(&note.id) else { return };
        thing.fields.soft = soft;
        self.stage.world.set(&thing.kind.text().parse().unwrap(), &note.id, "soft", soft.into()).unwrap();
        self.truth.meddled.insert(note.id);
    }

    pub(crate) fn vanish(&mut self, slot: usize) {
        let Some(note) = self.recorded(slot).and_then(|address| self.truth.current(&address)).cloned() else {
            return;
        };
        let Some(thing) = self.truth.things.remove(&note.id) else { return };
        self.stage.world.remove(&thing.kind.text().parse().unwrap(), &note.id).unwrap();
        self.truth.vanished.insert(note.id);
    }
}
