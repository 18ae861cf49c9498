//! What exists, and what is recorded of it.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Kind};

/// The inputs of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// The field that can be changed.
    pub soft: u32,
    /// The field that cannot.
    pub hard: u32,
    /// The id, or the site, of what it stands on.
    pub near: Option<String>,
    /// The id, or the site, of what it points to.
    pub far: Option<String>,
}

/// An object of the cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// Its kind.
    pub kind: Kind,
    /// Its inputs.
    pub fields: Fields,
    /// Its create ended half way.
    pub partial: bool,
    /// Where it is.
    pub place: u32,
    /// The site of a gate.
    pub site: Option<String>,
}

/// Whether an object can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Readiness {
    /// It can.
    #[default]
    Usable,
    /// Not yet.
    Made,
    /// Its service gave it up.
    GivenUp,
}

/// What is recorded of one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The address.
    pub address: String,
    /// The generation.
    pub token: String,
    /// The object.
    pub id: String,
    /// The inputs that were sent last.
    pub sent: Fields,
    /// The changeable field as it was reported last.
    pub seen: Option<u32>,
    /// Its edges and options.
    pub edges: Edges,
    /// Its create ended half way.
    pub partial: bool,
    /// Another generation took its place.
    pub superseded: bool,
    /// Whether it can be used.
    pub readiness: Readiness,
    /// The site of a gate, as it was reported last.
    pub site: Option<String>,
}

/// What is recorded of a resource beside its values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edges {
    /// The addresses that it comes after, sorted.
    pub needs: Vec<String>,
    /// It is protected.
    pub protect: bool,
    /// Its object outlives it.
    pub retain: bool,
    /// Its changeable field is secret.
    pub sealed: bool,
    /// Where it is: 0 is where the default provider instance works, others where the second one does or did.
    pub place: u32,
}

/// What may be asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Make.
    Create,
    /// Change.
    Update,
    /// Delete.
    Delete,
}

/// A call of which nobody has recorded what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// What was asked.
    pub verb: Verb,
    /// The address.
    pub address: String,
    /// The inputs that were sent; none for a delete.
    pub fields: Option<Fields>,
    /// The edges and options that go with it.
    pub edges: Edges,
    /// What it made or changed, if it did: nobody has recorded that yet.
    pub made: Option<Note>,
}

/// The truth.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// All objects, by id.
    pub things: BTreeMap<String, Thing>,
    /// All that is recorded.
    pub notes: Vec<Note>,
    /// Calls without an outcome, by generation.
    pub open: BTreeMap<String, Open>,
    /// Objects that are nobody's: forgotten or retained.
    pub strays: BTreeSet<String>,
    /// Objects that somebody else changed since they were written or read last.
    pub meddled: BTreeSet<String>,
    /// Objects that their service gave up.
    pub given_up: BTreeSet<String>,
    /// Recorded objects that somebody else deleted and of which the stack does not know that.
    pub vanished: BTreeSet<String>,
}

/// Returns the key of what is recorded at an address: only one object of it can be in a place.
fn key_of(address: &str) -> Option<usize> {
    let slot = address.rsplit("::r").next()?.split('-').next()?.parse().ok()?;
    (Kind::of(slot) == Kind::Sole).then_some(slot)
}

impl Truth {
    /// Returns what is recorded of a resource now, under its name or a former one.
    pub fn note_of(&self, draft: &Draft, slot: usize) -> Option<&Note> {
        let spec = draft.specs.get(&slot)?;
        let at = |address: &str| self.current(address);
        let taken = |address: &&String| draft.slot_at(address).is_none();
        let named = at(&draft.address(slot))
            .or_else(|| spec.former.iter().filter(taken).find_map(|former| at(former)));
        // What has its key is the resource, whatever that was called.
        let has_key = |note: &&Note| {
            !note.superseded && key_of(&note.address) == Some(slot) && note.edges.place == draft.place(slot)
        };
        match Kind::of(slot) {
            Kind::Sole if !named.is_some_and(|note| has_key(&note)) => {
                let free = |note: &&Note| draft.slot_at(&note.address).is_none();
                self.notes.iter().filter(has_key).find(free).or(named)
            }
            _ => named,
        }
    }

    /// Returns what is recorded at an address now.
    pub fn current(&self, address: &str) -> Option<&Note> {
        self.notes.iter().find(|note| !note.superseded && note.address == address)
    }

    /// Returns the note of a generation.
    pub fn note(&self, token: &str) -> Option<&Note> {
        self.notes.iter().find(|note| note.token == token)
    }

    /// Returns the inputs that a declared resource is to have, as far as what it uses is there.
    pub fn wanted(&self, draft: &Draft, slot: usize) -> Result<Fields, String> {
        let id = |other: Option<usize>| match other {
            None => Ok(None),
            Some(other) => match self.note_of(draft, other) {
                Some(note) if draft.uses_site(slot, other) => match &note.site {
                    Some(site) => Ok(Some(site.clone())),
                    None => Err(format!("the site of {} is not known", draft.address(other))),
                },
                Some(note) => Ok(Some(note.id.clone())),
                None => Err(format!("{} is not there", draft.address(other))),
            },
        };
        let spec = draft.specs.get(&slot).cloned().unwrap_or_default();
        Ok(Fields {
            soft: spec.soft,
            hard: spec.hard,
            near: id(draft.near(slot))?,
            far: id(draft.far(slot))?,
        })
    }
}

impl Truth {
    /// Returns the note of a generation, to change it.
    pub fn note_mut(&mut self, token: &str) -> Option<&mut Note> {
        self.notes.iter_mut().find(|note| note.token == token)
    }

    /// Marks a generation as replaced.
    pub fn supersede(&mut self, token: &str) {
        if let Some(note) = self.note_mut(token) {
            note.superseded = true;
        }
    }

    /// Follows a rename: in the note itself and in all that come after it.
    pub fn renamed(&mut self, from: &str, to: &str) {
        for note in &mut self.notes {
            if note.address == from {
                to.clone_into(&mut note.address);
            }
            for need in note.edges.needs.iter_mut().filter(|need| *need == from) {
                to.clone_into(need);
            }
            note.edges.needs.sort_unstable();
        }
    }

    /// Tells whether a guest points to a gate and does not stand on it.
    pub fn only_points(&self, guest: &str, gate: &str) -> bool {
        let site = self.things.get(gate).and_then(|thing| thing.site.as_deref());
        let stands = |near: &str| near == gate || Some(near) == site;
        let guest = self.things.get(guest).filter(|thing| thing.kind == Kind::Guest);
        guest.is_some_and(|guest| !guest.fields.near.as_deref().is_some_and(stands))
    }

    /// Returns the ids of the objects that use another one.
    pub fn users(&self, id: &str) -> Vec<String> {
        let site = self.things.get(id).and_then(|thing| thing.site.as_deref());
        let is_meant = |text: Option<&str>| text.is_some() && (text == Some(id) || text == site);
        let uses = |fields: &Fields| is_meant(fields.near.as_deref()) || is_meant(fields.far.as_deref());
        self.things.iter().filter(|(_, thing)| uses(&thing.fields)).map(|(id, _)| id.clone()).collect()
    }

    /// Brings the notes to what they have to be after a run of a program that went well to its end.
    pub fn settle(&mut self, draft: &Draft, told: &super::Forecast) {
        for slot in draft.specs.keys() {
            let (address, former) =
                (draft.address(*slot), self.note_of(draft, *slot).map(|n| n.address.clone()));
            if let Some(former) = former.filter(|former| *former != address) {
                self.renamed(&former, &address);
            }
            // What is left out follows the program in its name alone.
            if told.left_out.contains(slot) {
                continue;
            }
            if let Some(note) = self.notes.iter_mut().find(|note| !note.superseded && note.address == address)
            {
                note.edges = draft.edges(*slot);
            }
        }
        for (token, _) in told.removed.iter().filter(|(_, kept)| **kept) {
            let Some(note) = self.note(token).cloned() else { continue };
            // Only what was really replaced, or is not declared any more, is let go.
            let declared = draft.specs.keys().any(|slot| self.note_of(draft, *slot) == Some(&note));
            if note.superseded || !declared {
                self.notes.retain(|other| other.token != note.token);
                self.strays.insert(note.id);
            }
        }
    }
}
