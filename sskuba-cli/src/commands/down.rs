//! `down`

use sskuba_core::engine::Session;
use sskuba_core::plan::Plan;
use sskuba_core::planning::PlanOptions;
use sskuba_core::state::Counts;

use super::planned;
use crate::args::{Down, Selection};
use crate::context::{Access, Context};
use crate::session::Opens;
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Down) -> Result<Code, Stop> {
    planned::must_be_agreed(context, "down", args.applying.yes)?;
    let selection =
        Selection { target: args.target.clone(), exclude: args.exclude.clone(), ..Selection::default() };
    let options =
        PlanOptions { targets: selection.target, excludes: selection.exclude, ..Default::default() };
    let engine = context.engine(Access::Write)?;
    if !engine.store().stacks().await?.contains(&context.stack) {
        context.changes = Counts::default();
        context.screen.say(format!("Nothing is there: stack {} was never built", context.stack));
        return Ok(Code::Done);
    }
    let opens = Opens::recovered("down", &args.applying.opening);
    let work = async |context: &mut Context<'_, '_>, session: Session| match agreed_plan(
        context, &session, args, &options,
    )
    .await
    {
        Ok(Some(plan)) => planned::apply(context, session, plan, &args.applying, "down").await,
        Ok(None) => (Some(session), Ok(Code::Done)),
        Err(stop) => (Some(session), Err(stop)),
    };
    context.lending_session(&engine, opens, work).await
}

/// Returns the plan that is to be carried out; none if there is nothing to delete.
async fn agreed_plan(
    context: &mut Context<'_, '_>,
    session: &Session,
    args: &Down,
    options: &PlanOptions,
) -> Result<Option<Plan>, Stop> {
    let plan = context.interrupts.guard(session.plan_down(options)).await?;
    if plan.is_empty() {
        context.screen.say(match session.state().is_empty() {
            true => "Nothing is there",
            false => "Nothing to delete: what is there is left out",
        });
        return Ok(None);
    }
    planned::show(context, &plan);
    if !args.applying.yes && plan.counts().changes() > 0 {
        let question = format!("Delete all this in {}?", plan.stack);
        planned::agree(context, &question).await?;
    }
    Ok(Some(plan))
}
