//! Operations that run a plan.

use std::collections::BTreeMap;
use std::time::Duration;

use sskuba_core::applying::{ApplyOptions, Events, FailedStep, Report};
use sskuba_core::engine::{EngineError, Session};
use sskuba_core::plan::{Action, Plan, PlanFile, Subject, Verdict};
use sskuba_core::planning::PlanOptions;
use sskuba_core::provider::Class;
use sskuba_core::state::RunResult;
use sskuba_testkit::model::{Fate, Forecast, Kind, Readiness, SLOTS, Selection, forecast};

use crate::player::Player;
use crate::program::program;
use crate::script::{About, Command, Trouble};

/// Compares a plan with what was foretold.
fn compare(plan: &Plan, told: &Forecast) -> Vec<String> {
    let mut declared = BTreeMap::new();
    let mut removed = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| !step.address.as_str().contains(":provider:")) {
        let sure = step.verdict == Verdict::Certain;
        match step.subject {
            _ if step.verdict == Verdict::Excluded => {}
            Subject::Ready(_) => {}
            Subject::Recorded(token) => {
                removed.insert(token.to_string(), step.action == Action::Forget);
            }
            Subject::Declared(_) => {
                let fate = match step.action {
                    Action::Update => Fate::Update(sure),
                    Action::Replace => Fate::Replace(sure),
                    Action::Create => Fate::Create,
                    _ => Fate::Same,
                };
                declared.insert(step.address.to_string(), fate);
            }
        }
    }
    let mut wrong = Vec::new();
    if declared != told.declared {
        wrong.push(format!("the plan has    {declared:?}\n    foretold was {:?}", told.declared));
    }
    if removed != told.removed {
        wrong.push(format!("the plan removes {removed:?}\n    foretold was {:?}", told.removed));
    }
    wrong
}

impl Player {
    fn selection(&self, about: About) -> (Selection, PlanOptions) {
        let address = |slot: u8| {
            let slot = usize::from(slot);
            let recorded = || {
                let mut notes = self.truth.notes.iter().filter(|note| !note.superseded);
                notes
                    .find(|note| note.address.contains(&format!("::r{slot}-")))
                    .map(|note| note.address.clone())
            };
            match self.draft.specs.contains_key(&slot) {
                true => Some(self.draft.address(slot)),
                false => recorded(),
            }
        };
        let mut options = PlanOptions::default();
        let selection = match about {
            About::All | About::Plan | About::Continue => None,
            About::Target(slot) => address(slot).map(|address| {
                options.targets.push(address.clone());
                Selection::Target(address)
            }),
            About::Exclude(slot) => address(slot).map(|address| {
                options.excludes.push(address.clone());
                Selection::Exclude(address)
            }),
            About::Replace(slot) => address(slot).map(|address| {
                options.replace.push(address.clone());
                Selection::Replace(address)
            }),
        };
        (selection.unwrap_or(Selection::All), options)
    }

    pub(crate) async fn up(&mut self, about: About, trouble: &[Trouble]) {
        self.sweep();
        let options = self.stage.prepare(trouble, about == About::Continue);
        let Some(session) = self.open("up", &options).await else { return };
        let (selection, plan_options) = self.selection(about);
        let told = forecast(&self.truth, Some(&self.draft), &selection);
        let program = program(self.draft.clone());
        let planned = session.plan(&program, &plan_options).await;
        let saved = match (about, &planned) {
            (About::Plan, Ok(plan)) => {
                let digester = self.stage.engine.digester(&self.stage.stack).await.unwrap();
                let file = PlanFile::new(plan, digester, serde_json::Value::Null);
                let text = serde_json::to_string(&file).unwrap();
                let again = session.plan(&program, &plan_options).await.unwrap();
                let file = PlanFile::parse(&text).unwrap();
                let digester = session.digester(&file).await.unwrap();
                file.verify(&again, digester)
            }
            _ => Ok(()),
        };
        if let Err(error) = saved {
            self.complain(format!("a plan that was saved just now is not taken: {error}"));
        }
        let settled = self.run(session, planned, told, &options).await;
        // What was waited for may say that somebody else has changed it meanwhile.
        let drifted =
            |note: &sskuba_testkit::model::Note| note.seen.is_some_and(|seen| seen != note.sent.soft);
        let drifted = self.truth.notes.iter().any(drifted);
        if settled && !drifted && selection == Selection::All && self.wrong.is_empty() {
            self.nothing_left(&program).await;
        }
    }

    pub(crate) async fn down(&mut self, trouble: &[Trouble]) {
        self.sweep();
        let options = self.stage.prepare(trouble, false);
        let Some(session) = self.open("down", &options).await else { return };
        let told = forecast(&self.truth, None, &Selection::All);
        let planned = session.plan_down(&PlanOptions::default()).await;
        let declared = std::mem::take(&mut self.draft);
        let settled = self.run(session, planned, told, &options).await;
        self.draft = declared;
        if settled && !self.truth.notes.is_empty() {
            self.complain(format!("after down there is still {:?}", self.truth.notes));
        }
    }

    /// Checks a plan, carries it out, and judges the run; tells whether it went well to its end.
    async fn run(
        &mut self,
        mut session: Session,
        planned: Result<Plan, EngineError>,
        told: Forecast,
        options: &ApplyOptions,
    ) -> bool {
        let plan = match planned {
            Ok(plan) => plan,
            Err(error) => {
                if told.refused.is_empty() {
                    self.complain(format!("there should be a plan: {error}"));
                }
                self.close(session).await;
                return false;
            }
        };
        if !told.refused.is_empty() {
            self.complain(format!("there should be no plan: {}", told.refused.join("; ")));
        }
        self.wrong.extend(compare(&plan, &told));
        let was = self.truth.clone();
        let report = session.apply(&plan, options).await;
        match &report {
            Ok(report) if report.abandoned => self.die(session).await,
            _ => self.close(session).await,
        }
        self.judge(&told);
        let settled = matches!(&report, Ok(report) if report.result == RunResult::Succeeded);
        self.told = told;
        match report {
            Err(error) if self.hits() == 0 => self.complain(format!("the run failed: {error}")),
            Ok(report) if !settled => self.excuses(&was, &report),
            _ => {}
        }
        let told = std::mem::take(&mut self.told);
        if settled {
            self.finished(&told);
            self.agree(Some(&told)).await;
        } else {
            self.told = told;
            self.agree(None).await;
            self.told = Forecast::default();
        }
        settled
    }

    /// Without trouble a run fails only for what the provider rightly refuses.
    fn excuses(&mut self, was: &sskuba_testkit::model::Truth, report: &Report) {
        if self.hits() > 0 {
            return;
        }
        if report.failures.is_empty() {
            self.complain(format!("the run ended as {:?} and nothing failed", report.result));
        }
        for failed in &report.failures {
            if !self.excused(was, failed) {
                self.complain(format!("{} of {}: {}", failed.action, failed.address, failed.failure));
            }
        }
    }

    fn excused(&self, was: &sskuba_testkit::model::Truth, failed: &FailedStep) -> bool {
        let address = failed.address.to_string();
        let slot = self.draft.slot_at(&address);
        match (&failed.failure.class, failed.action) {
            // Somebody else deleted the object, or one that it uses.
            (Class::NotFound, _) => !was.vanished.is_empty(),
            (_, Action::Wait) if failed.failure.message.contains("is not there any more") => {
                !was.vanished.is_empty()
            }
            // Values that only the run knows ask for a replacement that something forbids.
            (Class::Conflict, _) if self.told.stops.contains(&address) => true,
            // The same of what is protected.
            (Class::Conflict, Action::Update | Action::Replace)
                if failed.failure.message.contains("protected") =>
            {
                slot.is_some_and(|slot| self.draft.specs[&slot].protect)
            }
            // The name of one that was retained is taken.
            (Class::Conflict, Action::Create | Action::Replace) => {
                failed.failure.message.contains("NameInUse")
                    && was
                        .notes
                        .iter()
                        .any(|note| note.edges.retain && note.address.contains(Kind::Sole.text()))
            }
            // It is still used by what is kept, or by what points to it and can only be switched over to the new
            // one, which comes later because the old one is to go first.
            (Class::Conflict, Action::Delete) => {
                let ids = was
                    .notes
                    .iter()
                    .filter(|note| note.address == address || was_called(note, &address, self));
                let perhaps = self.told.declared.get(&address) == Some(&Fate::Replace(false));
                let mut users = ids.flat_map(|note| self.truth.users(&note.id));
                perhaps || users.any(|user| self.kept_or_pointing(was, &user))
            }
            _ => false,
        }
    }

    fn kept_or_pointing(&self, was: &sskuba_testkit::model::Truth, user: &str) -> bool {
        let kept = was.notes.iter().any(|note| note.id == user && note.edges.retain);
        let points = self.truth.things.get(user).is_some_and(|thing| thing.fields.far.is_some());
        kept || points
    }

    /// After a run that went well, what is declared is there, as it is declared.
    fn finished(&mut self, told: &Forecast) {
        let mut wrong = Vec::new();
        for slot in (0..SLOTS).filter(|slot| self.draft.specs.contains_key(slot)) {
            if told.left_out.contains(&slot) {
                continue;
            }
            let address = self.draft.address(slot);
            let wanted = self.truth.wanted(&self.draft, slot);
            match self.truth.note_of(&self.draft, slot) {
                None => wrong.push(format!("{address} was not made")),
                Some(note) if note.partial || wanted.as_ref().ok() != Some(&note.sent) => {
                    wrong.push(format!("{address} is {note:?} and should have {wanted:?}"));
                }
                Some(_) => {}
            }
        }
        let waits = |note: &&sskuba_testkit::model::Note| {
            note.readiness == Readiness::Made
                && self.draft.slot_at(&note.address).is_some_and(|slot| !told.left_out.contains(&slot))
        };
        wrong
            .extend(self.truth.notes.iter().filter(waits).map(|note| format!("{note:?} was not waited for")));
        for token in told.removed.keys() {
            let Some(note) = self.truth.note(token) else { continue };
            if self.truth.vanished.contains(&note.id) {
                continue;
            }
            let replaced_perhaps = told.declared.values().any(|fate| *fate == Fate::Replace(false));
            if !note.edges.retain && !replaced_perhaps {
                wrong.push(format!("{note:?} was not removed"));
            }
        }
        self.wrong.extend(wrong);
    }

    /// Whatever is declared and there needs no second run.
    async fn nothing_left(
        &mut self,
        program: &(impl Fn(&mut sskuba_core::prelude::Stack) -> sskuba_core::prelude::Result + Send + Sync),
    ) {
        let plan = self.stage.engine.preview(&self.stage.stack, program).await;
        match plan {
            Ok(plan) if plan.is_empty() => {}
            Ok(plan) => {
                let counts = plan.counts();
                let steps: Vec<_> = plan.steps.iter().filter(|step| step.action != Action::Same).collect();
                self.complain(format!("there is still something to do: {counts:?} {steps:?}"));
            }
            Err(error) => self.complain(format!("after a run that went well there is no plan: {error}")),
        }
    }

    /// A command whose surroundings lead elsewhere is refused where it would ask for objects there, and touches nothing.
    pub(crate) async fn astray(&mut self, command: Command) {
        self.stage.prepare(&[], false);
        let here = |note: &sskuba_testkit::model::Note| note.edges.place == 0;
        let told = match command {
            Command::Down => forecast(&self.truth, None, &Selection::All),
            _ => forecast(&self.truth, Some(&self.draft), &Selection::All),
        };
        let recorded = self.truth.notes.iter().any(here);
        let removed =
            self.truth.notes.iter().any(|note| here(note) && told.removed.get(&note.token) == Some(&false));
        let touched = (0..SLOTS).filter(|slot| self.draft.place(*slot) == 0).any(|slot| {
            let fate = told.declared.get(&self.draft.address(slot));
            let waits =
                self.truth.note_of(&self.draft, slot).map(|note| note.readiness) == Some(Readiness::Made);
            fate.is_some_and(|fate| *fate != Fate::Same || waits)
        });
        let asks = !self.truth.open.is_empty()
            || recorded
                && match command {
                    Command::Refresh => true,
                    Command::Down => removed,
                    Command::Up => removed || touched,
                };
        if !asks || !told.refused.is_empty() {
            return;
        }
        // What the second instance has under way would be resolved all the same.
        if self.truth.open.values().any(|open| open.edges.place != 0) {
            return;
        }
        let (engine, stack) = (self.stage.astray.clone(), self.stage.stack.clone());
        let program = program(self.draft.clone());
        let answer = match command {
            Command::Up => engine.up(&stack, program).await.map(drop),
            Command::Down => engine.down(&stack).await.map(drop),
            Command::Refresh => {
                let mut session = engine.open(&stack, "refresh", Duration::ZERO).await.unwrap();
                let found = match session.recover(&Events::default()).await {
                    Ok(_) => session.refresh(&Events::default()).await.map(drop),
                    Err(error) => Err(error),
                };
                session.end(found).await
            }
        };
        match answer {
            Err(EngineError::Misplaced(_)) => {}
            answer => self.complain(format!("{command:?} in another region: {answer:?}")),
        }
        if !self.stage.watch.lock().unwrap().seen.is_empty() {
            self.complain(format!("{command:?} in another region touched something"));
        }
        self.agree(None).await;
    }

    pub(crate) async fn preview(&mut self) {
        let told = forecast(&self.truth, Some(&self.draft), &Selection::All);
        self.stage.prepare(&[], false);
        let plan = self.stage.engine.preview(&self.stage.stack, &program(self.draft.clone())).await;
        match plan {
            // What is open is resolved before an up, and may change what there is to do.
            _ if !self.truth.open.is_empty() => {}
            Ok(plan) => {
                if !told.refused.is_empty() {
                    self.complain(format!("there should be no plan: {}", told.refused.join("; ")));
                }
                self.wrong.extend(compare(&plan, &told));
            }
            Err(error) if told.refused.is_empty() => {
                self.complain(format!("there should be a plan: {error}"))
            }
            Err(_) => {}
        }
        if !self.stage.watch.lock().unwrap().seen.is_empty() {
            self.complain("a preview touched something");
        }
    }
}

fn was_called(note: &sskuba_testkit::model::Note, address: &str, player: &Player) -> bool {
    let slot = |address: &str| {
        address.rsplit("::r").next().and_then(|rest| rest.split('-').next()).map(str::to_owned)
    };
    player.draft.slot_at(address).is_some() && slot(&note.address) == slot(address)
}
