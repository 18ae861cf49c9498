//! What a plan has to announce, by the rules that users are told.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Kind, SLOTS};
use super::truth::{Note, Readiness, Truth};

/// What is announced for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It stays as it is.
    Same,
    /// It is changed in place; `true` if that is sure.
    Update(bool),
    /// It is made anew; `true` if that is sure.
    Replace(bool),
    /// It is made.
    Create,
}

/// Which resources an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All.
    All,
    /// This address, and what it needs.
    Target(String),
    /// All but this address, and what cannot be made without it.
    Exclude(String),
    /// All, and this address is replaced.
    Replace(String),
}

/// A plan, foretold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forecast {
    /// What is announced for each declared address; those that are left out are not in it.
    pub declared: BTreeMap<String, Fate>,
    /// The generations that are removed; `true` if the object is kept.
    pub removed: BTreeMap<String, bool>,
    /// Why there can be no plan.
    pub refused: Vec<String>,
    /// The addresses whose replacement, should the run find that it is needed, stops the run before it is touched.
    pub stops: BTreeSet<String>,
    /// The declared slots that are left out.
    pub left_out: BTreeSet<usize>,
}

/// What of a resource others use, as it will look.
#[derive(Clone)]
enum Used {
    Known(String),
    Unknown,
}

/// The ids and the sites of the resources.
type AllUsed = BTreeMap<usize, (Used, Used)>;

/// Foretells the plan of a program, or without one that of taking everything down.
pub fn forecast(truth: &Truth, draft: Option<&Draft>, selection: &Selection) -> Forecast {
    let empty = Draft::default();
    let draft = draft.unwrap_or(&empty);
    let mut told = Forecast { left_out: left_out(truth, draft, selection), ..Forecast::default() };
    let mut ids = AllUsed::new();
    // Replacements that delete first, and whether they are sure.
    let mut first: BTreeMap<usize, bool> = BTreeMap::new();
    for slot in (0..SLOTS).filter(|slot| draft.specs.contains_key(slot)) {
        let note = truth.note_of(draft, slot);
        if told.left_out.contains(&slot) {
            ids.insert(
                slot,
                (known(note.map(|note| &note.id)), known(note.and_then(|note| note.site.as_ref()))),
            );
            continue;
        }
        let fate = note.map_or(Fate::Create, |note| decide(draft, slot, note, &ids, &first, selection));
        let stays = note.filter(|_| matches!(fate, Fate::Same | Fate::Update(_)));
        // An update may change the site.
        let site = stays.filter(|note| fate == Fate::Same && note.readiness == Readiness::Usable);
        let site = site.and_then(|note| note.site.as_ref());
        ids.insert(slot, (known(stays.map(|note| &note.id)), known(site)));
        let spec = &draft.specs[&slot];
        if let Fate::Replace(sure) = fate {
            let cascades = draft.near(slot).is_some_and(|near| first.contains_key(&near));
            let alone = Kind::of(slot) == Kind::Sole
                && note.is_some_and(|note| note.edges.place == draft.place(slot));
            if spec.first || alone || cascades {
                first.insert(slot, sure);
            }
            // What is to be kept stands in the way of what takes its place.
            if alone && spec.retain {
                if sure {
                    told.refused.push(format!("{} is retained and would be replaced", draft.address(slot)));
                } else {
                    told.stops.insert(draft.address(slot));
                }
            }
            match (spec.protect, sure) {
                (true, true) => {
                    told.refused.push(format!("{} is protected and would be replaced", draft.address(slot)));
                }
                (true, false) => drop(told.stops.insert(draft.address(slot))),
                (false, _) => {}
            }
        }
        told.declared.insert(draft.address(slot), fate);
    }
    refuse_followers(draft, &mut told);
    remove(truth, draft, selection, &mut told);
    stop_roots(draft, &mut told);
    told
}

/// What forbids a replacement forbids that of what it follows as well: where that is sure there is no plan, and else the
/// run stops before the first of them.
fn stop_roots(draft: &Draft, told: &mut Forecast) {
    for slot in (0..SLOTS).rev().filter(|slot| draft.specs.contains_key(slot)) {
        let Some(root) = draft.near(slot).map(|near| draft.address(near)) else { continue };
        if !told.stops.contains(&draft.address(slot)) {
            continue;
        }
        match told.declared.get(&root) {
            Some(Fate::Replace(true)) => {
                told.refused
                    .push(format!("{root} would be replaced, and {} cannot follow", draft.address(slot)));
            }
            Some(Fate::Replace(false)) => drop(told.stops.insert(root)),
            _ => {}
        }
    }
}

fn known(text: Option<&String>) -> Used {
    text.map_or(Used::Unknown, |text| Used::Known(text.clone()))
}

/// What stands on something that is made anew may have to be made anew itself; protected, it forbids that.
fn refuse_followers(draft: &Draft, told: &mut Forecast) {
    let fate = |told: &Forecast, slot: usize| told.declared.get(&draft.address(slot)).copied();
    // Whether something that is sure to be replaced lies below; slots come after what they stand on.
    let mut above: BTreeSet<usize> = BTreeSet::new();
    for slot in (0..SLOTS).filter(|slot| draft.specs.contains_key(slot)) {
        let Some(Fate::Replace(sure)) = fate(told, slot) else { continue };
        let follows = draft.near(slot).is_some_and(|near| above.contains(&near));
        if follows && !sure && draft.specs[&slot].protect {
            told.refused.push(format!("{} is protected and may be replaced", draft.address(slot)));
        }
        if sure || follows {
            above.insert(slot);
        }
    }
}

fn decide(
    draft: &Draft,
    slot: usize,
    note: &Note,
    ids: &AllUsed,
    first: &BTreeMap<usize, bool>,
    selection: &Selection,
) -> Fate {
    let spec = &draft.specs[&slot];
    let mut fates = vec![Fate::Same];
    // Each edge: none if it is as it was, otherwise whether it changes for sure.
    let used = |other: usize| if draft.uses_site(slot, other) { &ids[&other].1 } else { &ids[&other].0 };
    let edge = |now: Option<usize>, was: &Option<String>| match now.map(used) {
        Some(Used::Unknown) => Some(false),
        Some(Used::Known(id)) => (was.as_ref() != Some(id)).then_some(true),
        None => was.is_some().then_some(true),
    };
    if spec.soft != note.sent.soft || note.partial || note.seen.is_some_and(|seen| seen != note.sent.soft) {
        fates.push(Fate::Update(true));
    }
    fates.extend(edge(draft.far(slot), &note.sent.far).map(Fate::Update));
    fates.extend(edge(draft.near(slot), &note.sent.near).map(Fate::Replace));
    fates.extend((note.readiness == Readiness::GivenUp).then_some(Fate::Replace(true)));
    let moves = draft.place(slot) != note.edges.place;
    if moves || spec.hard != note.sent.hard || *selection == Selection::Replace(draft.address(slot)) {
        fates.push(Fate::Replace(true));
    }
    // Whoever stands on what goes first goes before it.
    fates.extend(draft.near(slot).and_then(|near| first.get(&near)).map(|sure| Fate::Replace(*sure)));
    fates.into_iter().max().unwrap_or(Fate::Same)
}

/// Returns the declared slots that an operation is not about.
fn left_out(truth: &Truth, draft: &Draft, selection: &Selection) -> BTreeSet<usize> {
    let mut out = BTreeSet::new();
    match selection {
        Selection::All | Selection::Replace(_) => {}
        Selection::Target(address) => {
            let mut todo: Vec<usize> = draft.slot_at(address).into_iter().collect();
            let mut taken = BTreeSet::new();
            while let Some(slot) = todo.pop() {
                if taken.insert(slot) {
                    todo.extend(draft.needs(slot));
                }
            }
            out.extend(draft.specs.keys().filter(|slot| !taken.contains(slot)));
        }
        Selection::Exclude(address) => {
            for slot in (0..SLOTS).filter(|slot| draft.specs.contains_key(slot)) {
                let lacks = |other: &usize| out.contains(other) && truth.note_of(draft, *other).is_none();
                if draft.address(slot) == *address || draft.needs(slot).iter().any(lacks) {
                    out.insert(slot);
                }
            }
        }
    }
    out
}

fn remove(truth: &Truth, draft: &Draft, selection: &Selection, told: &mut Forecast) {
    let meant: BTreeSet<&str> =
        (0..SLOTS).filter_map(|slot| Some(truth.note_of(draft, slot)?.token.as_str())).collect();
    let about = |note: &Note| match selection {
        Selection::All | Selection::Replace(_) => true,
        Selection::Target(address) => note.address == *address,
        Selection::Exclude(address) => note.address != *address,
    };
    let replaced: BTreeSet<&str> = (0..SLOTS)
        .filter(|slot| matches!(told.declared.get(&draft.address(*slot)), Some(Fate::Replace(_))))
        .filter_map(|slot| Some(truth.note_of(draft, slot)?.token.as_str()))
        .collect();
    for note in &truth.notes {
        let token = note.token.as_str();
        let goes = match meant.contains(token) {
            true => replaced.contains(token),
            false => about(note),
        };
        if !goes {
            continue;
        }
        if note.edges.protect && !note.superseded && !replaced.contains(token) {
            told.refused.push(format!("{} is protected and would be deleted", note.address));
        }
        told.removed.insert(note.token.clone(), note.edges.retain);
    }
    // Nothing is deleted under the feet of what stays.
    for note in &truth.notes {
        let token = note.token.as_str();
        let slot = (0..SLOTS).find(|slot| truth.note_of(draft, *slot) == Some(note));
        let replaced = slot.and_then(|slot| told.declared.get(&draft.address(slot)));
        let taken = matches!(replaced, Some(Fate::Replace(_))) && !note.edges.retain;
        let maybe = matches!(replaced, Some(Fate::Replace(false)));
        let goes = told.removed.contains_key(token) && (replaced.is_none() || taken);
        if !goes || note.superseded {
            continue;
        }
        for other in truth.notes.iter().filter(|other| other.edges.needs.contains(&note.address)) {
            let user = (0..SLOTS).find(|slot| truth.note_of(draft, *slot) == Some(other));
            let switched = user.is_some_and(|user| !told.left_out.contains(&user));
            // What only comes after the resource comes after its new generation just as well.
            let uses = |user: usize| slot.is_none() || [draft.near(user), draft.far(user)].contains(&slot);
            if told.removed.contains_key(&other.token) || switched || !user.is_none_or(uses) {
                continue;
            }
            if let Some(slot) = slot.filter(|_| maybe) {
                told.stops.insert(draft.address(slot));
            } else {
                told.refused
                    .push(format!("{} would be deleted while {} needs it", note.address, other.address));
            }
        }
    }
}
