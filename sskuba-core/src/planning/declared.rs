//! Decides what is done to each declared resource, dependencies first.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use super::below::Below;
use super::causes::Causes;
use super::diagnostic::Diagnostic;
use super::keys::Keyring;
use super::make::Request;
use super::places::PlaceOf;
use super::select::Selection;
use crate::address::Address;
use crate::graph::{Node, NodeId};
use crate::plan::{
    Action, Decision, Obstacle, Order, Reason, Step, Subject, Verdict, decide, dependencies, describe, flags,
    obstacles_from,
};
use crate::provider::resealed;
use crate::schema::{FieldError, Schema, without_triggers};
use crate::state::{Record, State};
use crate::value::{Map, Value};

/// Where the computed fields of a resource come from, as far as the plan knows.
enum Outputs<'a> {
    /// From the record; volatile ones are unknown if the resource is updated.
    Recorded(&'a Record, bool),
    /// From an answered lookup, or as they will be recorded.
    Known(Map),
    /// They are known after the apply.
    Unknown,
}

/// A record, and the former address that it has if that is not the declared one.
pub(super) type Recorded<'a> = (&'a Record, Option<Address>);

/// What is wrong with the replacement of something protected.
const MAY_NOT_BE_REPLACED: &str = "is protected, and may have to be replaced with it";

/// What is wrong with the replacement of something whose kind is guarded.
const IS_GUARDED: &str =
    "may have to be replaced with it, and is replaced only where the program says `.unprotect()` of it";

/// The walk over the declared resources.
pub(super) struct Declared<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) selection: &'a Selection,
    /// The keys of objects.
    pub(super) keyring: Keyring<'a>,
    durations: &'a Durations<'a>,
    pub(super) steps: Vec<Step>,
    outputs: Vec<Outputs<'a>>,
    /// Computed fields that providers foresee.
    pub(super) foreseen: HashMap<NodeId, Map>,
    /// Lookups that could be answered now.
    pub(super) wanted: Vec<(NodeId, Map)>,
    /// Provider instances whose place has to be known.
    pub(super) places_wanted: Vec<(PlaceOf, Map)>,
    /// Former addresses of resources that are called otherwise now.
    pub(super) moved: HashMap<Address, NodeId>,
    /// Whether edges, options or names differ from what is recorded.
    pub(super) records_change: bool,
    /// Whether anything is or may be deleted before it is made anew.
    pub(super) deletes_first: bool,
    pub(super) below: Below<'a>,
}

impl<'a> Declared<'a> {
    pub(super) fn new(
        request: &'a Request<'a>,
        selection: &'a Selection,
        durations: &'a Durations<'a>,
    ) -> Self {
        let count = request.graph.nodes().len();
        let steps = (0..count)
            .map(|i| {
                let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
                Step::new(Subject::Declared(id), request.graph.node(id).address.clone())
            })
            .collect();
        let outputs = (0..count).map(|_| Outputs::Unknown).collect();
        let (wanted, places_wanted, moved) = (Vec::new(), Vec::new(), HashMap::new());
        Self {
            request,
            selection,
            keyring: Keyring::new(request),
            durations,
            steps,
            outputs,
            foreseen: HashMap::new(),
            wanted,
            places_wanted,
            moved,
            records_change: false,
            deletes_first: false,
            below: Below::default(),
        }
    }

    /// Returns a field of a resource as far as the plan knows it.
    pub(super) fn field(&self, id: NodeId, name: &str) -> Value {
        let node = self.request.graph.node(id);
        let computed = node.schema.field(name).is_some_and(|field| field.computed);
        if !computed {
            let absent = if self.steps[id.index()].verdict == Verdict::Excluded {
                Value::Unknown
            } else {
                Value::Null
            };
            return self.steps[id.index()].inputs.get(name).cloned().unwrap_or(absent);
        }
        if let Some(value) = self.foreseen.get(&id).and_then(|outputs| outputs.get(name)) {
            return value.clone();
        }
        match &self.outputs[id.index()] {
            Outputs::Unknown => Value::Unknown,
            Outputs::Known(map) => map.get(name).cloned().unwrap_or_default(),
            Outputs::Recorded(record, updated) => {
                let volatile = node.schema.field(name).is_some_and(|field| field.volatile);
                if *updated && volatile {
                    return Value::Unknown;
                }
                // What a create that ended half way did not report, the update that completes it will; and what is not
                // known yet of an object that cannot be used is known when it can.
                let late = record.status.may_not_be_ready() && !node.schema.is_early(name);
                let absent = if *updated || late { Value::Unknown } else { Value::Null };
                record.outputs.get(name).cloned().unwrap_or(absent)
            }
        }
    }

    /// Decides all, in the order of the edges.
    pub(super) fn walk(&mut self, problems: &mut Vec<Diagnostic>) {
        let graph = &self.request.graph;
        for &id in graph.dag().order() {
            let before = problems.len();
            let node = graph.node(id);
            if !self.selection.declared[id.index()] {
                self.exclude(id, node);
                continue;
            }
            let recorded = self.recorded(node);
            let inputs = self.inputs(node, recorded.as_ref().map(|(record, _)| *record), problems);
            if problems.len() > before {
                // What uses it is not to blame: nothing is known of it.
                let unknown = node.schema.inputs().map(|field| (field.name.to_string(), Value::Unknown));
                self.steps[id.index()].inputs = unknown.collect();
                continue;
            }
            if node.schema.is_lookup() {
                self.look_up(id, inputs);
            } else {
                let recorded = self.by_key(id, node, recorded, &inputs, problems);
                self.decide(id, node, recorded, inputs, problems);
            }
        }
    }

    /// Leaves a resource as it is. Only its name follows the program: others may refer to it by that, and what it was
    /// called before is not something that goes.
    fn exclude(&mut self, id: NodeId, node: &Node) {
        let recorded = self.recorded(node).or_else(|| self.left_out_by_key(id, node));
        let step = &mut self.steps[id.index()];
        step.verdict = Verdict::Excluded;
        let Some((record, moved_from)) = recorded else { return };
        step.prior = Some(record.token);
        step.inputs = record.applied.clone();
        self.outputs[id.index()] = Outputs::Recorded(record, false);
        if let Some(from) = moved_from {
            step.moved_from = Some(from.clone());
            self.moved.insert(from, id);
            self.records_change = true;
        }
    }

    /// Evaluates and checks the inputs.
    fn inputs(&self, node: &Node, recorded: Option<&Record>, problems: &mut Vec<Diagnostic>) -> Map {
        let mut inputs = Map::with_capacity(node.inputs.len());
        let mut report = |field: Option<String>, message: String| {
            let problem = Diagnostic::of(&node.address, message).source(node.source);
            problems.push(match field {
                Some(field) => problem.field(field),
                None => problem,
            });
        };
        for (name, expr) in &node.inputs {
            match expr.evaluate(&|node, field| self.field(NodeId(node.index()), field)) {
                Ok(value) => {
                    inputs.insert(name.to_string(), value);
                }
                Err(why) => {
                    inputs.insert(name.to_string(), Value::Unknown);
                    report(Some(name.to_string()), why);
                }
            }
        }
        let inputs = node.schema.complete(inputs);
        for error in self.check(node, recorded, &inputs) {
            match error {
                Ok(error) => report(Some(error.field), error.message),
                Err(message) => report(None, message),
            }
        }
        inputs
    }

    /// Checks inputs against the schema and asks the provider. What is applied already is not checked again.
    fn check(&self, node: &Node, recorded: Option<&Record>, inputs: &Map) -> Vec<Result<FieldError, String>> {
        let schema = &node.schema;
        let provider = match self.request.registry.provider(schema.kind.provider(), schema.kind.as_str()) {
            Ok(provider) => provider,
            Err(error) => return vec![Err(error.to_string())],
        };
        if recorded.is_some_and(|record| record.version == schema.version && record.applied == *inputs) {
            return Vec::new();
        }
        let errors = schema.check_with(inputs, || provider.check(schema, &without_triggers(inputs)));
        errors.into_iter().map(Ok).collect()
    }

    fn look_up(&mut self, id: NodeId, inputs: Map) {
        let dag = self.request.graph.dag();
        let settled = |d: NodeId| match self.steps[d.index()].action {
            Action::Same => !self.request.is_made(&self.steps[d.index()]),
            Action::Read => !self.steps[d.index()].calls,
            _ => false,
        };
        let ready = !inputs.values().any(Value::has_unknown) && dag.dependencies(id).all(settled);
        let step = &mut self.steps[id.index()];
        step.action = Action::Read;
        step.inputs = inputs;
        if let Some(answer) = self.request.lookups.get(&id) {
            step.calls = false;
            self.outputs[id.index()] = Outputs::Known(answer.clone());
        } else if ready {
            self.wanted.push((id, step.inputs.clone()));
        }
    }

    fn decide(
        &mut self,
        id: NodeId,
        node: &Node,
        recorded: Option<Recorded<'a>>,
        inputs: Map,
        problems: &mut Vec<Diagnostic>,
    ) {
        let Some((record, moved_from)) = recorded else {
            let expected = self.expected(&node.schema, Action::Create);
            let step = &mut self.steps[id.index()];
            step.action = Action::Create;
            step.reasons.push(Reason::NotRecorded);
            (step.inputs, step.expected) = (inputs, expected);
            self.foresee(id, node, None);
            return;
        };
        let Causes { mut roots, followed, force } = self.causes(id, node, &inputs, record);
        let decision =
            decide(record, &node.schema, &node.lifecycle, inputs, force.as_ref(), self.request.made);
        let replaces = decision.action == Action::Replace;
        let same_key = replaces && self.keeps_key(node, record, &decision.inputs);
        let prefers_delete = node.schema.delete_first || node.lifecycle.delete_before_create || same_key;
        if replaces && node.lifecycle.keep_generation {
            self.keep_generation(id, node, &decision, problems);
        }
        // What is replaced anyway goes before whatever it uses that is deleted first.
        if replaces && decision.certain {
            roots = self.deleted_below(id, record);
        }
        if replaces {
            roots.iter().for_each(|root| self.steps[root.index()].cascade.push(id));
            followed.iter().for_each(|cause| self.steps[cause.index()].followers.push(id));
        } else {
            roots.clear();
        }
        self.note_records(id, node, record, moved_from.as_ref());
        self.records_change |= decision.reseals();
        self.outputs[id.index()] = match decision.action {
            Action::Replace => Outputs::Unknown,
            Action::Same if decision.reseals() => {
                let reported = (&record.observed, &record.outputs);
                Outputs::Known(resealed(&node.schema, reported, &decision.inputs).1)
            }
            action => Outputs::Recorded(record, action == Action::Update),
        };
        let expected = self.expected(&node.schema, decision.action);
        let step = &mut self.steps[id.index()];
        step.action = decision.action;
        step.verdict = if decision.certain { Verdict::Certain } else { Verdict::Possible };
        step.reasons = decision.reasons;
        step.changes = decision.changes;
        step.inputs = decision.inputs;
        step.prior = Some(record.token);
        step.force = force;
        step.expected = expected;
        if (replaces && prefers_delete) || !roots.is_empty() {
            step.order = Order::DeleteFirst;
            self.deletes_first = true;
        }
        if same_key && !node.schema.delete_first {
            self.note_same_key(id, node, problems);
        }
        if let Some(from) = moved_from {
            self.note_move(id, node, from);
        }
        if decision.action != Action::Same {
            self.foresee(id, node, (decision.action == Action::Update).then_some(&record.applied));
        }
    }

    /// Refuses a replacement that is certain; one that is possible is refused when it turns out.
    fn keep_generation(
        &mut self,
        id: NodeId,
        node: &Node,
        decision: &Decision,
        problems: &mut Vec<Diagnostic>,
    ) {
        if decision.certain {
            problems.push(refuse_protected(node, decision));
            return;
        }
        let why = if node.lifecycle.protect { MAY_NOT_BE_REPLACED } else { IS_GUARDED };
        self.steps[id.index()].obstacles.push(Obstacle::new(why, Vec::new()));
    }

    /// Says that a replacement deletes first because of the key, which a retained object would keep.
    fn note_same_key(&mut self, id: NodeId, node: &Node, problems: &mut Vec<Diagnostic>) {
        let step = &mut self.steps[id.index()];
        let key = describe(&node.schema, &step.inputs);
        step.reasons.push(Reason::SameKey { key });
        if node.lifecycle.retain_on_delete {
            let problem = "would be replaced, and its old object, which is to be retained, stands in the way: there \
                           can be only one; import it elsewhere, or remove `.retain_on_delete()`";
            match step.verdict {
                Verdict::Certain => problems.push(Diagnostic::of(&node.address, problem).source(node.source)),
                _ => step.obstacles.push(Obstacle::new(problem, Vec::new())),
            }
        }
    }

    /// Says that the record of a resource has another name.
    fn note_move(&mut self, id: NodeId, node: &Node, from: Address) {
        let called = node.lifecycle.aliases.iter().any(|alias| alias.resolve(&node.address) == from);
        let step = &mut self.steps[id.index()];
        step.reasons.push(match called {
            true => Reason::Moved { from: from.clone() },
            false => Reason::TakesOver { from: from.clone(), key: describe(&node.schema, &step.inputs) },
        });
        step.moved_from = Some(from.clone());
        self.moved.insert(from, id);
    }

    fn note_records(&mut self, id: NodeId, node: &Node, record: &Record, moved_from: Option<&Address>) {
        let graph = &self.request.graph;
        self.records_change |= moved_from.is_some()
            || record.dependencies != dependencies(graph, id)
            || record.flags != flags(graph, id)
            || record.provider.as_ref() != node.provider.map(|p| &graph.node(p).address)
            || node.provider.is_some_and(|p| record.instance != self.steps[p.index()].prior);
    }

    fn expected(&self, schema: &Schema, action: Action) -> u64 {
        expected(schema, action, self.durations)
    }
}

/// How long creates took, by kind; found when it is first asked for, which a plan without changes never does.
pub(super) struct Durations<'a> {
    state: &'a State,
    known: OnceCell<HashMap<&'a str, u64>>,
}

impl<'a> Durations<'a> {
    pub(super) fn new(state: &'a State) -> Self {
        Self { state, known: OnceCell::new() }
    }

    fn of(&self, kind: &str) -> Option<u64> {
        self.known.get_or_init(|| self.state.durations()).get(kind).copied()
    }
}

/// Returns the expected time of an action in milliseconds: what history says, else what the schema says.
pub(super) fn expected(schema: &Schema, action: Action, durations: &Durations<'_>) -> u64 {
    let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match action {
        Action::Create | Action::Replace => {
            durations.of(schema.kind.as_str()).unwrap_or_else(|| millis(schema.expected.create))
        }
        Action::Update => millis(schema.expected.update),
        Action::Delete => millis(schema.expected.delete),
        _ => 0,
    }
}

fn refuse_protected(node: &Node, decision: &Decision) -> Diagnostic {
    let why: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    let permit = match node.lifecycle.protect {
        true => "remove `.protect()` first",
        false => "say `.unprotect()` of it: what is made in its place is another one",
    };
    let message =
        format!("is protected and would be replaced ({}); take the change back, or {permit}", why.join(", "));
    Diagnostic::of(&node.address, message).source(node.source)
}

/// Refuses replacements that are certain where something that forbids it may have to follow.
pub(super) fn refuse_obstacles(request: &Request<'_>, steps: &[Step], problems: &mut Vec<Diagnostic>) {
    let (free, mut seen) = (HashSet::new(), HashSet::new());
    for (i, node) in request.graph.nodes().iter().enumerate() {
        let step = &steps[i];
        if step.action != Action::Replace || step.verdict != Verdict::Certain {
            continue;
        }
        let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
        for obstacle in obstacles_from(steps, id, &free, &mut seen) {
            let hint = if obstacle.message.ends_with(MAY_NOT_BE_REPLACED) {
                "; remove `.protect()` there first"
            } else {
                ""
            };
            let message = format!("would be replaced, but {obstacle}{hint}");
            problems.push(Diagnostic::of(&step.address, message).advice(obstacle.advice).source(node.source));
        }
    }
}
