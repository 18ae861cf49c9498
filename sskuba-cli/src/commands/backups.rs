//! `state backups`

use serde_json::json;
use sskuba_core::engine::Session;

use super::planned;
use super::state::edit;
use crate::args::Backups;
use crate::context::{Access, Context};
use crate::render::table;
use crate::stop::Stop;

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Backups) -> Result<(), Stop> {
    match &args.restore {
        None => list(context).await,
        Some(name) => restore(context, name, args).await,
    }
}

async fn list(context: &mut Context<'_, '_>) -> Result<(), Stop> {
    let engine = context.engine(Access::Read)?;
    let backups = engine.backups(&context.stack).await?;
    if context.screen.json {
        let document = |backup: &sskuba_core::state::Backup| {
            json!({
                "name": backup.name, "revision": backup.revision, "time": backup.left.to_string(),
                "bytes": backup.bytes,
            })
        };
        context.screen.document(&backups.iter().map(document).collect::<Vec<_>>());
        return Ok(());
    }
    if backups.is_empty() {
        context.screen.say(format!(
            "There are no backups of {}; each run that changes something leaves one",
            context.stack
        ));
        return Ok(());
    }
    let rows: Vec<_> = backups
        .iter()
        .map(|backup| {
            [
                backup.name.clone(),
                backup.revision.to_string(),
                backup.left.to_string(),
                format!("{} kB", backup.bytes.div_ceil(1000)),
            ]
        })
        .collect();
    context.screen.say(table::table(["name", "revision", "left", "size"], &rows).trim_end());
    Ok(())
}

async fn restore(context: &mut Context<'_, '_>, name: &str, args: &Backups) -> Result<(), Stop> {
    planned::must_be_agreed(context, "state backups --restore", args.yes)?;
    if !args.yes {
        let question = format!("Replace what is recorded of {} by its backup {name}?", context.stack);
        planned::agree(context, &question).await?;
    }
    let work = async |_: &mut Context<'_, '_>, session: &mut Session| Ok(session.restore(name).await?);
    let count = edit(context, "state backups", &args.opening, work).await?;
    if context.screen.json {
        context.screen.document(&json!({"restored": name, "records": count}));
    }
    context.screen.say(format!("Restored {count} records of {} from backup {name}", context.stack));
    let preview = context.hint("preview --refresh");
    context.screen.chat(context.screen.paint.dim(format!(
        "\nNext: compare {preview} with what exists: what was made since is not recorded, what was deleted since is; \
         `state undo` takes this back"
    )));
    Ok(())
}
