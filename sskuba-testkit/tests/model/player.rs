//! Plays a sequence: each operation on the engine and on the model, and the judgement of whether they agree.

use std::time::Duration;

use sskuba_core::applying::{ApplyOptions, Events};
use sskuba_core::engine::Session;
use sskuba_testkit::model::{Draft, Forecast, Judge, Kind, Note, Spec, Truth, Verb};

use crate::script::Op;
use crate::stage::{SOFT, Seen, Stage};

/// One sequence under way.
pub(crate) struct Player {
    pub(crate) stage: Stage,
    pub(crate) truth: Truth,
    pub(crate) draft: Draft,
    /// What the run under way announced.
    pub(crate) told: Forecast,
    pub(crate) wrong: Vec<String>,
    /// A repair has lost where objects are.
    pub(crate) unplaced: bool,
    /// The state as somebody kept it, and what the model says of it.
    pub(crate) kept: Option<(serde_json::Value, Vec<Note>)>,
}

/// Plays a sequence; the error says where engine, cloud and model disagree.
pub(crate) fn play(script: &[Op], seed: u64) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut player = Player {
            stage: Stage::new(seed),
            truth: Truth::default(),
            draft: Draft::default(),
            told: Forecast::default(),
            wrong: Vec::new(),
            unplaced: false,
            kept: None,
        };
        for (i, op) in script.iter().enumerate() {
            player.step(op).await;
            if !player.wrong.is_empty() {
                return Err(format!("operation {i}, {op:?}:\n  - {}", player.wrong.join("\n  - ")));
            }
        }
        Ok(())
    })
}

impl Player {
    async fn step(&mut self, op: &Op) {
        // The next operation of a person comes some time after the last one.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let slot_of = |slot: u8| usize::from(slot);
        match op {
            Op::Add { .. }
            | Op::Remove { .. }
            | Op::Change { .. }
            | Op::Rewire { .. }
            | Op::After { .. }
            | Op::Options { .. }
            | Op::Hide { .. }
            | Op::Rename { .. }
            | Op::Move { .. }
            | Op::ForgetName { .. }
            | Op::Instance { .. }
            | Op::Region { .. } => self.edit(op),
            Op::Astray { command } => self.astray(*command).await,
            Op::Up { about, trouble } => self.up(*about, trouble).await,
            Op::Preview => self.preview().await,
            Op::Refresh { trouble } => self.refresh(trouble).await,
            Op::Down { trouble } => self.down(trouble).await,
            Op::Forget { slot } => self.forget(slot_of(*slot)).await,
            Op::Import { slot } => self.import(slot_of(*slot)).await,
            Op::Rotate => self.rotate().await,
            Op::Recipients => self.recipients().await,
            Op::Export => self.export().await,
            Op::Restore => self.restore().await,
            Op::Repair { record, copy } => self.repair(usize::from(*record), *copy).await,
            Op::Resolve => self.resolve().await,
            Op::Meddle { slot, soft } => self.meddle(slot_of(*slot), SOFT + u32::from(*soft)),
            Op::Vanish { slot } => self.vanish(slot_of(*slot)),
        }
        self.same_world();
    }

    fn edit(&mut self, op: &Op) {
        let draft = &mut self.draft;
        if let Op::Add { slot, soft, hard, near, far } = *op {
            let (slot, kind) = (usize::from(slot), Kind::of(usize::from(slot)));
            let spec = Spec {
                soft: SOFT + u32::from(soft),
                hard: hard.into(),
                near: kind.near(near),
                far: kind.far(far),
                ..Spec::default()
            };
            return draft.add(slot, spec);
        }
        match *op {
            Op::Region { region } => draft.region = region.into(),
            Op::Remove { slot } => drop(draft.specs.remove(&usize::from(slot))),
            Op::Rename { slot } => {
                let inside = draft.specs.get(&usize::from(slot)).is_some_and(|spec| spec.inside);
                draft.rename(usize::from(slot), inside);
            }
            Op::ForgetName { slot } => {
                let inside = draft.specs.get(&usize::from(slot)).is_some_and(|spec| spec.inside);
                draft.rename(usize::from(slot), inside);
                if let Some(spec) = draft.specs.get_mut(&usize::from(slot)) {
                    spec.former.clear();
                }
            }
            Op::Hide { slot } => {
                if let Some(spec) = draft.specs.get_mut(&usize::from(slot)) {
                    spec.sealed = !spec.sealed;
                }
            }
            Op::Move { slot } => {
                let inside = draft.specs.get(&usize::from(slot)).is_some_and(|spec| spec.inside);
                draft.rename(usize::from(slot), !inside);
            }
            _ => {}
        }
        let (Op::Change { slot, .. }
        | Op::Rewire { slot, .. }
        | Op::After { slot, .. }
        | Op::Options { slot, .. }
        | Op::Instance { slot }) = *op
        else {
            return;
        };
        let kind = Kind::of(usize::from(slot));
        let Some(spec) = draft.specs.get_mut(&usize::from(slot)) else { return };
        match *op {
            Op::Change { soft, hard, .. } => (spec.soft, spec.hard) = (SOFT + u32::from(soft), hard.into()),
            Op::Rewire { near, far, .. } => (spec.near, spec.far) = (kind.near(near), kind.far(far)),
            Op::After { other, .. } => spec.after = (other < slot).then_some(usize::from(other)),
            Op::Options { bits, .. } => {
                (spec.protect, spec.retain, spec.first) = (bits & 1 != 0, bits & 2 != 0, bits & 4 != 0);
                spec.by_site = bits & 8 != 0;
            }
            Op::Instance { .. } => spec.alt = !spec.alt,
            _ => {}
        }
    }

    pub(crate) fn complain(&mut self, what: impl Into<String>) {
        self.wrong.push(what.into());
    }

    /// What was forgotten and is nobody's goes before a run, so that it does not stand in the way.
    pub(crate) fn sweep(&mut self) {
        for id in std::mem::take(&mut self.truth.strays) {
            if let Some(thing) = self.truth.things.remove(&id) {
                self.stage.world.remove(&thing.kind.text().parse().unwrap(), &id).unwrap();
            }
        }
    }

    /// Opens the stack and resolves what is open, as every command does first; none if that did not succeed.
    pub(crate) async fn open(&mut self, command: &str, options: &ApplyOptions) -> Option<Session> {
        let mut session = self.stage.engine.open(&self.stage.stack, command, Duration::ZERO).await.unwrap();
        let nothing = Events::default();
        let answer = tokio::select! {
            biased;
            answer = session.recover(&nothing) => Some(answer),
            () = options.abandon.cancelled() => None,
        };
        if answer.is_none() {
            // The tasks of what was given up end at their next step.
            tokio::task::yield_now().await;
        }
        self.judge(&Forecast::default());
        match answer {
            Some(Ok(_)) => {
                self.agree(None).await;
                if !self.truth.open.is_empty() {
                    self.complain(format!("recovery ended well and left open: {:?}", self.truth.open));
                }
                Some(session)
            }
            Some(Err(error)) => {
                let mute = |address: &str| address.contains(Kind::Mute.text());
                let mut open = self.truth.open.values();
                let stuck = open.any(|open| open.verb == Verb::Create && mute(&open.address));
                if self.hits() == 0 && !stuck {
                    self.complain(format!("recovery failed: {error}"));
                }
                self.close(session).await;
                self.agree(None).await;
                None
            }
            None => {
                self.die(session).await;
                self.agree(None).await;
                None
            }
        }
    }

    pub(crate) async fn close(&mut self, session: Session) {
        if let Err(error) = session.close().await {
            self.complain(format!("the session cannot be closed: {error}"));
        }
    }

    /// The program ends here and now.
    pub(crate) async fn die(&mut self, session: Session) {
        drop(session);
        self.stage.engine.store().unlock(&self.stage.stack).await.unwrap();
    }

    pub(crate) fn hits(&self) -> u32 {
        self.stage.watch.lock().unwrap().hits
    }

    /// Judges what was seen since the last time.
    pub(crate) fn judge(&mut self, told: &Forecast) {
        self.stage.note_effects_of_the_dead(&self.truth);
        let seen = std::mem::take(&mut self.stage.watch.lock().unwrap().seen);
        let mut judge = Judge::new(&mut self.truth, &self.draft, told);
        for seen in seen {
            match seen {
                Seen::Asked(verb, address, token) => judge.asked(verb, &address, &token),
                Seen::Happened(effect) => judge.happened(&effect),
                Seen::Usable(token) => judge.usable(&token),
                Seen::GivenUp(token) => judge.given_up(&token),
            }
        }
        let wrong = judge.end();
        self.wrong.extend(wrong);
    }
}
