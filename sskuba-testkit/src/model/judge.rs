//! Follows a run effect by effect, and says what should not have happened.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Kind, SLOTS};
use super::forecast::{Fate, Forecast};
use super::truth::{Edges, Fields, Note, Readiness, Thing, Truth, Verb};

/// Something that happened in the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What.
    pub verb: Verb,
    /// For which address.
    pub address: String,
    /// For which generation.
    pub token: String,
    /// The object's id; it may be empty for a delete.
    pub id: String,
    /// The object's inputs as the cloud has them afterwards; none for a delete.
    pub fields: Option<Fields>,
    /// A create that is left half done.
    pub partial: bool,
    /// A create that found its object there and made none.
    pub again: bool,
    /// The site of a gate, as the cloud has it.
    pub site: Option<String>,
}

/// Follows one run.
#[derive(Debug)]
pub struct Judge<'a> {
    truth: &'a mut Truth,
    draft: &'a Draft,
    told: &'a Forecast,
    /// The inputs that were asked for, by generation, as they had to be at that moment.
    asked: BTreeMap<String, Result<Fields, String>>,
    /// What was deleted, in order: the address, and what it came after.
    deleted: Vec<(String, Vec<String>)>,
    wrong: Vec<String>,
}

impl<'a> Judge<'a> {
    /// Begins to follow a run of a program with this plan.
    pub fn new(truth: &'a mut Truth, draft: &'a Draft, told: &'a Forecast) -> Self {
        let (asked, deleted, wrong) = Default::default();
        Self { truth, draft, told, asked, deleted, wrong }
    }

    /// Notes that a call is about to be made.
    pub fn asked(&mut self, verb: Verb, address: &str, token: &str) {
        if verb == Verb::Delete || self.truth.open.contains_key(token) {
            return;
        }
        let Some(slot) = self.draft.slot_at(address) else {
            self.wrong.push(format!("{address} was to be made or changed, and nobody declared it"));
            return;
        };
        self.rename(slot);
        let wanted = self.truth.wanted(self.draft, slot);
        self.asked.insert(token.to_owned(), wanted);
    }

    /// A resource that goes by another name now is recorded under it before anything is done to it.
    fn rename(&mut self, slot: usize) {
        let (address, draft) = (self.draft.address(slot), self.draft);
        let former = self.truth.note_of(draft, slot).map(|note| note.address.clone());
        if let Some(former) = former.filter(|former| *former != address) {
            self.truth.renamed(&former, &address);
        }
    }

    /// Notes that the service says of an object that it can be used.
    pub fn usable(&mut self, token: &str) {
        let Truth { things, notes, .. } = &mut *self.truth;
        if let Some(note) = notes.iter_mut().find(|note| note.token == token) {
            note.readiness = Readiness::Usable;
            if let Some(thing) = things.get(&note.id) {
                note.site.clone_from(&thing.site);
                note.seen = Some(thing.fields.soft);
            }
        }
    }

    /// Notes that the service gives an object up.
    pub fn given_up(&mut self, token: &str) {
        if let Some(note) = self.truth.note(token) {
            self.truth.given_up.insert(note.id.clone());
        }
    }

    /// Takes an effect.
    pub fn happened(&mut self, effect: &Effect) {
        let touched = effect.verb != Verb::Update && !self.truth.open.contains_key(&effect.token);
        if touched && self.told.stops.contains(&effect.address) {
            self.complain(effect, "what forbids its replacement was to stop the run first");
        }
        match effect.verb {
            Verb::Create => self.created(effect),
            Verb::Update => self.updated(effect),
            Verb::Delete => self.deleted(effect),
        }
    }

    fn complain(&mut self, effect: &Effect, what: &str) {
        self.wrong.push(format!("{:?} of {} ({}): {what}", effect.verb, effect.address, effect.token));
    }

    /// Returns the inputs that a call had to send.
    fn expected(&self, token: &str) -> Result<Fields, String> {
        match self.truth.open.get(token) {
            Some(open) => open.fields.clone().ok_or_else(|| "its inputs are not known".to_owned()),
            None => self.asked.get(token).cloned().unwrap_or_else(|| Err("nobody asked for it".to_owned())),
        }
    }

    fn same_fields(&mut self, effect: &Effect) -> Option<Fields> {
        let fields = effect.fields.clone()?;
        match self.expected(&effect.token) {
            Err(why) => self.complain(effect, &why),
            Ok(wanted) if wanted != fields => {
                self.complain(effect, &format!("it has {fields:?} and should have {wanted:?}"));
            }
            Ok(_) => {}
        }
        Some(fields)
    }

    /// What a resource needs has to be there, and as it is declared, before the resource is touched.
    fn needs_are_ready(&mut self, effect: &Effect, slot: usize) {
        for other in self.draft.needs(slot) {
            let address = self.draft.address(other);
            let Some(note) = self.truth.note_of(self.draft, other) else {
                self.complain(effect, &format!("{address} is not there yet"));
                continue;
            };
            let ready = self.told.left_out.contains(&other)
                || (!note.partial && self.truth.wanted(self.draft, other).is_ok_and(|w| w == note.sent));
            let usable = note.readiness == Readiness::Usable || self.told.left_out.contains(&other);
            if !ready {
                self.complain(effect, &format!("{address} is not as it should be yet"));
            } else if !usable && self.draft.needs_usable(slot).contains(&other) {
                self.complain(effect, &format!("{address} cannot be used yet"));
            }
        }
    }

    fn created(&mut self, effect: &Effect) {
        if self.again(effect) {
            return;
        }
        let recovered = self.truth.open.contains_key(&effect.token);
        let Some(fields) = self.same_fields(effect) else { return };
        let slot = self.draft.slot_at(&effect.address);
        let current = self.truth.current(&effect.address).cloned();
        if !recovered {
            let fate = self.told.declared.get(&effect.address);
            if !matches!(fate, Some(Fate::Create | Fate::Replace(_))) {
                self.complain(effect, &format!("the plan announced {fate:?}"));
            }
            if let Some(slot) = slot {
                self.needs_are_ready(effect, slot);
                let there = current.as_ref().map(|note| note.edges.place);
                let first = Kind::of(slot) == Kind::Sole && there == Some(self.draft.place(slot))
                    || self.draft.specs.get(&slot).is_some_and(|spec| spec.first);
                let alive = |note: &Note| self.truth.things.contains_key(&note.id) && !note.edges.retain;
                if first && current.as_ref().is_some_and(alive) {
                    self.complain(effect, "the old one is still there, and it was to go first");
                }
            }
        }
        if let Some(current) = current {
            self.truth.supersede(&current.token);
        }
        self.truth.strays.remove(&effect.id);
        let kind =
            Kind::named(effect.address.rsplit("::").nth(1).map_or("", last_part)).unwrap_or(Kind::Base);
        let place = self.edges(effect, slot).place;
        let site = effect.site.clone();
        let thing = Thing { kind, fields: fields.clone(), partial: effect.partial, place, site };
        if self.truth.things.insert(effect.id.clone(), thing).is_some() {
            self.complain(effect, "its id is that of an object that is there already");
        }
        let note = Note {
            address: effect.address.clone(),
            token: effect.token.clone(),
            id: effect.id.clone(),
            seen: (!effect.partial).then_some(fields.soft),
            sent: fields,
            edges: self.edges(effect, slot),
            partial: effect.partial,
            superseded: false,
            readiness: if kind == Kind::Gate { Readiness::Made } else { Readiness::Usable },
            site: None,
        };
        self.truth.notes.push(note);
    }

    /// Takes a create that was asked for again.
    fn again(&mut self, effect: &Effect) -> bool {
        let made = self.truth.open.get(&effect.token).and_then(|open| open.made.clone());
        let known = self.truth.note(&effect.token).cloned().or(made);
        match known {
            Some(_) if !effect.again => {
                self.complain(effect, "this generation was made before: there are two now");
            }
            None if effect.again => self.complain(effect, "it was there already, and nobody made it"),
            _ => {}
        }
        if effect.again {
            self.same_fields(effect);
            if let Some(thing) = self.truth.things.get_mut(&effect.id) {
                thing.partial = effect.partial;
            }
            let seen = effect.fields.as_ref().filter(|_| !effect.partial).map(|fields| fields.soft);
            let truth = &mut *self.truth;
            let made = truth.open.get_mut(&effect.token).and_then(|open| open.made.as_mut());
            let recorded = truth.notes.iter_mut().find(|note| note.token == effect.token);
            for note in made.into_iter().chain(recorded) {
                (note.partial, note.seen) = (effect.partial, seen);
            }
        }
        effect.again
    }

    fn edges(&self, effect: &Effect, slot: Option<usize>) -> Edges {
        match (self.truth.open.get(&effect.token), slot) {
            (Some(open), _) => open.edges.clone(),
            (None, Some(slot)) => self.draft.edges(slot),
            (None, None) => Edges::default(),
        }
    }

    fn updated(&mut self, effect: &Effect) {
        let Some(fields) = self.same_fields(effect) else { return };
        let Some(note) = self.truth.note(&effect.token).cloned() else {
            self.complain(effect, "it is recorded nowhere");
            return;
        };
        if note.superseded {
            self.complain(effect, "another generation has taken its place");
        }
        if note.sent.hard != fields.hard || note.sent.near != fields.near {
            self.complain(effect, "a field was changed that cannot be");
        }
        let recovered = self.truth.open.contains_key(&effect.token);
        let slot = self.draft.slot_at(&effect.address);
        if !recovered {
            let fate = self.told.declared.get(&effect.address);
            if !matches!(fate, Some(Fate::Update(_) | Fate::Replace(false))) {
                self.complain(effect, &format!("the plan announced {fate:?}"));
            }
            if let Some(slot) = slot {
                self.needs_are_ready(effect, slot);
            }
        }
        match self.truth.things.get_mut(&effect.id) {
            Some(thing) => {
                (thing.fields, thing.partial) = (fields.clone(), false);
                thing.site.clone_from(&effect.site);
                self.truth.meddled.remove(&effect.id);
            }
            None => self.complain(effect, "its object is not there"),
        }
        let edges = self.edges(effect, slot);
        if let Some(note) = self.truth.note_mut(&effect.token) {
            (note.seen, note.sent, note.partial, note.edges) = (Some(fields.soft), fields, false, edges);
            note.site = effect.site.clone().filter(|_| note.readiness == Readiness::Usable);
        }
    }

    fn deleted(&mut self, effect: &Effect) {
        let Some(note) = self.truth.note(&effect.token).cloned() else {
            // A delete of what is gone already changes nothing.
            return;
        };
        let open = self.truth.open.get(&effect.token).is_some_and(|open| open.verb == Verb::Delete);
        if !open {
            match self.told.removed.get(&effect.token) {
                None if !note.superseded => self.complain(effect, "the plan did not announce it"),
                Some(true) => self.complain(effect, "it was to be kept"),
                _ => {}
            }
            let declared = (0..SLOTS)
                .any(|slot| self.truth.note_of(self.draft, slot).is_some_and(|n| n.token == note.token));
            if note.edges.protect && !note.superseded && !declared {
                self.complain(effect, "it is protected");
            }
        }
        // What somebody else deleted before is gone from under its users already.
        let replaced = matches!(self.told.declared.get(&effect.address), Some(Fate::Replace(_)));
        let mut users: Vec<String> = self.truth.users(&note.id);
        // What only points to something that goes before its new generation comes is switched over later; the service of
        // a guest does not mind.
        users.retain(|user| !(replaced && self.truth.only_points(user, &note.id)));
        // What is retained or was forgotten is nobody's, and the service of what it uses refuses the delete, if it minds.
        let kept = |user: &String| {
            let note = self.truth.notes.iter().find(|note| note.id == *user);
            note.is_none_or(|note| self.told.removed.get(&note.token) == Some(&true))
        };
        users.retain(|user| !kept(user));
        if !users.is_empty() && self.truth.things.contains_key(&note.id) {
            self.complain(effect, &format!("{} still use it", users.join(", ")));
        }
        for (before, needs) in &self.deleted {
            // What is made anew may be away for a while under those that only come after it; who uses it could not
            // have been left, see above.
            if matches!(self.told.declared.get(before), Some(Fate::Replace(_))) {
                continue;
            }
            // Whoever came after this one had to go before it; here it went before those that it came after.
            if note.edges.needs.contains(before) && !needs.contains(&note.address) {
                self.wrong.push(format!("{before} was deleted before {}, which came after it", note.address));
            }
        }
        self.deleted.push((note.address.clone(), note.edges.needs.clone()));
        self.truth.things.remove(&note.id);
        self.truth.vanished.remove(&note.id);
        self.truth.notes.retain(|other| other.token != note.token);
    }

    /// Ends: returns what should not have happened.
    pub fn end(mut self) -> Vec<String> {
        let tokens: BTreeSet<&str> = self.truth.notes.iter().map(|note| note.token.as_str()).collect();
        if tokens.len() != self.truth.notes.len() {
            self.wrong.push("a generation was made twice".to_owned());
        }
        self.wrong
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
