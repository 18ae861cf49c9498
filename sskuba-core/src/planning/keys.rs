//! Which recorded object each declared resource is, where kinds have keys: by its key before its name.

use std::cell::OnceCell;
use std::collections::HashMap;

use super::declared::{Declared, Recorded};
use super::diagnostic::Diagnostic;
use super::make::Request;
use crate::address::Token;
use crate::graph::{Node, NodeId};
use crate::plan::{Action, Key, Keys, Step, Within, describe};
use crate::state::{PlaceId, Record, Status};
use crate::value::{Map, Value};

/// The keys of a plan. Who has and who wants a key is put together when it is first asked for: a resource whose own record
/// has its key, as in a plan without changes, asks for neither.
#[derive(Default)]
pub(super) struct Keyring<'a> {
    /// Who has a key, among the generations that addresses mean.
    holders: OnceCell<HashMap<Key, Vec<&'a Record>>>,
    /// Who wants a key, as far as that can be told before anything is decided.
    wanted: OnceCell<HashMap<Key, NodeId>>,
    /// Who was found to want a key.
    found: HashMap<Key, NodeId>,
    /// Which resource has taken a generation.
    taken: HashMap<Token, NodeId>,
    pub(super) places: InstancePlaces,
}

impl<'a> Keyring<'a> {
    pub(super) fn new(request: &Request<'a>) -> Self {
        let keyed = request.graph.nodes().iter().any(|node| !node.schema.unique.is_empty());
        let places = if keyed { InstancePlaces::new(request) } else { InstancePlaces::default() };
        Self { places, ..Self::default() }
    }

    fn holders(&self, request: &Request<'a>) -> &HashMap<Key, Vec<&'a Record>> {
        self.holders.get_or_init(|| {
            let mut holders: HashMap<Key, Vec<&Record>> = HashMap::new();
            for record in request.state.records().filter(|record| record.status != Status::Superseded) {
                let Ok(schema) = request.registry.schema(record.address.kind_str()) else { continue };
                for key in Keys::recorded(&schema, record).known {
                    holders.entry(key).or_default().push(record);
                }
            }
            holders
        })
    }

    fn wanted(&self, request: &Request<'a>) -> &HashMap<Key, NodeId> {
        self.wanted.get_or_init(|| {
            let mut wanted = HashMap::new();
            for (i, node) in request.graph.nodes().iter().enumerate() {
                if node.schema.unique.is_empty() {
                    continue;
                }
                let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
                let within = self.places.within(request, node);
                for key in Keys::of(&node.schema, &foreseen(request, node), &within).known {
                    wanted.entry(key).or_insert(id);
                }
            }
            wanted
        })
    }

    fn is_wanted_by_another(&self, request: &Request<'a>, keys: &Keys, id: NodeId) -> bool {
        keys.known.iter().any(|key| self.wanted(request).get(key).is_some_and(|other| *other != id))
    }
}

/// Where instances of providers work, as the first of their objects is recorded.
#[derive(Default)]
pub(super) struct InstancePlaces {
    /// By the names of providers.
    default: HashMap<String, PlaceId>,
    /// By the generations of declared instances.
    declared: HashMap<Token, PlaceId>,
}

impl InstancePlaces {
    fn new(request: &Request<'_>) -> Self {
        let mut this = Self::default();
        for record in request.state.records() {
            let Some(place) = record.place else { continue };
            if let Some(generation) = record.instance {
                this.declared.entry(generation).or_insert(place);
            } else if record.provider.is_none() && !this.default.contains_key(record.address.provider()) {
                this.default.insert(record.address.provider().to_owned(), place);
            }
        }
        this
    }

    /// Returns where a declared resource is to be, as far as its keys need it.
    pub(super) fn within(&self, request: &Request<'_>, node: &Node) -> Within {
        let instance = node.provider.map(|provider| &request.graph.node(provider).address);
        let place = match instance.map(|address| request.state.current(address)) {
            Some(instance) => instance
                .and_then(|instance| instance.place.or_else(|| self.declared.get(&instance.token).copied())),
            None => self.default.get(node.schema.kind.provider()).copied(),
        };
        Within::new(place, instance)
    }
}

/// Evaluates the fields of a resource's keys with what is recorded.
fn foreseen(request: &Request<'_>, node: &Node) -> Map {
    let field = |other: &crate::expr::NodeRef, name: &str| -> Value {
        let other = request.graph.node(NodeId(other.index()));
        match request.state.current(&other.address) {
            None => Value::Unknown,
            Some(record) if other.schema.field(name).is_some_and(|field| field.computed) => {
                record.outputs.get(name).cloned().unwrap_or(Value::Unknown)
            }
            Some(record) => record.applied.get(name).cloned().unwrap_or_default(),
        }
    };
    let mut inputs = Map::new();
    for name in node.schema.unique.iter().flatten() {
        let value = node.inputs.get(name).map(|expr| expr.evaluate(&field).unwrap_or(Value::Unknown));
        let default = || node.schema.field(name).and_then(|field| field.default.clone());
        if let Some(value) = value.filter(|value| *value != Value::Null).or_else(default) {
            inputs.insert(name.to_string(), value);
        }
    }
    inputs
}

impl<'a> Declared<'a> {
    /// Finds the record of a resource of a kind with keys: the one that has its key, whatever that was called; else its
    /// own, unless that is what another resource is now.
    pub(super) fn by_key(
        &mut self,
        id: NodeId,
        node: &Node,
        named: Option<Recorded<'a>>,
        inputs: &Map,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Recorded<'a>> {
        if node.schema.unique.is_empty() {
            return named;
        }
        let keys = Keys::of(&node.schema, inputs, &self.keyring.places.within(self.request, node));
        let free = |record: &Record| !self.keyring.taken.contains_key(&record.token);
        let named = named.filter(|(record, _)| free(record));
        let its_keys = named.as_ref().map(|(record, _)| Keys::recorded(&node.schema, record));
        let chosen = if its_keys.as_ref().is_some_and(|its| its.meet(&keys)) {
            named
        } else {
            let own = named.as_ref().map(|(record, _)| record.token);
            let holders = self.keyring.holders(self.request);
            let holders = keys.known.iter().filter_map(|key| holders.get(key)).flatten();
            let mut others = holders.filter(|record| Some(record.token) != own && free(record));
            let other = others.find(|record| self.may_be_taken(record)).copied();
            match other {
                Some(record) => Some((record, Some(record.address.clone()))),
                None if its_keys
                    .is_some_and(|its| self.keyring.is_wanted_by_another(self.request, &its, id)) =>
                {
                    None
                }
                None => named,
            }
        };
        if let Some((record, _)) = &chosen {
            self.keyring.taken.insert(record.token, id);
        }
        self.refuse_twins(id, node, keys, inputs, problems);
        chosen
    }

    /// Finds the record of a resource that is left out and has none by its names: what has its key, if that is nobody's
    /// any more.
    pub(super) fn left_out_by_key(&mut self, id: NodeId, node: &Node) -> Option<Recorded<'a>> {
        if node.schema.unique.is_empty() {
            return None;
        }
        let within = self.keyring.places.within(self.request, node);
        let keys = Keys::of(&node.schema, &foreseen(self.request, node), &within);
        let holders = self.keyring.holders(self.request);
        let holders = keys.known.iter().filter_map(|key| holders.get(key)).flatten();
        let free = |record: &&&Record| {
            !self.keyring.taken.contains_key(&record.token)
                && self.request.graph.find(&record.address).is_none()
        };
        let record = *holders.into_iter().find(free)?;
        self.keyring.taken.insert(record.token, id);
        Some((record, Some(record.address.clone())))
    }

    /// Tells whether what is recorded at an address may become another resource: the plan has to be about it, or it is
    /// nobody's any more and was not left out by name.
    fn may_be_taken(&self, record: &Record) -> bool {
        match self.request.graph.find(&record.address) {
            Some(declared) => self.selection.declared[declared.index()],
            // It is not removed by that, so it need not be a target itself.
            None => !self.selection.excluded.contains(&record.token),
        }
    }

    /// Refuses two declarations of one object.
    fn refuse_twins(
        &mut self,
        id: NodeId,
        node: &Node,
        keys: Keys,
        inputs: &Map,
        problems: &mut Vec<Diagnostic>,
    ) {
        for key in keys.known {
            let first = *self.keyring.found.entry(key).or_insert(id);
            if first != id {
                let other = self.request.graph.node(first);
                let message = format!(
                    "is the same object as {} ({}): both have {}; declare it once",
                    other.address,
                    crate::graph::line(other.source),
                    describe(&node.schema, inputs)
                );
                problems.push(Diagnostic::of(&node.address, message).source(node.source));
            }
        }
    }

    /// Tells whether the old generation of a resource has a key that the new one is to have, so that the two cannot be
    /// there together.
    pub(super) fn keeps_key(&self, node: &Node, record: &Record, inputs: &Map) -> bool {
        let keys = || Keys::of(&node.schema, inputs, &self.keyring.places.within(self.request, node));
        !node.schema.unique.is_empty() && Keys::recorded(&node.schema, record).may_meet(&keys())
    }
}

/// Who has the keys of the recorded objects, for what goes: an object that is another resource's, too, is not deleted.
pub(super) struct Holders<'a> {
    by_key: HashMap<Key, Vec<&'a Record>>,
    by_id: HashMap<(&'a str, Within, &'a str), Vec<&'a Record>>,
}

impl<'a> Holders<'a> {
    pub(super) fn new(request: &Request<'a>) -> Self {
        let (mut by_key, mut by_id) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for record in request.state.records() {
            let Ok(schema) = request.registry.schema(record.address.kind_str()) else { continue };
            for key in Keys::recorded(&schema, record).known {
                by_key.entry(key).or_default().push(record);
            }
            if !record.id.is_empty() && !schema.is_instance() {
                let id = (record.address.kind_str(), Within::of(record), record.id.as_str());
                by_id.entry(id).or_default().push(record);
            }
        }
        Self { by_key, by_id }
    }

    /// Returns the other generations that are the object of a record.
    pub(super) fn twins(&self, request: &Request<'a>, record: &'a Record) -> Vec<&'a Record> {
        let id = (record.address.kind_str(), Within::of(record), record.id.as_str());
        let mut twins: Vec<&Record> = self.by_id.get(&id).cloned().unwrap_or_default();
        if let Ok(schema) = request.registry.schema(record.address.kind_str()) {
            let keys = Keys::recorded(&schema, record).known;
            twins.extend(keys.iter().filter_map(|key| self.by_key.get(key)).flatten());
        }
        twins.retain(|twin| twin.token != record.token);
        twins
    }

    /// Returns the generations that have a key which a step wants for its object.
    pub(super) fn of_step(
        &self,
        request: &Request<'a>,
        places: &InstancePlaces,
        node: &Node,
        step: &Step,
    ) -> Vec<&'a Record> {
        if !gives_key(node, step) || self.by_key.is_empty() {
            return Vec::new();
        }
        let keys = Keys::of(&node.schema, &step.inputs, &places.within(request, node)).known;
        let mut found: Vec<&Record> =
            keys.iter().filter_map(|key| self.by_key.get(key)).flatten().copied().collect();
        found.retain(|record| Some(record.token) != step.prior);
        found
    }
}

/// Tells whether a step may give its object a key that this has not yet.
pub(super) fn gives_key(node: &Node, step: &Step) -> bool {
    let makes = matches!(step.action, Action::Create | Action::Replace | Action::Update);
    makes && !node.schema.unique.is_empty()
}
