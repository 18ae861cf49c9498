//! Making a plan: the program is run, lookups that the plan needs are answered, and the plan is checked.

use std::collections::HashMap;
use std::sync::Arc;

use tracing::Instrument as _;

use super::build::Engine;
use super::error::EngineError;
use crate::address::{Kind, StackId, Token};
use crate::calling::{Instances, QUESTION, answered, panicked};
use crate::graph::{DesiredGraph, Node, NodeId};
use crate::plan::{OUTPUTS, Plan};
use crate::planning::{Diagnostic, PlanOptions, Planned, Request, lint, plan};
use crate::provider::Cx;
use crate::stack::{Program, Stack};
use crate::state::State;
use crate::value::Map;

/// Runs the program and plans; lookups that the plan needs are answered on the way.
pub(super) async fn make_plan(
    engine: &Engine,
    stack: &StackId,
    state: &State,
    program: Option<&dyn Program>,
    options: &PlanOptions,
    instances: &Instances,
) -> Result<Plan, EngineError> {
    let graph = declare(engine, stack, program, options).await?;
    plan_graph(engine, stack, state, graph, (options, instances)).await
}

/// Runs the program; without one, none is declared and all goes.
pub(super) async fn declare(
    engine: &Engine,
    stack: &StackId,
    program: Option<&dyn Program>,
    options: &PlanOptions,
) -> Result<Option<DesiredGraph>, EngineError> {
    let Some(program) = program else { return Ok(None) };
    let mut declared = Stack::new(stack.clone(), options.config.clone());
    program.declare(&mut declared).await.map_err(EngineError::Program)?;
    engine.learn(&declared.dynamic_kinds()).await?;
    let schemas = |kind: &Kind| engine.registry.schema(kind.as_str()).ok();
    declared.into_graph_with(&schemas).map(Some).map_err(EngineError::Graph)
}

/// Plans what is declared; lookups that the plan needs are answered on the way.
pub(super) async fn plan_graph(
    engine: &Engine,
    stack: &StackId,
    state: &State,
    graph: Option<DesiredGraph>,
    options: (&PlanOptions, &Instances),
) -> Result<Plan, EngineError> {
    let resources = graph.as_ref().map_or(0, |graph| graph.nodes().len());
    engine.learn_recorded(state).await?;
    let span = tracing::info_span!("plan", %stack, resources, recorded = state.len());
    planned(engine, stack, state, graph, options).instrument(span).await
}

async fn planned(
    engine: &Engine,
    stack: &StackId,
    state: &State,
    graph: Option<DesiredGraph>,
    (options, instances): (&PlanOptions, &Instances),
) -> Result<Plan, EngineError> {
    let down = graph.is_none();
    let mut request = Request {
        stack,
        graph: Arc::new(graph.unwrap_or_default()),
        state,
        registry: &engine.registry,
        options,
        lookups: HashMap::new(),
        places: HashMap::new(),
        made: options.made.unwrap_or_else(|| engine.clock.now()),
        down,
    };
    loop {
        match plan(&request).map_err(EngineError::Plan)? {
            Planned::Plan(plan) => {
                let faults = lint(&plan);
                if !faults.is_empty() {
                    let faults = faults
                        .into_iter()
                        .map(|f| Diagnostic::general(format!("{f}; this is a defect of sskuba")));
                    return Err(EngineError::Plan(faults.collect()));
                }
                return Ok(*plan);
            }
            Planned::Places(wanted) => {
                let found = engine.places(&request.graph, instances, wanted).await?;
                request.places.extend(found);
            }
            Planned::Lookups(wanted) => {
                let answers = look_up(engine, &request, instances, wanted).await?;
                request.lookups.extend(answers);
            }
        }
    }
}

async fn look_up(
    engine: &Engine,
    request: &Request<'_>,
    instances: &Instances,
    wanted: Vec<(NodeId, Map)>,
) -> Result<HashMap<NodeId, Map>, EngineError> {
    let declared = |node: &Node| node.provider.map(|provider| &request.graph.node(provider).address);
    let nodes = wanted.iter().map(|(id, _)| request.graph.node(*id));
    let whom: Vec<_> = nodes.map(|node| (declared(node), node.address.provider())).collect();
    engine.places_of_lookups(&whom, request.state, instances).await?;
    let mut tasks = tokio::task::JoinSet::new();
    let mut asked = HashMap::new();
    for (id, inputs) in wanted {
        let node = request.graph.node(id);
        let address = node.address.clone();
        if address.kind_str() == OUTPUTS {
            let engine = engine.clone();
            let task = tasks.spawn(async move { answered(engine.outputs_of(&inputs)).await });
            asked.insert(task.id(), (id, address));
            continue;
        }
        let failed = |failure| EngineError::Lookup { address: address.to_string(), failure };
        let instance = instances
            .of(&engine.registry, request.state, address.kind_str(), (declared(node), None))
            .map_err(failed)?;
        let token = Token::new([0; 16]);
        let cx = Cx::new(request.stack.clone(), address.clone(), token, QUESTION);
        let task = tasks
            .spawn(async move { answered(async { instance.get().await?.lookup(&cx, &inputs).await }).await });
        asked.insert(task.id(), (id, address));
    }
    let mut answers = HashMap::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let (task, answer) = ended.unwrap_or_else(|error| (error.id(), Err(panicked())));
        let Some((id, address)) = asked.remove(&task) else { continue };
        let failed = |failure| EngineError::Lookup { address: address.to_string(), failure };
        let answer = answer.map_err(failed)?;
        answers.insert(id, answer);
    }
    Ok(answers)
}
