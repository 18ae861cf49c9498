//! What exists in a world, and the indices over it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sskuba_core::address::{Address, Kind, StackId, Token};
use sskuba_core::clock::Timestamp;
use sskuba_core::provider::Place;

use crate::faults::Op;

/// The fields of an object, as JSON.
pub type Fields = serde_json::Map<String, Json>;

/// An object that exists in a simulated world.
///
/// A field that holds a secret has a mark in place of its value: the same for the same secret, and of no use
/// for anything else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorldObject {
    /// The kind.
    pub kind: Kind,
    /// Where it is; an object that an earlier release made is everywhere.
    #[serde(default, skip_serializing_if = "Place::is_empty")]
    pub place: Place,
    /// The id that the world gave it.
    pub id: String,
    /// The token that it was created with.
    pub token: Token,
    /// The stack that created it.
    pub stack: StackId,
    /// The resource that created it.
    pub address: Address,
    /// The inputs that were last sent.
    pub inputs: Fields,
    /// The computed fields.
    pub outputs: Fields,
    /// The names of the fields that hold a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<String>,
    /// When it was created.
    pub created: Timestamp,
    /// Its create ended half way, and no update has mended it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// How many objects of the same token were there when it was created.
    #[serde(default)]
    pub(crate) nth: u32,
    /// How often it was updated.
    #[serde(default)]
    pub(crate) revision: u32,
    /// What it refers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<Link>,
    /// The name that no other object of its kind may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unique: Option<String>,
}

/// A field that refers to another object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// The field.
    pub(crate) field: String,
    /// What it refers to.
    pub(crate) to: Key,
}

/// What an object is found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) kind: Kind,
    pub(crate) id: String,
}

impl WorldObject {
    pub(crate) fn key(&self) -> Key {
        Key { kind: self.kind.clone(), id: self.id.clone() }
    }
}

/// One effect: a line of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Effect {
    /// The object exists and looks so.
    Put(Arc<WorldObject>),
    /// The object is gone.
    Gone(Key),
    /// Everything is gone.
    Clear,
    /// A fault was answered at this attempt of a call.
    Fault { token: Token, op: Op, attempt: u32 },
}

#[derive(Debug, Default)]
pub(crate) struct Tables {
    objects: HashMap<Key, (u64, Arc<WorldObject>)>,
    by_token: HashMap<Token, Vec<Key>>,
    by_name: HashMap<(Kind, Place, String), Key>,
    kinds: HashMap<Kind, usize>,
    dependants: HashMap<Key, BTreeSet<Key>>,
    faults: HashMap<(Token, Op), u32>,
    next: u64,
}

impl Tables {
    pub(crate) fn get(&self, key: &Key) -> Option<&Arc<WorldObject>> {
        self.objects.get(key).map(|(_, object)| object)
    }

    /// Returns the objects of a kind that were created with a token, the first first.
    pub(crate) fn with_token<'a>(
        &'a self,
        token: Token,
        kind: &'a Kind,
    ) -> impl Iterator<Item = &'a Arc<WorldObject>> + 'a {
        let keys = self.by_token.get(&token).map(Vec::as_slice).unwrap_or_default();
        keys.iter().filter(move |key| key.kind == *kind).filter_map(|key| self.get(key))
    }

    pub(crate) fn named(&self, kind: &Kind, place: &Place, name: &str) -> Option<&Key> {
        self.by_name.get(&(kind.clone(), place.clone(), name.to_owned()))
    }

    pub(crate) fn has_kind(&self, kind: &Kind) -> bool {
        self.kinds.contains_key(kind)
    }

    /// Returns an object that refers to this one, other than itself.
    pub(crate) fn dependant(&self, key: &Key) -> Option<&Arc<WorldObject>> {
        self.dependants.get(key)?.iter().find(|other| *other != key).and_then(|other| self.get(other))
    }

    /// Returns how often the call was answered with a fault, which is the number of its next attempt.
    pub(crate) fn faults(&self, token: Token, op: Op) -> u32 {
        self.faults.get(&(token, op)).copied().unwrap_or(0)
    }

    pub(crate) fn all_faults(&self) -> impl Iterator<Item = Effect> {
        let next = |(&(token, op), &next): (&(Token, Op), &u32)| (next, token, op);
        let faults = self.faults.iter().map(next).filter(|(next, ..)| *next > 0);
        faults.map(|(next, token, op)| Effect::Fault { token, op, attempt: next - 1 })
    }

    /// Returns everything in the order of creation.
    pub(crate) fn all(&self) -> Vec<Arc<WorldObject>> {
        let mut all: Vec<_> = self.objects.values().collect();
        all.sort_by_key(|(order, _)| *order);
        all.into_iter().map(|(_, object)| Arc::clone(object)).collect()
    }

    /// Returns how many lines a file that says no more than needed would have.
    pub(crate) fn weight(&self) -> u64 {
        (self.objects.len() + self.faults.len()) as u64
    }

    pub(crate) fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Put(object) => self.put(object),
            Effect::Gone(key) => self.gone(&key),
            Effect::Clear => *self = Self::default(),
            Effect::Fault { token, op, attempt } => {
                let next = self.faults.entry((token, op)).or_default();
                *next = (*next).max(attempt.saturating_add(1));
            }
        }
    }

    fn put(&mut self, object: Arc<WorldObject>) {
        let key = object.key();
        let order = match self.objects.remove(&key) {
            Some((order, old)) => {
                self.unlink(&key, &old);
                order
            }
            None => {
                self.by_token.entry(object.token).or_default().push(key.clone());
                *self.kinds.entry(key.kind.clone()).or_default() += 1;
                self.next += 1;
                self.next
            }
        };
        for link in &object.links {
            self.dependants.entry(link.to.clone()).or_default().insert(key.clone());
        }
        if let Some(name) = &object.unique {
            self.by_name.insert((key.kind.clone(), object.place.clone(), name.clone()), key.clone());
        }
        self.objects.insert(key, (order, object));
    }

    fn gone(&mut self, key: &Key) {
        let Some((_, old)) = self.objects.remove(key) else { return };
        self.unlink(key, &old);
        if let Some(keys) = self.by_token.get_mut(&old.token) {
            keys.retain(|other| other != key);
            if keys.is_empty() {
                self.by_token.remove(&old.token);
            }
        }
        if let Some(count) = self.kinds.get_mut(&key.kind) {
            *count -= 1;
            if *count == 0 {
                self.kinds.remove(&key.kind);
            }
        }
    }

    fn unlink(&mut self, key: &Key, old: &WorldObject) {
        for link in &old.links {
            if let Some(dependants) = self.dependants.get_mut(&link.to) {
                dependants.remove(key);
                if dependants.is_empty() {
                    self.dependants.remove(&link.to);
                }
            }
        }
        if let Some(name) = &old.unique {
            let name = (key.kind.clone(), old.place.clone(), name.clone());
            if self.by_name.get(&name) == Some(key) {
                self.by_name.remove(&name);
            }
        }
    }
}
