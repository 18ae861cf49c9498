//! `up`

use std::fs;
use std::path::Path;

use sskuba_core::digest::Digester;
use sskuba_core::engine::Session;
use sskuba_core::plan::{Plan, PlanFile};
use sskuba_core::planning::PlanOptions;

use super::planned;
use crate::advice;
use crate::args::{PlannedWith, Selection, Up};
use crate::context::{Access, Context};
use crate::private;
use crate::session::Opens;
use crate::settings::root;
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Up) -> Result<Code, Stop> {
    let agreed = args.applying.yes || args.plan.is_some() || args.expect_no_changes;
    planned::must_be_agreed(context, "up", agreed)?;
    let saved = args.plan.as_deref().map(|path| read_plan(context, path)).transpose()?;
    let selection = match &saved {
        Some(file) => {
            let with: PlannedWith = serde_json::from_value(file.options.clone())
                .map_err(|_| Stop::failed("the saved plan's options cannot be read; make it anew"))?;
            // What is said now comes after, and is what counts.
            context.global.config.splice(..0, with.config);
            with.selection
        }
        None => args.selection.clone(),
    };
    let mut options = context.plan_options(&selection)?;
    // What was due when it was saved is due, and nothing else.
    options.made = saved.as_ref().map(|file| file.made);
    let engine = context.engine(Access::Write)?;
    let opens = Opens::recovered("up", &args.applying.opening);
    let work = async |context: &mut Context<'_, '_>, mut session: Session| match agreed_plan(
        context,
        &mut session,
        args,
        saved.as_ref(),
        &options,
    )
    .await
    {
        Ok(Some(plan)) => planned::apply(context, session, plan, &args.applying, "up").await,
        Ok(None) => (Some(session), Ok(Code::Pending)),
        Err(stop) => (Some(session), Err(stop)),
    };
    context.lending_session(&engine, opens, work).await
}

/// Returns the plan that is to be carried out; none if something would change and nothing was to.
async fn agreed_plan(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    args: &Up,
    saved: Option<&PlanFile>,
    options: &PlanOptions,
) -> Result<Option<Plan>, Stop> {
    let plan = make(context, session, args, saved, options).await?;
    planned::show(context, &plan);
    let counts = plan.counts();
    if args.expect_no_changes && planned::changes(&plan) {
        context.changes = counts;
        context.screen.chat("Something would change, and nothing was to: nothing was done");
        return Ok(None);
    }
    let asks = !args.applying.yes && saved.is_none() && counts.changes() + counts.moved > 0;
    if asks {
        planned::agree(context, "Make these changes?").await?;
    }
    Ok(Some(plan))
}

async fn make(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    args: &Up,
    saved: Option<&PlanFile>,
    options: &PlanOptions,
) -> Result<Plan, Stop> {
    if args.refresh {
        let report = super::refresh::read(context, session, args.accept_gone).await?;
        super::refresh::whole(&report, args.expect_no_changes)?;
    }
    let program = std::sync::Arc::clone(&context.cli.program);
    let plan = context.interrupts.guard(session.plan(program.as_ref(), options)).await?;
    if let Some(file) = saved {
        let digester = context.interrupts.guard(session.digester(file)).await?;
        file.verify(&plan, digester).map_err(|error| Stop::failed(advice::of_plan_file(&error)))?;
    }
    Ok(plan)
}

pub(super) fn read_plan(context: &Context<'_, '_>, path: &Path) -> Result<PlanFile, Stop> {
    let path = context.environment.resolve(path);
    let text = fs::read_to_string(&path).map_err(|error| {
        let hint = "`preview --plan FILE` saves a plan";
        Stop::failed(format!("failed to read the plan {}: {error}; {hint}", path.display()))
    })?;
    PlanFile::parse(&text)
        .map_err(|error| Stop::failed(format!("{}: {}", path.display(), advice::of_plan_file(&error))))
}

/// Writes the file of a plan.
pub(super) fn save_plan(
    context: &mut Context<'_, '_>,
    digester: (Digester, Option<String>),
    plan: &Plan,
    selection: &Selection,
    path: &Path,
) -> Result<(), Stop> {
    let is_secret =
        |key: &String| context.cli.fields.iter().any(|field| field.secret && field.name == root(key));
    let (hidden, config): (Vec<_>, Vec<_>) =
        context.global.config.iter().cloned().partition(|(key, _)| is_secret(key));
    let with = PlannedWith { selection: selection.clone(), config };
    let options = serde_json::to_value(with).map_err(Stop::failed)?;
    let file = PlanFile::new(plan, digester, options);
    let text = serde_json::to_string_pretty(&file).map_err(Stop::failed)?;
    let path = context.environment.resolve(path);
    private::write(&path, &(text + "\n")).map_err(Stop::file("write", &path))?;
    for (key, _) in hidden {
        context.screen.remark(format!("note: the value of `{key}` is secret and not saved; give it again"));
    }
    Ok(())
}
