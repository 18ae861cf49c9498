//! The way of a plan: select, decide each declared resource, find what goes, join the edges.

use std::collections::HashMap;
use std::sync::Arc;

use super::declared::{Declared, Durations, refuse_obstacles};
use super::delete_first;
use super::diagnostic::Diagnostic;
use super::hooks;
use super::orders;
use super::places::PlaceOf;
use super::removals::Removals;
use super::select::select;
use super::waits;
use crate::address::StackId;
use crate::clock::Timestamp;
use crate::config::ConfigValues;
use crate::graph::{Dag, DesiredGraph, NodeId};
use crate::plan::{Action, Order, Plan, Step, Verdict};
use crate::provider::{Place, Registry};
use crate::state::{State, Status};
use crate::value::Map;

/// What a user may say of a plan.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// The stack's configuration.
    pub config: ConfigValues,
    /// Only these, and what they need; `*` stands for anything. Empty means all.
    pub targets: Vec<String>,
    /// Also what needs the targets.
    pub target_dependents: bool,
    /// Not these.
    pub excludes: Vec<String>,
    /// Replace these, whatever their inputs say.
    pub replace: Vec<String>,
    /// The moment of which the plan is, such as that of a saved plan; now where none is said.
    pub made: Option<Timestamp>,
}

/// What a plan is made from.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The stack.
    pub stack: &'a StackId,
    /// What is declared.
    pub graph: Arc<DesiredGraph>,
    /// What is recorded.
    pub state: &'a State,
    /// The providers and their schemas.
    pub registry: &'a Registry,
    /// The user's options.
    pub options: &'a PlanOptions,
    /// Answers of lookups.
    pub lookups: HashMap<NodeId, Map>,
    /// Where provider instances work, as far as that was asked for.
    pub places: HashMap<PlaceOf, Place>,
    /// The moment of which the plan is.
    pub made: Timestamp,
    /// Take everything down.
    pub down: bool,
}

impl Request<'_> {
    /// Tells whether a step's object is recorded as made and cannot be used yet.
    pub(super) fn is_made(&self, step: &Step) -> bool {
        self.recorded_status(step) == Some(Status::Made)
    }

    /// Tells whether a step's object may have to be waited for after an update: it was never seen ready, or a call on it
    /// ended half way, which may have been its create.
    pub(super) fn may_not_be_ready(&self, step: &Step) -> bool {
        self.recorded_status(step).is_some_and(Status::may_not_be_ready)
    }

    fn recorded_status(&self, step: &Step) -> Option<Status> {
        let record = step.prior.and_then(|token| self.state.record(token))?;
        Some(record.status)
    }
}

/// A plan, or what has to be looked up before there can be one.
#[derive(Debug)]
pub enum Planned {
    /// The plan.
    Plan(Box<Plan>),
    /// Lookups whose inputs are known; answer them and ask again.
    Lookups(Vec<(NodeId, Map)>),
    /// Provider instances, with their settings, whose place has to be known; find it out and ask again.
    Places(Vec<(PlaceOf, Map)>),
}

/// Makes a plan.
///
/// # Errors
/// All problems together.
pub fn plan(request: &Request<'_>) -> Result<Planned, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let selection = select(request, &mut problems);
    let durations = Durations::new(request.state);
    let mut declared = Declared::new(request, &selection, &durations);
    declared.refuse_names(&mut problems);
    declared.walk(&mut problems);
    let exports = export(request, &declared, &mut problems);
    if problems.is_empty() && !declared.places_wanted.is_empty() {
        return Ok(Planned::Places(declared.places_wanted));
    }
    if problems.is_empty() && !declared.wanted.is_empty() {
        return Ok(Planned::Lookups(declared.wanted));
    }
    let Declared { mut steps, keyring, records_change, .. } = declared;
    let mut removals = Removals::new(request, &selection, &durations, &keyring.places);
    removals.collect(&mut steps, &mut problems);
    hooks::collect(request, &mut steps, &mut problems);
    refuse_obstacles(request, &steps, &mut problems);
    waits::append(request, &mut steps, &durations);
    let dag = join(request, &steps, &removals, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let exports_change = exports.len() != request.state.exports().len()
        || exports.iter().any(|(name, value)| request.state.exports().get(name) != Some(value));
    Ok(Planned::Plan(Box::new(Plan {
        stack: request.stack.clone(),
        base: request.state.revision(),
        made: request.made,
        graph: Arc::clone(&request.graph),
        steps,
        dag: Arc::new(dag),
        lookups: request.lookups.clone(),
        exports,
        exports_change,
        recorded_exports: request.state.exports().clone(),
        down: request.down,
        interrupted: request.state.pending().count(),
        records_change,
    })))
}

fn export(request: &Request<'_>, declared: &Declared<'_>, problems: &mut Vec<Diagnostic>) -> Map {
    let mut exports = Map::new();
    for (name, expr) in request.graph.exports() {
        match expr.evaluate(&|node, field| declared.field(NodeId(node.index()), field)) {
            Ok(value) => {
                exports.insert(name.clone(), value);
            }
            Err(why) => problems.push(Diagnostic::general(format!("export `{name}`: {why}"))),
        }
    }
    exports
}

/// Joins the edges of declared resources and of removals. Where the order of a removal and of a switch-over
/// contradict each other, the switch-over's is given up: the provider has the last word there.
fn join(
    request: &Request<'_>,
    steps: &[Step],
    removals: &Removals<'_>,
    problems: &mut Vec<Diagnostic>,
) -> Dag {
    let mut edges: Vec<(NodeId, NodeId)> = waits::edges(request, steps);
    for (i, step) in steps.iter().enumerate() {
        let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
        if let Some(delete) = step.delete_step {
            edges.push(match step.order {
                // The old one goes when the new one can be used.
                Order::CreateFirst => (delete, step.ready_step.unwrap_or(id)),
                Order::DeleteFirst => (id, delete),
            });
        }
    }
    // An edge between two removals outlives one to a switch-over, and one between two that are certain outlives one to
    // a removal that may not be.
    let rank = |edge: &(NodeId, NodeId)| {
        let to = &steps[edge.1.index()];
        1 + 2 * u8::from(to.action == Action::Delete) + u8::from(to.verdict == Verdict::Certain)
    };
    let mut weak: Vec<_> = removals.edges(steps).into_iter().map(|edge| (rank(&edge), edge)).collect();
    weak.extend(delete_first::cascades(steps).into_iter().map(|edge| (rank(&edge), edge)));
    weak.extend(delete_first::needs(&request.graph, steps).into_iter().map(|edge| (0, edge)));
    weak.extend(removals.through_others().into_iter().map(|edge| (0, edge)));
    orders::join(steps.len(), edges, weak).unwrap_or_else(|cycle| {
        let names: Vec<_> = cycle.0.iter().map(|id| steps[id.index()].address.to_string()).collect();
        let message =
            format!("the steps of {} need each other; this is a defect of sskuba", names.join(", "));
        problems.push(Diagnostic::general(message));
        Dag::default()
    })
}
