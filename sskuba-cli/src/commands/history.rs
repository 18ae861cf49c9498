//! `history`

use serde_json::json;
use sskuba_core::engine::Run;
use sskuba_core::state::RunResult;

use crate::args::{History, HistoryCommand};
use crate::context::{Access, Context};
use crate::render::{duration, plan, table};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &History) -> Result<Code, Stop> {
    if let Some(HistoryCommand::Show { revision }) = args.command {
        return super::history_show::run(context, revision).await;
    }
    let engine = context.engine(Access::Read)?;
    let runs = engine.history(&context.stack, args.limit).await?;
    if context.screen.json {
        let documents: Vec<_> = runs.iter().map(document).collect();
        context.screen.document(&documents);
        return Ok(Code::Done);
    }
    if runs.is_empty() {
        context.screen.say("No run is recorded");
        return Ok(Code::Done);
    }
    let rows: Vec<_> = runs.iter().map(row).collect();
    let head = ["revision", "started", "took", "who", "command", "result", "changes", "message"];
    context.screen.say(table::table(head, &rows).trim_end());
    Ok(Code::Done)
}

pub(super) fn result(run: &Run) -> &'static str {
    match run.result {
        Some(RunResult::Succeeded) => "succeeded",
        Some(RunResult::Failed) => "failed",
        Some(RunResult::Cancelled) => "cancelled",
        None => "no end recorded",
    }
}

fn row(run: &Run) -> [String; 8] {
    let took = run.ended.map(|ended| duration::passed(ended.since(run.started)));
    let changed = plan::done(&run.changes);
    [
        run.revision.to_string(),
        started(run),
        took.unwrap_or_else(|| "-".to_owned()),
        run.who.clone(),
        run.command.clone(),
        result(run).to_owned(),
        if changed.is_empty() { "-".to_owned() } else { changed },
        run.message.clone().unwrap_or_default(),
    ]
}

/// Says when a run began, to the second.
pub(super) fn started(run: &Run) -> String {
    let started = run.started.to_string();
    format!("{}Z", started.split('.').next().unwrap_or(&started))
}

pub(super) fn document(run: &Run) -> serde_json::Value {
    json!({
        "run": run.run,
        "revision": run.revision,
        "started": run.started.to_string(),
        "ended": run.ended.map(|ended| ended.to_string()),
        "who": run.who,
        "reads": run.reads,
        "command": run.command,
        "message": run.message,
        "result": run.result,
        "changes": run.changes,
    })
}
