//! `refresh`

use serde_json::json;
use sskuba_core::engine::{EngineError, RefreshReport, Session};
use sskuba_core::plan::FieldChange;
use sskuba_core::value::Value;

use super::planned;
use crate::advice;
use crate::args::Refresh;
use crate::context::{Access, Context};
use crate::render::difference;
use crate::render::paint::clean;
use crate::session::Opens;
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Refresh) -> Result<Code, Stop> {
    let engine = context.engine(Access::Write)?;
    let opens = Opens::recovered("refresh", &args.opening);
    let work = async |context: &mut Context<'_, '_>, session: &mut Session| {
        read(context, session, args.accept_gone).await
    };
    let report = context.with_session(&engine, opens, work).await?;
    context.changes.read = report.read;
    let unread = report.failed.len() + report.silent.len();
    context.changes.failed = u32::try_from(unread).unwrap_or(u32::MAX);
    let drifted = !report.drifted.is_empty() || !report.gone.is_empty();
    if drifted {
        let hint = context.hint("up");
        context.screen.chat(format!("\nNext: {hint} brings it back to what the program declares"));
    }
    match drifted {
        _ if unread > 0 => Ok(Code::Failed),
        true if args.expect_no_changes => Ok(Code::Pending),
        _ => Ok(Code::Done),
    }
}

/// Reads what is really there, shows what differs, and records it.
pub(super) async fn read(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    accept_gone: bool,
) -> Result<RefreshReport, Stop> {
    let found = context.reading(async |events| session.look(events).await).await?;
    tell(context, &found.report);
    if !found.report.doubts.is_empty() && !accept_gone {
        believe(context, &found.report).await?;
    }
    let report = session.keep(found).await?;
    context.revision = session.state().revision();
    Ok(report)
}

/// Asks whether what is not found is gone, where that is doubtful and somebody can be asked.
async fn believe(context: &mut Context<'_, '_>, report: &RefreshReport) -> Result<(), Stop> {
    if context.screen.json || !context.environment.can_ask() {
        return Err(EngineError::doubtful(report).into());
    }
    for doubt in &report.doubts {
        context.screen.say(format!("  ! {}", clean(&doubt.to_string())));
    }
    planned::agree(context, "Forget them? The next `up` would make them anew.").await
}

/// Shows what differs.
pub(super) fn tell(context: &mut Context<'_, '_>, report: &RefreshReport) {
    let screen = &mut *context.screen;
    for (address, changes) in &report.drifted {
        if screen.json {
            let masked = |value: &Option<Value>| value.as_ref().map(Value::masked);
            let field =
                |c: &FieldChange| json!({"field": c.field, "from": masked(&c.from), "to": masked(&c.to)});
            let fields: Vec<_> = changes.iter().map(field).collect();
            screen.event(&json!({"event": "drifted", "address": address, "changes": fields}));
            continue;
        }
        screen.say(format!(
            "  {} {}  changed outside of the stack",
            screen.paint.warn("~"),
            screen.paint.strong(address)
        ));
        let seen: Vec<FieldChange> =
            changes.iter().map(|change| FieldChange { replaces: false, ..change.clone() }).collect();
        for line in difference::lines(&seen, screen.paint, screen.verbose) {
            screen.say(format!("      {line}"));
        }
    }
    for address in &report.gone {
        match screen.json {
            true => screen.event(&json!({"event": "gone", "address": address})),
            false => {
                screen.say(format!("  {} {}  is gone", screen.paint.bad("-"), screen.paint.strong(address)))
            }
        }
    }
    for (address, failure) in &report.silent {
        let why = clean(&failure.message);
        match screen.json {
            true => screen.event(&json!({"event": "silent", "address": address, "message": why})),
            false => screen.say(format!(
                "  {} {}  did not answer, and is taken to be as it was: {why}",
                screen.paint.warn("?"),
                screen.paint.strong(address)
            )),
        }
    }
    for (address, failure) in &report.failed {
        let message = format!("failed to read {address}: {}", clean(&advice::of_failure(failure)));
        match screen.json {
            true => screen.event(&json!({"event": "error", "message": message})),
            false => screen.error(&message),
        }
    }
}

/// Refuses to plan where something could not be read: it would be said that nothing has to change. Where `nothing_changes`
/// is to be shown, what may be away has to answer too.
pub(super) fn whole(report: &RefreshReport, nothing_changes: bool) -> Result<(), Stop> {
    let silent = if nothing_changes { report.silent.len() } else { 0 };
    match report.failed.len() + silent {
        0 => Ok(()),
        1 => Err(Stop::failed(
            "one object could not be read, so there is no plan; run again once that is mended, or without --refresh",
        )),
        n => Err(Stop::failed(format!(
            "{n} objects could not be read, so there is no plan; run again once that is mended, or without --refresh"
        ))),
    }
}
