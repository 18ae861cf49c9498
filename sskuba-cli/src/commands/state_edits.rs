//! `state move|unprotect|undo|repair|rotate-key`

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use sskuba_core::address::{Address, Name};
use sskuba_core::engine::{EngineError, Examination, Session, Undoing};
use sskuba_core::state::StoreError;

use super::planned;
use super::state::edit;
use crate::advice;
use crate::args::{Opening, Repair, Undo};
use crate::context::{Access, Context};
use crate::keyring::UserKeyring;
use crate::render::paint::one_line;
use crate::stop::Stop;

pub(super) async fn rename(
    context: &mut Context<'_, '_>,
    from: &str,
    to: &str,
    opening: &Opening,
) -> Result<(), Stop> {
    let work = async |context: &mut Context<'_, '_>, session: &mut Session| {
        move_to(context, session, from, to).await
    };
    let (from, to) = edit(context, "state move", opening, work).await?;
    if context.screen.json {
        context.screen.document(&json!({"moved": from, "to": to}));
    }
    context.screen.say(format!("Moved {from} to {to}; the program is to say the same"));
    Ok(())
}

async fn move_to(
    context: &Context<'_, '_>,
    session: &mut Session,
    from: &str,
    to: &str,
) -> Result<(Address, Address), Stop> {
    let from = context.recorded(session.state(), from)?;
    // A new name alone leaves the rest of the address as it is.
    let to = match to.contains(':') {
        true => to.parse()?,
        false => Address::new(from.path(), &from.kind(), &Name::parse(to)?),
    };
    session.move_to(&from, &to).await?;
    Ok((from, to))
}

pub(super) async fn unprotect(
    context: &mut Context<'_, '_>,
    names: &[String],
    yes: bool,
    opening: &Opening,
) -> Result<(), Stop> {
    planned::must_be_agreed(context, "state unprotect", yes)?;
    let work = async |context: &mut Context<'_, '_>, session: &mut Session| {
        take_off(context, session, names, yes).await
    };
    let found = edit(context, "state unprotect", opening, work).await?;
    if context.screen.json {
        context.screen.document(&json!({"unprotected": found}));
    }
    for address in &found {
        context.screen.say(format!("{address} is not protected any more, unless the program says so"));
    }
    if found.is_empty() {
        context.screen.say("Nothing of that was protected");
    }
    Ok(())
}

async fn take_off(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    names: &[String],
    yes: bool,
) -> Result<Vec<Address>, Stop> {
    let all = context.all_recorded(session.state(), names)?;
    if !yes {
        let names: Vec<&str> = all.iter().map(Address::as_str).collect();
        planned::agree(context, &format!("Take the protection off {}?", names.join(", "))).await?;
    }
    Ok(session.unprotect(&all).await?)
}

pub(super) async fn undo(context: &mut Context<'_, '_>, args: &Undo) -> Result<(), Stop> {
    planned::must_be_agreed(context, "state undo", args.yes)?;
    let work =
        async |context: &mut Context<'_, '_>, session: &mut Session| take_back(context, session, args).await;
    let undone = edit(context, "state undo", &args.opening, work).await?;
    if context.screen.json {
        let command = &undone.edit.command;
        context.screen.document(&json!({"undone": undone.revision, "command": command, "did": undone.lines}));
    }
    context.screen.say("Done; `state undo` once more takes this back");
    Ok(())
}

async fn take_back(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    args: &Undo,
) -> Result<Undoing, Stop> {
    let undoing = session.undoing(args.revision).await?;
    if args.force || undoing.obstacles.is_empty() {
        let (revision, command) = (undoing.revision, &undoing.edit.command);
        context.screen.say(format!("Undoing `{command}` of revision {revision}"));
        for line in &undoing.lines {
            context.screen.say(format!("  - {}", one_line(line)));
        }
        if !args.yes {
            planned::agree(context, "Undo it?").await?;
        }
    }
    session.undo(&undoing, args.force).await?;
    Ok(undoing)
}

pub(super) async fn rotate(context: &mut Context<'_, '_>, opening: &Opening) -> Result<(), Stop> {
    let keyring = UserKeyring::new(&context.identities(Access::Read)?, &context.settings()?.recipients())?;
    let work =
        async |_: &mut Context<'_, '_>, session: &mut Session| Ok(session.rotate_key(&keyring).await?);
    edit(context, "state rotate-key", opening, work).await?;
    if context.screen.json {
        context.screen.document(&json!({"stack": context.stack, "done": "rotated"}));
    }
    context.screen.say(format!(
        "The secrets of {} are sealed with a new key; copies from before still open with the old one",
        context.stack
    ));
    Ok(())
}

pub(super) async fn repair(context: &mut Context<'_, '_>, args: &Repair) -> Result<(), Stop> {
    let engine = context.engine(if args.yes { Access::Write } else { Access::Read })?;
    let examined = match engine.examine(&context.stack).await {
        Err(EngineError::Store(error @ StoreError::Corrupt { .. })) => {
            return set_aside(context, args, error).await;
        }
        examined => examined?,
    };
    tell(context, &examined);
    if !examined.is_damaged() {
        return Ok(());
    }
    if let (Some(closed), false) = (&examined.closed, args.forget_secrets) {
        let call = context.hint("state repair --forget-secrets --yes");
        return Err(Stop::failed(format!(
            "{}\nif nobody has such an identity any more, {call} keeps everything but the secrets; `up` then \
             sends anew those that the program has",
            advice::of_keyring(closed)
        )));
    }
    if !args.yes && (context.screen.json || !context.environment.can_ask()) {
        let call = context.hint("state repair --yes");
        return Err(Stop::failed(format!(
            "the state of {} is damaged; nothing was changed. {call} keeps what can be read, and copies everything \
             to a folder first",
            context.stack
        )));
    }
    if !args.yes {
        planned::agree(context, "Keep what can be read, and copy everything to a folder first?").await?;
    }
    let folder = context.project.make_own()?.join("repaired");
    let folder = folder.join(format!("{}-{}", context.stack.stack(), examined.salvage.state.revision()));
    let wait = args.opening.wait.unwrap_or_default();
    let engine = context.engine(Access::Write)?;
    let keep = |found: &Examination| keep(&folder, found);
    let repaired = engine.repair(&context.stack, wait, args.forget_secrets, keep).await?;
    context.screen.say(format!(
        "Kept {} records; copies of all that was there are in {}",
        repaired.salvage.state.len(),
        shown(context, &folder)
    ));
    if let Some(aside) = &repaired.aside {
        context
            .screen
            .say(format!("The database was made anew; the one that could not be read is in {aside}"));
    }
    let (lost, preview) = (repaired.salvage.lost().count(), context.hint("preview --refresh"));
    let next = if lost > 0 {
        format!(
            "compare {preview} with what exists: an object that is recorded no longer would be made a second time"
        )
    } else if !repaired.salvage.doubts.is_empty() {
        format!("{preview} shows what became of those of which it cannot be told")
    } else if examined.closed.is_some() {
        format!("{} shows which secrets are sent anew", context.hint("preview"))
    } else {
        format!("nothing was lost; {} shows that", context.hint("preview"))
    };
    context.screen.chat(context.screen.paint.dim(format!("\nNext: {next}")));
    Ok(())
}

/// Says where something is, from where the user stands.
fn shown(context: &Context<'_, '_>, path: &std::path::Path) -> String {
    path.strip_prefix(&context.environment.folder).unwrap_or(path).display().to_string()
}

/// Copies what is there to a folder: what can be read, and every byte.
fn keep(folder: &PathBuf, found: &Examination) -> Result<(), String> {
    let write = |name: &str, document: &serde_json::Value| {
        let path = folder.join(name);
        let text = serde_json::to_string_pretty(document).map_err(std::io::Error::other);
        let written = text.and_then(|text| fs::write(&path, text + "\n"));
        written.map_err(|error| format!("failed to write {}: {error}; nothing was changed", path.display()))
    };
    fs::create_dir_all(folder)
        .map_err(|error| format!("failed to make {}: {error}; nothing was changed", folder.display()))?;
    write("raw.json", &found.raw)?;
    found.readable.as_ref().map_or(Ok(()), |document| write("readable.json", document))
}

/// Says what was found.
fn tell(context: &mut Context<'_, '_>, found: &Examination) {
    let (salvage, findings) = (&found.salvage, found.salvage.findings());
    let findings: Vec<String> = findings.iter().map(advice::of_finding).collect();
    let (count, revision) = (salvage.state.len(), salvage.state.revision());
    if context.screen.json {
        return context.screen.document(&json!({
            "stack": context.stack, "revision": revision, "readable": count, "unreadable": salvage.unreadable,
            "closed": salvage.closed, "findings": findings, "sources": salvage.sources, "doubts": salvage.doubts,
        }));
    }
    let whole = if found.is_damaged() { "" } else { "; nothing is damaged" };
    let stack = &context.stack;
    let text = format!("{stack} at revision {revision}: {count} records can be read{whole}");
    context.screen.say(text);
    for item in &salvage.unreadable {
        let about = item.about.as_deref().map(|about| format!(", of {about}")).unwrap_or_default();
        let restored = item.restored.as_deref().map(|from| format!("; {from}")).unwrap_or_default();
        let why = one_line(&item.why) + &restored;
        context.screen.say(format!("  - {}{} cannot be read: {why}", one_line(&item.key), one_line(&about)));
    }
    for line in salvage.sources.iter().chain(&salvage.doubts) {
        context.screen.say(format!("  - {}", one_line(line)));
    }
    for line in &salvage.closed {
        context.screen.say(format!("  - {}: it would be left out", one_line(line)));
    }
    for line in findings {
        context.screen.say(format!("  - {}", one_line(&line)));
    }
}

/// Nothing can be read: what is there makes room for an import.
async fn set_aside(context: &mut Context<'_, '_>, args: &Repair, error: StoreError) -> Result<(), Stop> {
    let import = context.hint("state import FILE");
    if !args.yes {
        let call = context.hint("state repair --yes");
        return Err(Stop::failed(format!(
            "{error}\nnothing of it can be read record by record. {call} moves it aside and keeps it; then {import} \
             takes what `state export` once wrote"
        )));
    }
    let place = context.engine(Access::Write)?.store().set_aside(&context.stack).await?;
    if context.screen.json {
        context.screen.document(&json!({"stack": context.stack, "aside": place}));
    }
    context.screen.say(format!("Nothing of {} can be read; it is kept in {place}", context.stack));
    context.screen.chat(context.screen.paint.dim(format!(
        "\nNext: {import} takes what `state export` once wrote. Without such a file, do not run `up`: it would make \
         everything a second time"
    )));
    Ok(())
}
