//! `down`

use sskuba_core::state::Counts;

use super::planned;
use crate::args::{Down, Selection};
use crate::context::{Access, Context};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Down) -> Result<Code, Stop> {
    planned::must_be_agreed(context, "down", args.applying.yes)?;
    let selection =
        Selection { target: args.target.clone(), exclude: args.exclude.clone(), ..Selection::default() };
    let options = sskuba_core::planning::PlanOptions {
        targets: selection.target,
        excludes: selection.exclude,
        ..Default::default()
    };
    let engine = context.engine(Access::Write)?;
    if !engine.store().stacks().await?.contains(&context.stack) {
        let stacks = context.stacks(&engine).await?;
        let meant = context.meant(context.project.short(&context.stack), &stacks);
        let meant = meant.map(|meant| format!("; {meant}")).unwrap_or_default();
        context.changes = Counts::default();
        context.screen.say(format!("Nothing is there: stack {} was never built{meant}", context.stack));
        return Ok(Code::Done);
    }
    let session = context.open(&engine, "down", &args.applying.opening).await?;
    let plan = match context.interrupts.guard(session.plan_down(&options)).await {
        Ok(plan) => plan,
        Err(stop) => return Err(context.close(session, stop).await),
    };
    if plan.is_empty() {
        let there = !session.state().is_empty();
        session.close().await?;
        context.screen.say(if there {
            "Nothing to delete: what is there is left out"
        } else {
            "Nothing is there"
        });
        return Ok(Code::Done);
    }
    planned::show(context, &plan);
    if !args.applying.yes && plan.counts().changes() > 0 {
        let question = format!("Delete all this in {}?", plan.stack);
        if let Err(stop) = planned::agree(context, &question).await {
            return Err(context.close(session, stop).await);
        }
    }
    planned::apply(context, session, plan, &args.applying, "down").await
}
