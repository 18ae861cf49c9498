//! `preview`

use std::sync::Arc;

use sskuba_core::engine::{Engine, discard};
use sskuba_core::plan::Plan;
use sskuba_core::planning::PlanOptions;

use super::planned;
use crate::args::Preview;
use crate::context::{Access, Context};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Preview) -> Result<Code, Stop> {
    let options = context.plan_options(&args.selection)?;
    // A saved plan is exact and its digest is keyed, and a refresh is recorded: both need the stack itself.
    let plan = if args.refresh || args.plan.is_some() {
        opened(context, args, &options).await?
    } else {
        let engine = context.engine(Access::Read)?;
        looked_at(context, &engine, args, &options).await?
    };
    context.revision = plan.base;
    context.changes = plan.counts();
    planned::show(context, &plan);
    let call = context.call.clone();
    if let Some(path) = &args.plan {
        context
            .screen
            .chat(format!("\nSaved in {0}; `{call} up --plan {0}` applies just this", path.display()));
    }
    let pending = args.expect_no_changes && planned::changes(&plan);
    discard(plan);
    Ok(if pending { Code::Pending } else { Code::Done })
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

/// Plans as `up` does: with the lease, after recovery.
async fn opened(context: &mut Context<'_, '_>, args: &Preview, options: &PlanOptions) -> Result<Plan, Stop> {
    let engine = context.engine(Access::Write)?;
    let mut session = context.open(&engine, "preview", &args.opening).await?;
    let made = async {
        if args.refresh {
            super::refresh::read_all(context, &mut session).await?;
        }
        let program = Arc::clone(&context.cli.program);
        let work = async {
            match args.down {
                true => session.plan_down(options).await,
                false => session.plan(program.as_ref(), options).await,
            }
        };
        let plan = context.interrupts.guard(work).await?;
        if let Some(path) = &args.plan {
            super::up::save_plan(context, &session, &plan, &args.selection, path)?;
        }
        Ok(plan)
    };
    let made: Result<Plan, Stop> = made.await;
    match made {
        Ok(plan) => {
            session.close().await?;
            Ok(plan)
        }
        Err(stop) => Err(context.close(session, stop).await),
    }
}
