//! `preview`

use std::sync::Arc;

use serde_json::json;
use sskuba_core::engine::{Engine, discard};
use sskuba_core::plan::Plan;
use sskuba_core::planning::PlanOptions;
use sskuba_core::state::Holder;

use super::planned;
use crate::args::Preview;
use crate::context::{Access, Context};
use crate::render::paint::clean;
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Preview) -> Result<Code, Stop> {
    let options = context.plan_options(&args.selection)?;
    // A plan that is saved may have to be sealed to somebody, whom a first run makes.
    let access = if args.plan.is_some() { Access::Seal } else { Access::Read };
    let engine = context.engine(access)?;
    let mut plan = match args.refresh {
        true => refreshed(context, &engine, args, &options).await?,
        false => looked_at(context, &engine, args, &options).await?,
    };
    let holder = engine.store().holder(&context.stack).await?;
    if let Some(path) = &args.plan {
        if let (Some(holder), true) = (&holder, plan.interrupted > 0) {
            let message = format!(
                "no plan can be saved while the stack is in use by {holder}: what that does may change it"
            );
            return Err(Stop { code: Code::Busy, message });
        }
        if plan.interrupted > 0 {
            return Err(Stop::failed(format!(
                "no plan can be saved: an earlier run was interrupted in {} operations, and what becomes of them may \
                 change it; run `up` first, which finds that out",
                plan.interrupted
            )));
        }
        let stack = context.stack.clone();
        let digester = context.interrupts.guard(engine.digester(&stack)).await?;
        super::up::save_plan(context, digester, &plan, &args.selection, path)?;
    }
    context.revision = plan.base;
    context.changes = plan.counts();
    if holder.is_some() {
        // What is open is what that program does now.
        plan.interrupted = 0;
    }
    planned::show(context, &plan);
    if let Some(holder) = holder {
        in_use(context, &holder);
    }
    let call = context.call.clone();
    let changes = planned::changes(&plan);
    if changes && args.plan.is_none() && !args.expect_no_changes {
        let command = if args.down { "down" } else { "up" };
        let next = context.hint_for(command, Some(&args.selection));
        context.screen.chat(context.screen.paint.dim(format!("\nNext: {next} does this")));
    }
    if let Some(path) = &args.plan {
        context
            .screen
            .chat(format!("\nSaved in {0}; `{call} up --plan {0}` applies just this", path.display()));
    }
    let pending = args.expect_no_changes && changes;
    discard(plan);
    Ok(if pending { Code::Pending } else { Code::Done })
}

/// Says that the plan is of a stack that somebody is changing.
fn in_use(context: &mut Context<'_, '_>, holder: &Holder) {
    if context.screen.json {
        return context.screen.event(&json!({"event": "in_use", "holder": holder}));
    }
    context.screen.remark(format!(
        "note: the stack is in use by {holder}; the plan is of what that has recorded so far"
    ));
}

/// Plans without the stack's lease.
async fn looked_at(
    context: &mut Context<'_, '_>,
    engine: &Engine,
    args: &Preview,
    options: &PlanOptions,
) -> Result<Plan, Stop> {
    let (stack, program) = (context.stack.clone(), Arc::clone(&context.cli.program));
    let work = async {
        match args.down {
            true => engine.preview_down(&stack, options).await,
            false => engine.preview_with(&stack, program.as_ref(), options).await,
        }
    };
    context.interrupts.guard(work).await
}

/// Plans with what is really there, and records nothing of it.
async fn refreshed(
    context: &mut Context<'_, '_>,
    engine: &Engine,
    args: &Preview,
    options: &PlanOptions,
) -> Result<Plan, Stop> {
    let (stack, program) = (context.stack.clone(), Arc::clone(&context.cli.program));
    let program = (!args.down).then_some(program.as_ref());
    let work = async |events: &_| engine.preview_refreshed(&stack, program, options, events).await;
    let (plan, report) = context.reading(work).await?;
    super::refresh::tell(context, &report);
    for doubt in &report.doubts {
        context.screen.chat(format!("  ! {}", clean(&doubt.to_string())));
    }
    super::refresh::whole(&report, args.expect_no_changes)?;
    plan.ok_or_else(|| Stop::failed("something could not be read, so there is no plan"))
}
