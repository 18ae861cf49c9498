//! Whether a resource is where the program wants it.

use super::declared::Declared;
use crate::graph::{Node, NodeId};
use crate::plan::{Action, Force, Reason, Verdict};
use crate::provider::Place;
use crate::state::Record;
use crate::value::Map;

/// A provider instance whose place a plan has to know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlaceOf {
    /// The default instance of a provider.
    Default(String),
    /// An instance that the program declares.
    Declared(NodeId),
}

/// That a resource is to be in another place.
pub(super) struct Move {
    pub(super) force: Force,
    /// The provider instance whose replacement causes it.
    pub(super) follows: Option<NodeId>,
}

impl Declared<'_> {
    /// Tells whether a recorded resource is, or may be, in another place than the program wants it. Where neither the
    /// settings nor what was found out tells, the place is asked for.
    pub(super) fn moved(&mut self, node: &Node, record: &Record) -> Option<Move> {
        if node.schema.is_instance() || node.schema.is_lookup() {
            return None;
        }
        let provider = node.schema.kind.provider().to_owned();
        let Some(instance) = node.provider else {
            record.provider.as_ref()?;
            return self.compared(PlaceOf::Default(provider), Some(Place::default()), record);
        };
        let (action, prior, verdict) = {
            let step = &self.steps[instance.index()];
            (step.action, step.prior, step.verdict)
        };
        let same = prior.is_some() && prior == record.instance;
        if same && action == Action::Replace {
            let address = self.request.graph.node(instance).address.clone();
            let (from, to) = (self.place_of(record), self.said(instance));
            let texts = |place: &Place| (!place.is_empty()).then(|| place.to_string());
            let (from, to) = (from.as_ref().and_then(texts), to.as_ref().and_then(texts));
            let reason = Reason::Place { instance: Some(address), from, to };
            let force = Force { reason, certain: verdict == Verdict::Certain };
            return Some(Move { force, follows: Some(instance) });
        }
        if same {
            return None;
        }
        let said = self.said(instance);
        self.compared(PlaceOf::Declared(instance), said, record)
    }

    /// Compares where an object is with where an instance works. `said` is what is known of that without a call; none if
    /// not even its settings are known.
    fn compared(&mut self, wanted: PlaceOf, said: Option<Place>, record: &Record) -> Option<Move> {
        let instance = match &wanted {
            PlaceOf::Default(_) => None,
            PlaceOf::Declared(id) => Some(self.request.graph.node(*id).address.clone()),
        };
        let provider = PlaceOf::Default(record.address.provider().to_owned());
        let by_default = self.request.places.get(&provider);
        let there = self.place_of(record).or_else(|| by_default.cloned());
        let reason = |to: Option<&Place>| Reason::Place {
            instance: instance.clone(),
            from: there.as_ref().map(ToString::to_string),
            to: to.map(ToString::to_string),
        };
        let force = |to, certain| Some(Move { force: Force { reason: reason(to), certain }, follows: None });
        let Some(said) = said else { return force(None, false) };
        let found = self.request.places.get(&wanted).cloned();
        match (&there, &found) {
            (Some(there), Some(found)) if there == found => None,
            (Some(_), Some(found)) => force(Some(found), true),
            (Some(there), None) if there.contradicts(&said) => force(Some(&said), true),
            (_, Some(_)) | (None, None) => {
                // An earlier release recorded it with the default instance: it is where that works, and the apply looks.
                self.places_wanted.push((provider, Map::new()));
                self.want(wanted)
            }
            (Some(_), None) => self.want(wanted),
        }
    }

    /// Asks where an instance works, if that is not known.
    fn want(&mut self, wanted: PlaceOf) -> Option<Move> {
        let settings = match &wanted {
            PlaceOf::Default(_) => Map::new(),
            PlaceOf::Declared(id) => self.steps[id.index()].inputs.clone(),
        };
        if !self.request.places.contains_key(&wanted) {
            self.places_wanted.push((wanted, settings));
        }
        None
    }

    /// Returns where an object is: as it is recorded, or as the settings of its instance say.
    fn place_of(&self, record: &Record) -> Option<Place> {
        let state = self.request.state;
        if let Some(place) = record.place {
            return state.place(place).cloned();
        }
        let instance = record.instance.and_then(|generation| state.record(generation))?;
        let schema = self.request.registry.schema(instance.address.kind_str()).ok()?;
        Some(Place::of_settings(&schema, &instance.applied))
    }

    /// Returns what the settings of a declared instance say of its place; none if they are not known yet.
    fn said(&self, instance: NodeId) -> Option<Place> {
        let (schema, inputs) =
            (&self.request.graph.node(instance).schema, &self.steps[instance.index()].inputs);
        let known = |(_, value): (_, &crate::value::Value)| !value.has_unknown();
        inputs.iter().all(known).then(|| Place::of_settings(schema, inputs))
    }
}
