//! What commands with a plan share: showing it, asking, applying it, and the last lines.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::{Value as Json, json};
use sskuba_core::applying::{ApplyOptions, FailedStep, Report};
use sskuba_core::engine::Session;
use sskuba_core::graph::{Note, NoteLevel};
use sskuba_core::plan::{FieldChange, Plan, SavedChange, SavedStep};
use sskuba_core::state::RunResult;
use sskuba_core::value::Map;
use tracing::Instrument as _;

use crate::advice;
use crate::args::Applying;
use crate::context::Context;
use crate::prompt::ask;
use crate::render::paint::{Paint, clean, one_line};
use crate::render::{difference, duration, plan as render, value};
use crate::stop::{Code, Stop};

/// Refuses a change that nobody agreed to and nobody can be asked about.
pub(super) fn must_be_agreed(context: &Context<'_, '_>, command: &str, agreed: bool) -> Result<(), Stop> {
    if agreed || (!context.screen.json && context.environment.can_ask()) {
        return Ok(());
    }
    let why =
        if context.screen.json { "with `--json` nobody is asked" } else { "there is no terminal to ask at" };
    Err(Stop::usage(format!(
        "`{command}` changes things and {why}: add `--yes`, or look first with `preview`"
    )))
}

/// Shows a plan: as text, or as one JSON line per step.
pub(super) fn show(context: &mut Context<'_, '_>, plan: &Plan) {
    if !context.screen.json {
        let text = if context.screen.quiet {
            format!("{}\n", render::summary(plan))
        } else {
            let simulated = if context.simulated() { ", on the simulated world" } else { "" };
            let place = context.place();
            let head = format!("{} at revision {} in {place}{simulated}", plan.stack, plan.base);
            let head = context.screen.paint.dim(head);
            let notes = notes(context, plan);
            format!("{head}\n{notes}\n{}", render::show(plan, context.screen.paint, context.screen.verbose))
        };
        return context.screen.raw(&text);
    }
    for note in plan.graph.notes() {
        let Note { level, text, source_line } = note;
        context
            .screen
            .event(&json!({"event": "note", "level": level, "text": text, "source_line": source_line}));
    }
    for step in render::shown(plan, context.screen.verbose) {
        let SavedStep { address, action, possible, reasons, inputs, changes, notes } = SavedStep::of(step);
        context.screen.event(&json!({
            "event": "planned",
            "address": address,
            "action": action,
            "possible": possible,
            "reasons": reasons,
            "obstacles": step.obstacles.iter().map(advice::of_obstacle).collect::<Vec<_>>(),
            "hooks": step.hooks,
            "inputs": inputs,
            "changes": changes,
            "notes": notes,
            "expected_ms": step.expected,
        }));
    }
    let (path, expected) = plan.critical_path();
    context.screen.event(&json!({
        "event": "plan",
        "stack": plan.stack,
        "base": plan.base,
        "state": context.state_url(),
        "changes": plan.counts(),
        "outputs": saved(&plan.export_changes()),
        "expected_ms": expected,
        "interrupted": plan.interrupted,
        "critical_path": path.iter().map(|step| &step.address).collect::<Vec<_>>(),
    }));
}

/// Writes what the program said while it declared.
fn notes(context: &Context<'_, '_>, plan: &Plan) -> String {
    let paint = context.screen.paint;
    let line = |note: &Note| {
        let place = paint.dim(format!("({})", note.source_line));
        let word = match note.level {
            NoteLevel::Warning => paint.warn("warning:"),
            _ => paint.dim("note:"),
        };
        format!("{word} {} {place}\n", clean(&note.text))
    };
    plan.graph.notes().iter().map(line).collect()
}

/// Tells whether a plan has something that `--expect-no-changes` is about.
pub(super) fn changes(plan: &Plan) -> bool {
    let counts = plan.counts();
    counts.changes() + counts.moved > 0 || plan.exports_change
}

/// Asks whether to go on.
pub(super) async fn agree(context: &mut Context<'_, '_>, question: &str) -> Result<(), Stop> {
    let input = context.environment.input.take();
    let question = context.screen.paint.strong(format!("{question} [y/N] "));
    context.screen.raw(&question);
    let (answer, input) = tokio::select! {
        answered = ask(input) => answered,
        () = context.interrupts.next() => {
            context.screen.raw("\n");
            return Err(Stop::cancelled("cancelled; nothing was changed"));
        }
    };
    context.environment.input = input;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Stop::cancelled("nothing was changed")),
    }
}

/// Carries a plan out and says what came of it. The session is closed unless calls are still open.
pub(super) async fn apply(
    context: &mut Context<'_, '_>,
    mut session: Session,
    plan: Plan,
    args: &Applying,
    command: &str,
) -> (Option<Session>, Result<Code, Stop>) {
    let title = format!("{command} {}", plan.stack);
    let mut display = crate::display::Display::new(context.screen, &context.environment, title, Some(&plan));
    let defaults = ApplyOptions::default();
    let options = ApplyOptions {
        parallel: args.parallel.map_or(defaults.parallel, usize::from),
        continue_on_error: args.continue_on_error,
        message: args.message.clone(),
        events: display.events(),
        ..defaults
    };
    let recorded = plan.recorded_exports.clone();
    let (cancel, abandon) = (options.cancel.clone(), options.abandon.clone());
    // A task of its own: a terminal that is slow to take what is written must not slow the run.
    let work = async move {
        let report = session.apply(&plan, &options).await;
        (session, report)
    };
    let run = tokio::spawn(work.in_current_span());
    let interrupted = move |count: u32| {
        if count == 1 {
            cancel.cancel()
        } else {
            abandon.cancel()
        }
        ControlFlow::Continue(())
    };
    let ended = display.follow(context.screen, &mut context.interrupts, run, interrupted).await;
    let Some(Ok((session, report))) = ended else {
        let defect = "the run ended by a defect of sskuba; what was done is recorded, and the next run resolves the rest";
        return (None, Err(Stop::failed(defect)));
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => return (Some(session), Err(error.into())),
    };
    context.revision = report.revision;
    context.changes = report.counts;
    tell(context, &report, &recorded, command);
    let code = match report.result {
        RunResult::Succeeded => Code::Done,
        RunResult::Failed => Code::Failed,
        RunResult::Cancelled => Code::Cancelled,
    };
    // Calls that are still open go on under the lease, which is left to them.
    (Some(session).filter(|_| !report.abandoned), Ok(code))
}

/// Says what came of a run: what changed, how long it took, the outputs, what to do next.
pub(super) fn tell(context: &mut Context<'_, '_>, report: &Report, recorded: &Map, command: &str) {
    let changes = FieldChange::between(recorded, &report.exports);
    if context.screen.json {
        for failed in &report.failures {
            context.screen.event(&json!({"event": "error", "message": failure(failed)}));
        }
        let outputs: BTreeMap<&String, Json> = report.exports.iter().map(|(k, v)| (k, v.masked())).collect();
        return context
            .screen
            .event(&json!({"event": "outputs", "outputs": outputs, "changes": saved(&changes)}));
    }
    let paint = context.screen.paint;
    let counts = &report.counts;
    let changed = render::done(counts);
    let mut parts = vec![if changed.is_empty() { "nothing changed".to_owned() } else { changed }];
    let rest = [(counts.unchanged, "unchanged"), (counts.failed, "failed"), (counts.skipped, "skipped")];
    parts.extend(rest.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
    let (word, took) = (parts.join(", "), duration::passed(report.duration));
    let head = match report.result {
        RunResult::Succeeded => paint.good(format!("Done in {took}")),
        RunResult::Failed => paint.bad(format!("Failed after {took}")),
        RunResult::Cancelled => paint.warn(format!("Cancelled after {took}")),
    };
    for failed in &report.failures {
        let message = failure(failed);
        context.screen.error(&message);
    }
    context.screen.say(format!("\n{head}: {word}"));
    // A plan to remove everything has named the outputs that go.
    if command != "down"
        && report.result == RunResult::Succeeded
        && !(report.exports.is_empty() && changes.is_empty())
    {
        context.screen.chat(format!("\n{}", paint.strong("Outputs")));
        for line in outputs(&report.exports, &changes, paint) {
            context.screen.chat(format!("  {line}"));
        }
    }
    let next = next(context, report, command);
    context.screen.chat(paint.dim(format!("\nNext: {next}")));
}

/// Writes the outputs: those that changed with their sign and what they were, then the others.
fn outputs(exports: &Map, changes: &[FieldChange], paint: Paint) -> Vec<String> {
    let mut lines: Vec<String> =
        changes.iter().flat_map(|change| difference::output(change, paint, false)).collect();
    let same = exports.iter().filter(|(name, _)| !changes.iter().any(|change| change.field == **name));
    lines.extend(same.map(|(name, output)| format!("  {} = {}", one_line(name), value::show(output, false))));
    lines
}

/// Writes differences for programs, with secrets masked.
fn saved(changes: &[FieldChange]) -> Vec<SavedChange> {
    changes.iter().map(SavedChange::of).collect()
}

fn next(context: &Context<'_, '_>, report: &Report, command: &str) -> String {
    let again = context.hint(command);
    match (report.result, command) {
        _ if report.abandoned => {
            format!("{again} finds out what came of the operations that were still running, and goes on")
        }
        (RunResult::Succeeded, "down") => {
            let (call, name) = (&context.call, context.project.short(&context.stack));
            format!(
                "{} builds it again, `{call} stack rm {name}` removes the empty stack",
                context.hint("up")
            )
        }
        (RunResult::Succeeded, _) => {
            format!(
                "{} shows the outputs, {} removes everything",
                context.hint("output"),
                context.hint("down")
            )
        }
        (RunResult::Failed, _) => {
            format!("correct the cause and run {again} again; what was done is recorded and stays")
        }
        (RunResult::Cancelled, _) => format!("{again} goes on where this run stopped"),
    }
}

/// Writes a failed step: what failed, where, why, what to do.
fn failure(failed: &FailedStep) -> String {
    let why = clean(&advice::of_failure(&failed.failure)).replace('\n', "\n    ");
    let place =
        failed.source_line.as_ref().map(|line| format!("\n    declared at {line}")).unwrap_or_default();
    format!("failed to {} {}: {why}{place}", failed.action, failed.address)
}
