//! A stack whose plans are carried out by the state machine alone: outcomes are made up, nothing is called.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::kinds::Demo;
use super::show::{show, show_problems};
use crate::address::{Address, Token};
use crate::clock::{IdSource, SeededIds, Timestamp};
use crate::graph::{DesiredGraph, Frontier, Mark, NodeId};
use crate::plan::{Action, Order, Plan, Reason, Step, Subject, Verdict, decide, dependencies, flags};
use crate::planning::{Diagnostic, PlanOptions, Planned, Request, lint, plan};
use crate::prelude::*;
use crate::provider::Registry;
use crate::schema::{FieldType, Schema};
use crate::state::{Entry, Intent, Outcome, Record, State, Verb};
use crate::value::{Map, Value};

/// What is recorded, and the providers that know its kinds.
pub(super) struct World {
    pub(super) state: State,
    pub(super) registry: Registry,
    ids: SeededIds,
    etags: u32,
    /// Objects that went while another one, which is not retained, still held them.
    pub(super) faults: Vec<String>,
}

impl World {
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        registry.add(Arc::new(Demo));
        Self { state: State::default(), registry, ids: SeededIds::new(1), etags: 0, faults: Vec::new() }
    }

    /// Starts with what a program declares.
    pub(super) fn with(program: impl Fn(&mut Stack) -> Result) -> Self {
        let mut world = Self::new();
        world.up(program);
        world
    }

    fn graph(program: impl Fn(&mut Stack) -> Result) -> Arc<DesiredGraph> {
        let mut stack = Stack::new("local/test/dev".parse().unwrap(), ConfigValues::default());
        program(&mut stack).unwrap();
        Arc::new(stack.into_graph().unwrap())
    }

    /// Makes a plan; every plan lints clean.
    pub(super) fn planned(
        &self,
        graph: Option<Arc<DesiredGraph>>,
        options: &PlanOptions,
    ) -> std::result::Result<Plan, Vec<Diagnostic>> {
        let stack = "local/test/dev".parse().unwrap();
        let mut request = Request {
            stack: &stack,
            down: graph.is_none(),
            graph: graph.unwrap_or_default(),
            state: &self.state,
            registry: &self.registry,
            options,
            lookups: HashMap::new(),
            places: HashMap::new(),
            made: options.made.unwrap_or_default(),
        };
        for _ in 0..10 {
            match plan(&request)? {
                Planned::Plan(plan) => {
                    assert_eq!(lint(&plan), [""; 0]);
                    return Ok(*plan);
                }
                Planned::Places(wanted) => panic!("the places of {wanted:?} are asked for"),
                Planned::Lookups(wanted) => {
                    request.lookups.extend(wanted.into_iter().map(|(id, inputs)| (id, answer(&inputs))));
                }
            }
        }
        panic!("lookups are asked for again and again");
    }

    pub(super) fn plan_with(&self, program: impl Fn(&mut Stack) -> Result, options: &PlanOptions) -> Plan {
        match self.planned(Some(Self::graph(program)), options) {
            Ok(plan) => plan,
            Err(problems) => panic!("{}", show_problems(&problems)),
        }
    }

    /// Plans, as text.
    pub(super) fn plan(&self, program: impl Fn(&mut Stack) -> Result) -> String {
        show(&self.plan_with(program, &PlanOptions::default()))
    }

    /// Plans to take everything down, as text.
    pub(super) fn plan_down(&self) -> String {
        self.planned(None, &PlanOptions::default()).map_or_else(|p| show_problems(&p), |plan| show(&plan))
    }

    /// Plans what cannot be planned; what is in the way, as text.
    pub(super) fn problems(&self, program: impl Fn(&mut Stack) -> Result, options: &PlanOptions) -> String {
        match self.planned(Some(Self::graph(program)), options) {
            Ok(plan) => panic!("there is a plan:\n{}", show(&plan)),
            Err(problems) => show_problems(&problems),
        }
    }

    /// Plans and applies; afterwards the plan is empty.
    pub(super) fn up(&mut self, program: impl Fn(&mut Stack) -> Result) {
        let plan = self.plan_with(&program, &PlanOptions::default());
        self.apply(&plan);
        assert_eq!(self.plan(program), "nothing");
    }

    /// Changes a record, as a refresh, an interrupted call or an older release would have left it.
    pub(super) fn edit(&mut self, name: &str, change: impl FnOnce(&mut Record)) {
        let record = self.state.records().find(|record| record.address.name() == name);
        let mut record = record.unwrap_or_else(|| panic!("{name} is not recorded")).clone();
        change(&mut record);
        self.write(Entry::Adopted(Box::new(record)));
    }

    pub(super) fn write(&mut self, entry: Entry) {
        self.state.apply(entry.clone()).unwrap_or_else(|error| panic!("{error}: {entry:?}"));
        self.state.set_revision(self.state.revision() + 1);
    }

    /// Carries a plan out to its end.
    pub(super) fn apply(&mut self, plan: &Plan) {
        self.apply_some(plan, usize::MAX, |id| u64::from(id.0));
    }

    /// Carries out as many calls of a plan as `calls` says; `priority` chooses among those that may run.
    pub(super) fn apply_some(&mut self, plan: &Plan, calls: usize, priority: impl Fn(NodeId) -> u64) {
        let ids = (0..plan.steps.len()).map(|i| NodeId(u32::try_from(i).unwrap()));
        let dormant = |id: NodeId| plan.step(id).part_of.is_some();
        let frontier = Frontier::new(Arc::clone(&plan.dag), ids.map(priority).collect(), dormant);
        let mut run = Run { world: self, plan, frontier, calls };
        while run.calls > 0 {
            let Some(id) = run.frontier.pop() else { break };
            run.step(id);
        }
        if run.calls > 0 {
            assert_eq!(run.frontier.open(), 0, "steps that never became ready:\n{}", show(plan));
            run.export();
        }
    }
}

/// The answer of every lookup.
pub(super) fn answer(inputs: &Map) -> Map {
    let region = inputs.get("region").and_then(Value::as_str).unwrap_or_default();
    let names = ["a", "b"].map(|zone| Value::from(format!("{region}-{zone}")));
    [("names".to_owned(), Value::List(names.into()))].into()
}

/// One apply: the executor's rules without its calls.
struct Run<'a> {
    world: &'a mut World,
    plan: &'a Plan,
    frontier: Frontier,
    calls: usize,
}

impl Run<'_> {
    fn step(&mut self, id: NodeId) {
        let (plan, step) = (self.plan, self.plan.step(id));
        match step.subject {
            _ if step.verdict == Verdict::Excluded => self.frontier.complete(id),
            Subject::Recorded(token) => self.remove(id, step, token),
            Subject::Ready(_) => self.frontier.complete(id),
            Subject::Declared(node) if plan.graph.node(node).schema.is_lookup() => self.frontier.complete(id),
            Subject::Declared(_) => self.bring(id, step),
        }
    }

    fn remove(&mut self, id: NodeId, step: &Step, token: Token) {
        let record = self.world.state.record(token).unwrap_or_else(|| panic!("{} is gone", step.address));
        let (address, object) = (record.address.clone(), record.id.clone());
        if step.calls {
            let holds = |other: &&Record| {
                let held = other.applied.values().any(|value| mentions(value, &object));
                held && other.token != token && !other.flags.retain
            };
            let holders: Vec<&str> =
                self.world.state.records().filter(holds).map(|other| other.address.name()).collect();
            if !holders.is_empty() {
                let fault = format!("{} goes while {} holds it", address.name(), holders.join(", "));
                self.world.faults.push(fault);
            }
            self.call(id, Verb::Delete, address, token, Map::new(), Map::new());
        } else {
            self.world.write(Entry::Forgotten { token, why: String::new() });
        }
        self.frontier.complete(id);
    }

    fn bring(&mut self, id: NodeId, step: &Step) {
        let node = self.plan.graph.node(id);
        let mut inputs = Map::new();
        for (name, expr) in &node.inputs {
            let value = expr.evaluate(&|node, field| self.field(NodeId(node.index()), field)).unwrap();
            assert!(!value.has_unknown(), "{} `{name}` is not known when it is needed", node.address);
            inputs.insert(name.to_string(), value);
        }
        let inputs = node.schema.complete(inputs);
        if let Some(from) = &step.moved_from
            && let Some(token) = self.world.state.current(from).map(|record| record.token)
        {
            self.world.write(Entry::Moved { token, to: node.address.clone() });
        }
        let Some(record) = self.world.state.current(&node.address) else {
            assert!(matches!(step.action, Action::Create | Action::Replace), "{}: no record", node.address);
            return self.create(id, inputs);
        };
        let requested = |force: &&crate::plan::Force| {
            force.reason == Reason::Requested && step.prior == Some(record.token)
        };
        let force = step.force.as_ref().filter(requested);
        let decision = decide(record, &node.schema, &node.lifecycle, inputs, force, self.plan.made);
        let (token, recorded) = (record.token, record.outputs.clone());
        assert!(decision.action <= step.action, "{}: {:?}", node.address, decision.reasons);
        match decision.action {
            Action::Replace if step.order == Order::CreateFirst => {
                self.create(id, decision.inputs);
                self.frontier.activate(step.delete_step.unwrap());
            }
            Action::Replace => {
                self.frontier.put_back(id);
                self.wake(id, step.delete_step.unwrap());
            }
            Action::Update => {
                let outputs = self.outputs(&node.schema, token, recorded);
                self.call(id, Verb::Update, node.address.clone(), token, decision.inputs, outputs);
                self.frontier.complete(id);
            }
            _ => {
                let (dependencies, flags) = (dependencies(&self.plan.graph, id), flags(&self.plan.graph, id));
                self.world.write(Entry::Recorded {
                    token,
                    dependencies,
                    provider: None,
                    instance: None,
                    flags,
                });
                self.frontier.complete(id);
            }
        }
    }

    fn wake(&mut self, id: NodeId, delete: NodeId) {
        if self.frontier.mark(delete) != Mark::Dormant {
            return;
        }
        self.frontier.activate(delete);
        for &dependant in &self.plan.step(id).cascade {
            if let Some(delete) = self.plan.step(dependant).delete_step {
                self.wake(dependant, delete);
            }
        }
    }

    fn create(&mut self, id: NodeId, inputs: Map) {
        let node = self.plan.graph.node(id);
        let token = self.world.ids.token();
        let outputs = self.outputs(&node.schema, token, Map::new());
        self.call(id, Verb::Create, node.address.clone(), token, inputs, outputs);
        self.frontier.complete(id);
    }

    fn call(&mut self, id: NodeId, verb: Verb, address: Address, token: Token, inputs: Map, outputs: Map) {
        let declared = matches!(self.plan.step(id).subject, Subject::Declared(_));
        let (dependencies, flags) = match declared {
            true => (dependencies(&self.plan.graph, id), flags(&self.plan.graph, id)),
            false => Default::default(),
        };
        let version = self.world.registry.schema(address.kind_str()).unwrap().version;
        let (time, observed, provider) = (Timestamp(1), inputs.clone(), None);
        self.world.write(Entry::Intent(Box::new(Intent {
            verb,
            address,
            token,
            inputs,
            version,
            provider,
            instance: None,
            place: None,
            dependencies,
            flags,
            time,
        })));
        let outcome = Outcome::Applied { id: token.to_string(), observed, outputs, took: 7 };
        self.world.write(Entry::Outcome { token, outcome, time });
        self.calls -= 1;
    }

    /// Makes up computed fields; what is not volatile stays.
    fn outputs(&mut self, schema: &Schema, token: Token, recorded: Map) -> Map {
        self.world.etags += 1;
        let value = |name: &str, shape: &FieldType| match shape {
            FieldType::List(_) => Value::List(vec![]),
            FieldType::Integer(..) => Value::from(u64::from(self.world.etags) * 1_000),
            _ if name == "id" => token.to_string().into(),
            _ if name == "expires" => Timestamp(u64::from(self.world.etags) * 1_000 + 500).to_string().into(),
            _ => format!("{name}-{}", self.world.etags).into(),
        };
        let made = schema.outputs().map(|field| {
            let kept = recorded.get(&*field.name).filter(|_| !field.volatile).cloned();
            (field.name.to_string(), kept.unwrap_or_else(|| value(&field.name, &field.shape)))
        });
        made.collect()
    }

    fn field(&self, id: NodeId, name: &str) -> Value {
        let node = self.plan.graph.node(id);
        let computed = node.schema.field(name).is_some_and(|field| field.computed);
        if node.schema.is_lookup() {
            let mut inputs = Map::new();
            for (name, expr) in &node.inputs {
                let value = expr.evaluate(&|node, field| self.field(NodeId(node.index()), field)).unwrap();
                inputs.insert(name.to_string(), value);
            }
            let inputs = node.schema.complete(inputs);
            let fields = if computed { answer(&inputs) } else { inputs };
            return fields.get(name).cloned().unwrap_or_default();
        }
        match self.world.state.current(&node.address) {
            None => Value::Unknown,
            Some(record) if computed => record.outputs.get(name).cloned().unwrap_or_default(),
            Some(record) => record.applied.get(name).cloned().unwrap_or_default(),
        }
    }

    fn export(&mut self) {
        let mut exports = Map::new();
        for (name, expr) in self.plan.graph.exports() {
            let value = expr.evaluate(&|node, field| self.field(NodeId(node.index()), field)).unwrap();
            exports.insert(name.clone(), value);
        }
        if exports != *self.world.state.exports() {
            self.world.write(Entry::Exports(exports));
        }
    }
}

/// Tells whether a value holds an object's id somewhere.
fn mentions(value: &Value, object: &str) -> bool {
    match value.reveal() {
        Value::String(text) => text == object,
        Value::List(items) => items.iter().any(|item| mentions(item, object)),
        Value::Map(map) => map.values().any(|item| mentions(item, object)),
        _ => false,
    }
}

/// Names options by what they target, exclude and replace.
pub(super) fn options(targets: &[&str], excludes: &[&str], replace: &[&str]) -> PlanOptions {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    PlanOptions {
        targets: owned(targets),
        excludes: owned(excludes),
        replace: owned(replace),
        ..PlanOptions::default()
    }
}

/// Returns exported values, masked.
pub(super) fn exports(plan: &Plan) -> BTreeMap<&str, String> {
    plan.exports.iter().map(|(name, value)| (name.as_str(), value.masked().to_string())).collect()
}
