//! `graph`

use std::collections::HashMap;
use std::sync::Arc;

use sskuba_core::address::Address;
use sskuba_core::graph::{Format, Picture};
use sskuba_core::plan::{Action, Plan, Verdict};
use sskuba_core::state::{State, Status};

use crate::args::{self, Graph, Selection};
use crate::context::{Access, Context};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Graph) -> Result<Code, Stop> {
    let picture = if args.planned {
        let options = context.plan_options(&Selection::default())?;
        let engine = context.engine(Access::Read)?;
        let program = Arc::clone(&context.cli.program);
        planned(&engine.preview_with(&context.stack, program.as_ref(), &options).await?)
    } else {
        let engine = context.engine(Access::Read)?;
        recorded(&engine.read(&context.stack).await?.state)
    };
    let format = match args.format {
        Some(args::Picture::Json) => Format::Json,
        None if context.screen.json => Format::Json,
        Some(args::Picture::Mermaid) => Format::Mermaid,
        Some(args::Picture::Svg) => Format::Svg,
        Some(args::Picture::Dot) | None => Format::Dot,
    };
    let text = picture.render(format);
    context.screen.raw(&format!("{}\n", text.trim_end()));
    Ok(Code::Done)
}

/// Draws what is recorded.
fn recorded(state: &State) -> Picture {
    let records: Vec<_> = state.records().collect();
    let current = records.iter().enumerate().filter(|(_, record)| record.status != Status::Superseded);
    let places: HashMap<&Address, usize> = current.map(|(place, record)| (&record.address, place)).collect();
    let edges = records.iter().enumerate().flat_map(|(from, record)| {
        let to = record.dependencies.iter().filter_map(|address| places.get(address));
        to.map(move |to| (from, *to))
    });
    let edges = edges.collect();
    let nodes = records
        .iter()
        .map(|record| (record.address.clone(), super::records::status(record.status).to_owned()));
    Picture { nodes: nodes.collect(), edges }
}

/// Draws a plan: declared resources with their edges, and what goes.
fn planned(plan: &Plan) -> Picture {
    let shown = |verdict: Verdict| matches!(verdict, Verdict::Certain | Verdict::Possible);
    let word = |action: Action| if action == Action::Same { String::new() } else { action.to_string() };
    let mut places = HashMap::new();
    let mut nodes = Vec::new();
    for (place, step) in plan.steps.iter().enumerate().filter(|(_, step)| shown(step.verdict)) {
        places.insert(place, nodes.len());
        nodes.push((step.address.clone(), word(step.action)));
    }
    let mut edges = Vec::new();
    for id in plan.dag.order() {
        for needed in plan.dag.dependencies(*id) {
            if let (Some(from), Some(to)) = (places.get(&id.index()), places.get(&needed.index())) {
                edges.push((*from, *to));
            }
        }
    }
    Picture { nodes, edges }
}
