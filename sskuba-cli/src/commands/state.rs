//! `state list|show|rm|export|import|unlock|resolve`; the others are in [`state_edits`](super::state_edits)

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value as Json, json};
use sskuba_core::address::Address;
use sskuba_core::engine::{Resolution, Session};
use sskuba_core::state::StoreError;

use super::{planned, records};
use crate::args::{Opening, State};
use crate::context::{Access, Context};
use crate::private;
use crate::render::table;
use crate::session::Opens;
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, command: State) -> Result<Code, Stop> {
    match command {
        State::List => list(context).await,
        State::Show { address, show_secrets } => show(context, &address, show_secrets).await,
        State::Rm { addresses, yes, opening } => rm(context, &addresses, yes, &opening).await,
        State::Unprotect { addresses, yes, opening } => {
            super::state_edits::unprotect(context, &addresses, yes, &opening).await
        }
        State::Export { file } => export(context, file.as_deref()).await,
        State::Import { file, yes, opening } => import(context, &file, yes, &opening).await,
        State::Move { from, to, opening } => super::state_edits::rename(context, &from, &to, &opening).await,
        State::Undo(args) => super::state_edits::undo(context, &args).await,
        State::Repair(args) => super::state_edits::repair(context, &args).await,
        State::Backups(args) => super::backups::run(context, &args).await,
        State::RotateKey { opening } => super::state_edits::rotate(context, &opening).await,
        State::Unlock { yes } => unlock(context, yes).await,
        State::Resolve { address, created, not_created: _, force, opening } => {
            let none = if force { Resolution::SurelyNotCreated } else { Resolution::NotCreated };
            let resolution = created.map_or(none, |id| Resolution::Created { id });
            resolve(context, &address, resolution, &opening).await
        }
    }?;
    Ok(Code::Done)
}

async fn list(context: &mut Context<'_, '_>) -> Result<(), Stop> {
    let engine = context.engine(Access::Read)?;
    // A stack that was never built has nothing recorded; that is an answer, not an error.
    let lines = match engine.store().stacks().await?.contains(&context.stack) {
        true => records::lines(&engine.read(&context.stack).await?.state),
        false => Vec::new(),
    };
    if context.screen.json {
        context.screen.document(&lines);
    } else if lines.is_empty() {
        context.screen.say(format!("Nothing is recorded in {}", context.stack));
    } else {
        let row = |line: &records::Line| {
            [line.address.clone(), line.id.clone(), line.generation.to_string(), line.status.to_owned()]
        };
        let rows: Vec<_> = lines.iter().map(row).collect();
        context.screen.say(table::table(["address", "id", "generation", "status"], &rows).trim_end());
    }
    Ok(())
}

async fn show(context: &mut Context<'_, '_>, address: &str, show_secrets: bool) -> Result<(), Stop> {
    let engine = context.engine(Access::Read)?;
    let snapshot = engine.read(&context.stack).await?;
    let state = &snapshot.state;
    let address = context.recorded(state, address)?;
    let Some(record) = state.current(&address) else {
        return Err(Stop::failed(format!(
            "{address} is not recorded in {}; `state list` shows what is",
            context.stack
        )));
    };
    if show_secrets && !snapshot.opened {
        return Err(super::output::closed(context));
    }
    let document = records::document(record, state.pending_of(record.token), show_secrets)?;
    context.screen.document(&document);
    Ok(())
}

/// Works with a stack of which what is open is not resolved: these commands are for when that does not work.
pub(super) async fn edit<T>(
    context: &mut Context<'_, '_>,
    command: &str,
    opening: &Opening,
    work: impl AsyncFnOnce(&mut Context<'_, '_>, &mut Session) -> Result<T, Stop>,
) -> Result<T, Stop> {
    refuse_missing(context).await?;
    let engine = context.engine(Access::Write)?;
    context.with_session(&engine, Opens::as_it_is(command, opening), work).await
}

/// Refuses a stack that is not there, before an identity is made for it.
pub(super) async fn refuse_missing(context: &mut Context<'_, '_>) -> Result<(), Stop> {
    context.refuse_unknown_place(Access::Read)?;
    match context.store()?.stacks().await?.contains(&context.stack) {
        true => Ok(()),
        false => Err(StoreError::NoStack(context.stack.clone()).into()),
    }
}

async fn rm(
    context: &mut Context<'_, '_>,
    addresses: &[String],
    yes: bool,
    opening: &Opening,
) -> Result<(), Stop> {
    planned::must_be_agreed(context, "state rm", yes)?;
    let work = async |context: &mut Context<'_, '_>, session: &mut Session| {
        forget(context, session, addresses, yes).await
    };
    let addresses = edit(context, "state rm", opening, work).await?;
    if context.screen.json {
        context.screen.document(&json!({"forgot": addresses}));
    }
    for address in &addresses {
        context.screen.say(format!("Forgot {address}; its object stays where it is"));
    }
    context.screen.chat(context.screen.paint.dim("\nNext: `state undo` takes it back"));
    Ok(())
}

async fn forget(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    addresses: &[String],
    yes: bool,
) -> Result<Vec<Address>, Stop> {
    let found = context.all_recorded(session.state(), addresses)?;
    if !yes {
        let names: Vec<&str> = found.iter().map(Address::as_str).collect();
        let question = format!("Forget {}? The objects stay where they are.", names.join(", "));
        planned::agree(context, &question).await?;
    }
    session.forget_all(&found).await?;
    Ok(found)
}

async fn export(context: &mut Context<'_, '_>, file: Option<&Path>) -> Result<(), Stop> {
    let engine = context.engine(Access::Read)?;
    let document = engine.export_state(&context.stack).await?;
    let Some(file) = file.filter(|file| *file != Path::new("-")) else {
        context.screen.document(&document);
        return Ok(());
    };
    let path = context.environment.resolve(file);
    let text = serde_json::to_string_pretty(&document).map_err(Stop::failed)?;
    private::write(&path, &(text + "\n")).map_err(Stop::file("write", &path))?;
    if context.screen.json {
        context.screen.document(&json!({"stack": context.stack, "file": path}));
    }
    context.screen.say(format!("Wrote {}", file.display()));
    Ok(())
}

async fn import(
    context: &mut Context<'_, '_>,
    file: &Path,
    yes: bool,
    opening: &Opening,
) -> Result<(), Stop> {
    context.refuse_half_renamed()?;
    planned::must_be_agreed(context, "state import", yes)?;
    let text = if file == Path::new("-") {
        let mut text = String::new();
        if let Some(input) = &mut context.environment.input {
            input
                .read_to_string(&mut text)
                .map_err(|error| Stop::failed(format!("failed to read the input: {error}")))?;
        }
        text
    } else {
        let path = context.environment.resolve(file);
        let hint = |error| format!("{error}; `state export FILE` writes such a file");
        fs::read_to_string(&path).map_err(hint).map_err(Stop::file("read", &path))?
    };
    let name = if file == Path::new("-") { "the input".to_owned() } else { file.display().to_string() };
    let document: Json = serde_json::from_str(&text).map_err(|error| {
        Stop::failed(format!("{name} is not JSON: {error}; `state export` writes what can be imported"))
    })?;
    // A stack whose folder was lost or moved away is no slip in a name.
    if document["stack"].as_str() != Some(context.stack.as_str()) {
        context.refuse_unknown_stack().await?;
    }
    if !yes {
        let question = format!("Replace what is recorded of {}?", context.stack);
        planned::agree(context, &question).await?;
    }
    let engine = context.engine(Access::Write)?;
    let work =
        async |_: &mut Context<'_, '_>, session: &mut Session| Ok(session.import_state(document).await?);
    let count = context.with_session(&engine, Opens::as_it_is("state import", opening), work).await?;
    if context.screen.json {
        context.screen.document(&json!({"stack": context.stack, "records": count}));
    }
    context.screen.say(format!("Imported {count} records into {}", context.stack));
    Ok(())
}

async fn unlock(context: &mut Context<'_, '_>, yes: bool) -> Result<(), Stop> {
    planned::must_be_agreed(context, "state unlock", yes)?;
    let engine = context.engine(Access::Write)?;
    let store = engine.store();
    if let (false, Some(holder)) = (yes, store.holder(&context.stack).await?) {
        let question = format!("{} is held by {holder}. Is that program dead?", context.stack);
        planned::agree(context, &question).await?;
    }
    let broken = match store.unlock(&context.stack).await {
        Ok(broken) => broken,
        Err(error @ StoreError::Busy { .. }) => {
            return Err(Stop {
                code: Code::Busy,
                message: format!(
                    "{error}; it is alive, so its lease stays: wait for its end, or stop it there"
                ),
            });
        }
        Err(error) => return Err(error.into()),
    };
    if context.screen.json {
        context.screen.document(&json!({"stack": context.stack, "broken": broken}));
    }
    context.screen.say(match broken {
        Some(holder) => format!("Broke the lease of {holder}"),
        None => format!("Nobody holds {}", context.stack),
    });
    Ok(())
}

async fn resolve(
    context: &mut Context<'_, '_>,
    address: &str,
    resolution: Resolution,
    opening: &Opening,
) -> Result<(), Stop> {
    let what = match &resolution {
        Resolution::Created { id } => format!("created as {id}"),
        _ => "not created".to_owned(),
    };
    let work = async |context: &mut Context<'_, '_>, session: &mut Session| {
        let address = context.recorded(session.state(), address)?;
        session.resolve(&address, resolution).await?;
        Ok(address)
    };
    let address = edit(context, "state resolve", opening, work).await?;
    if context.screen.json {
        context.screen.document(&json!({"address": address, "resolved": what}));
    }
    context.screen.say(format!("Recorded that {address} was {what}"));
    Ok(())
}
