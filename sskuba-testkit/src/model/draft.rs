//! Programs of the model.

use std::collections::BTreeMap;

use super::truth::Edges;

/// How many resources a program has at the most. A slot is a resource, whatever it is called at the time.
pub const SLOTS: usize = 12;

/// The kinds of the model's cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Needs nothing; its service honours tokens.
    Base,
    /// Stands on a base; found by a tag.
    Leaf,
    /// Cannot live twice; its service honours tokens.
    Sole,
    /// Its service knows neither tokens nor tags.
    Mute,
    /// Stands on a base; it exists before it can be used, and where its site is, is known only then.
    Gate,
    /// Stands on a gate and points to another, by their ids or by their sites.
    Guest,
}

impl Kind {
    /// Returns the kind of a slot.
    pub fn of(slot: usize) -> Self {
        match slot {
            0..=2 => Self::Base,
            3..=5 => Self::Leaf,
            6 | 7 => Self::Sole,
            8 => Self::Mute,
            9 | 10 => Self::Gate,
            _ => Self::Guest,
        }
    }

    /// Returns the kind's name.
    pub fn text(self) -> &'static str {
        match self {
            Self::Base => "model:cloud:Base",
            Self::Leaf => "model:cloud:Leaf",
            Self::Sole => "model:cloud:Sole",
            Self::Mute => "model:cloud:Mute",
            Self::Gate => "model:cloud:Gate",
            Self::Guest => "model:cloud:Guest",
        }
    }

    /// Returns the kind with this name.
    pub fn named(text: &str) -> Option<Self> {
        let all = [Self::Base, Self::Leaf, Self::Sole, Self::Mute, Self::Gate, Self::Guest];
        all.into_iter().find(|kind| kind.text() == text)
    }

    /// Returns the slot that a choice of `near` means; a change of it replaces the resource.
    pub fn near(self, choice: u8) -> Option<usize> {
        match self {
            Self::Leaf | Self::Sole | Self::Gate => slot_in(choice, 0, 3),
            Self::Guest => slot_in(choice, 9, 2),
            Self::Base | Self::Mute => None,
        }
    }

    /// Returns the slot that a choice of `far` means; it can be changed.
    pub fn far(self, choice: u8) -> Option<usize> {
        match self {
            Self::Leaf | Self::Mute => slot_in(choice, 0, 3),
            Self::Sole => slot_in(choice, 3, 3),
            Self::Guest => slot_in(choice, 9, 2),
            Self::Base | Self::Gate => None,
        }
    }
}

fn slot_in(choice: u8, first: usize, count: usize) -> Option<usize> {
    let choice = usize::from(choice) % (count + 1);
    (choice < count).then_some(first + choice)
}

/// One declared resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spec {
    /// A field that can be changed.
    pub soft: u32,
    /// A field whose change replaces the resource.
    pub hard: u32,
    /// What it stands on, if that is declared.
    pub near: Option<usize>,
    /// What it points to, if that is declared.
    pub far: Option<usize>,
    /// What it comes after without using it; a lower slot.
    pub after: Option<usize>,
    /// It is protected.
    pub protect: bool,
    /// Its object outlives it.
    pub retain: bool,
    /// A replacement deletes first.
    pub first: bool,
    /// Its changeable field is secret.
    pub sealed: bool,
    /// It uses the sites of gates, and not their ids.
    pub by_site: bool,
    /// It stands in the component.
    pub inside: bool,
    /// It uses the second provider instance.
    pub alt: bool,
    /// The number in its name.
    pub name: u32,
    /// Its former addresses, the oldest first.
    pub former: Vec<String>,
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// What is declared.
    pub specs: BTreeMap<usize, Spec>,
    /// Where the second provider instance works, less one.
    pub region: u32,
    names: BTreeMap<usize, u32>,
}

impl Draft {
    /// Declares a resource that is not declared; it has a name that none had before.
    pub fn add(&mut self, slot: usize, spec: Spec) {
        let name = self.fresh(slot);
        self.specs.entry(slot).or_insert(Spec { name, ..spec });
    }

    fn fresh(&mut self, slot: usize) -> u32 {
        let name = self.names.entry(slot).or_default();
        *name += 1;
        *name
    }

    /// Renames a resource, or moves it into the component or out of it; its former address stays known.
    pub fn rename(&mut self, slot: usize, inside: bool) {
        let former = self.address(slot);
        let name = self.fresh(slot);
        if let Some(spec) = self.specs.get_mut(&slot) {
            spec.former.push(former);
            (spec.name, spec.inside) = (name, inside);
        }
    }

    /// Returns the address of a declared resource.
    pub fn address(&self, slot: usize) -> String {
        let (inside, name) = self.specs.get(&slot).map_or((false, 0), |spec| (spec.inside, spec.name));
        let path = if inside { "group/" } else { "" };
        format!("{path}{}::r{slot}-{name}", Kind::of(slot).text())
    }

    /// Returns the slot that is declared at an address.
    pub fn slot_at(&self, address: &str) -> Option<usize> {
        self.specs.keys().copied().find(|slot| self.address(*slot) == address)
    }

    /// Returns what a resource stands on.
    pub fn near(&self, slot: usize) -> Option<usize> {
        self.specs.get(&slot)?.near.filter(|other| self.specs.contains_key(other))
    }

    /// Returns what a resource points to.
    pub fn far(&self, slot: usize) -> Option<usize> {
        self.specs.get(&slot)?.far.filter(|other| self.specs.contains_key(other))
    }

    /// Returns all that a resource comes after.
    pub fn needs(&self, slot: usize) -> Vec<usize> {
        let after = self.specs.get(&slot).and_then(|spec| spec.after);
        let mut all: Vec<usize> = [self.near(slot), self.far(slot), after].into_iter().flatten().collect();
        all.retain(|other| self.specs.contains_key(other));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns those of its needs that have to be usable before a resource is touched.
    pub fn needs_usable(&self, slot: usize) -> Vec<usize> {
        let Some(spec) = self.specs.get(&slot) else { return Vec::new() };
        let used = [self.near(slot), self.far(slot)].into_iter().flatten().filter(|_| spec.by_site);
        let after = spec.after.filter(|other| self.specs.contains_key(other));
        used.chain(after).filter(|other| Kind::of(*other) == Kind::Gate).collect()
    }

    /// Tells whether a resource uses another one by its site.
    pub fn uses_site(&self, slot: usize, other: usize) -> bool {
        Kind::of(other) == Kind::Gate && self.specs.get(&slot).is_some_and(|spec| spec.by_site)
    }

    /// Returns where a resource is to be.
    pub fn place(&self, slot: usize) -> u32 {
        if self.specs.get(&slot).is_some_and(|spec| spec.alt) { self.region + 1 } else { 0 }
    }

    /// Returns what is to be recorded of a resource beside its values.
    pub fn edges(&self, slot: usize) -> Edges {
        let spec = self.specs.get(&slot).cloned().unwrap_or_default();
        let mut needs: Vec<String> = self.needs(slot).into_iter().map(|other| self.address(other)).collect();
        needs.sort_unstable();
        let (protect, retain, sealed) = (spec.protect, spec.retain, spec.sealed);
        Edges { needs, protect, retain, sealed, place: self.place(slot) }
    }
}
