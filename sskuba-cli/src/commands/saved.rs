//! `plan show|json`: a plan that `preview --plan` saved, without the program being run.

use std::path::Path;

use sskuba_core::plan::{PlanFile, SavedChange, SavedStep};

use super::up::read_plan;
use crate::args::Plan;
use crate::context::Context;
use crate::render::paint::one_line;
use crate::render::plan as render;
use crate::stop::{Code, Stop};

pub(super) fn run(context: &mut Context<'_, '_>, command: &Plan) -> Result<Code, Stop> {
    let (Plan::Show { file } | Plan::Json { file }) = command;
    let plan = read_plan(context, file)?;
    if context.screen.json || matches!(command, Plan::Json { .. }) {
        context.screen.document(&plan);
    } else {
        show(context, &plan, file);
    }
    Ok(Code::Done)
}

fn show(context: &mut Context<'_, '_>, plan: &PlanFile, path: &Path) {
    let paint = context.screen.paint;
    let PlanFile { stack, base, made, .. } = plan;
    context.screen.say(paint.dim(format!("{stack} at revision {base}, planned at {made}")));
    context.screen.say("");
    for step in &plan.steps {
        let may = if step.possible { "may " } else { "" };
        let (action, address) = (step.action, paint.strong(&step.address));
        let label = paint.action(action, format!("{may}{action}"));
        context.screen.say(format!("  {} {address}  {label}", paint.action(action, action.sign())));
        for line in lines(step) {
            context.screen.say(format!("      {line}"));
        }
    }
    context.screen.say(format!("\n{}", paint.strong(render::total(&plan.changes))));
    let call = &context.call;
    context
        .screen
        .chat(paint.dim(format!("\nNext: `{call} up --plan {}` applies just this", path.display())));
}

fn lines(step: &SavedStep) -> Vec<String> {
    let inputs = step.inputs.iter().map(|(name, value)| format!("{}: {}", one_line(name), shown(value)));
    let changes = step.changes.iter().map(|SavedChange { field, from, to, replaces }| {
        let side = |value: &Option<serde_json::Value>| value.as_ref().map_or("(unset)".to_owned(), shown);
        let mark = if *replaces { "  (forces replacement)" } else { "" };
        format!("{}: {} → {}{mark}", one_line(field), side(from), side(to))
    });
    inputs.chain(changes).collect()
}

fn shown(value: &serde_json::Value) -> String {
    one_line(&value.to_string())
}
