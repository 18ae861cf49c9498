//! `stack list|init|select|rm|unmanaged|recipients`; [`renaming`](super::renaming) has `stack rename`

use serde_json::{Value as Json, json};
use sskuba_core::address::StackId;
use sskuba_core::engine::{EngineError, Run, Session, Snapshot};
use sskuba_core::state::StoreError;

use super::planned;
use crate::advice;
use crate::args::{Opening, Stack};
use crate::context::{Access, Context};
use crate::render::table;
use crate::session::Opens;
use crate::settings::{Entry, FileLock, Place, StackFile, open, seal};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, command: Stack) -> Result<Code, Stop> {
    match command {
        Stack::List { all, tag } => list(context, all, &tag).await,
        Stack::Tag { changes, opening } => super::tags::run(context, &changes, &opening).await,
        Stack::Init { name, copy_config_from } => init(context, &name, copy_config_from.as_deref()).await,
        Stack::Select { name } => select(context, &name).await,
        Stack::Rename { new } => super::renaming::run(context, &new).await,
        Stack::Unmanaged { kind } => super::listing::unmanaged(context, &kind).await,
        Stack::Recipients(command) => super::recipients::run(context, command).await,
        Stack::Rm { name, force, yes } => rm(context, &name, force, yes).await,
    }?;
    Ok(Code::Done)
}

async fn list(context: &mut Context<'_, '_>, all: bool, wanted: &[(String, String)]) -> Result<(), Stop> {
    let engine = context.engine(Access::Read)?;
    let mut stacks = engine.store().stacks().await?;
    stacks.retain(|stack| all || stack.project() == context.project.name);
    stacks.sort();
    let any = !stacks.is_empty();
    let (mut rows, mut documents) = (Vec::new(), Vec::new());
    for stack in stacks {
        // One stack that cannot be read does not hide the others, nor is it hidden: nobody knows its tags.
        let read = engine.read(&stack).await;
        let has =
            |snapshot: &Snapshot| wanted.iter().all(|(key, value)| snapshot.tags.get(key) == Some(value));
        if !read.as_ref().is_ok_and(has) && read.is_ok() {
            continue;
        }
        let run = engine.history(&stack, 1).await.ok().and_then(|runs| runs.into_iter().next());
        let (row, document) = listed(context, &stack, read, run.as_ref());
        rows.push(row);
        documents.push(document);
    }
    if context.screen.json {
        context.screen.document(&documents);
    } else if !rows.is_empty() {
        let text = if rows.iter().all(|row| row[4].is_empty()) {
            let rows: Vec<_> = rows.into_iter().map(|[a, b, c, d, _, e]| [a, b, c, d, e]).collect();
            table::table(["  stack", "resources", "revision", "updated", ""], &rows)
        } else {
            table::table(["  stack", "resources", "revision", "updated", "tags", ""], &rows)
        };
        context.screen.say(text.trim_end());
    } else if any {
        context.screen.say("No stack has these tags; `stack list` shows all");
    } else {
        let call = context.call.clone();
        context.screen.say(format!("There is no stack yet; `{call} up` makes `{}`", context.stack.stack()));
    }
    Ok(())
}

/// Describes a stack for people and for programs.
fn listed(
    context: &Context<'_, '_>,
    stack: &StackId,
    read: Result<Snapshot, EngineError>,
    run: Option<&Run>,
) -> ([String; 6], Json) {
    let selected = *stack == context.stack;
    let mark = if selected { "*" } else { " " };
    let name = format!("{mark} {}", context.project.short(stack));
    match read {
        Ok(Snapshot { state, holder, tags, .. }) => {
            // Of what a run deleted there is no record.
            let run = run.map(|run| run.ended.unwrap_or(run.started));
            let updated = state.records().map(|record| record.updated).chain(run).max();
            let updated = updated.map(|time| time.to_string());
            let holder = holder.map(|holder| holder.to_string());
            let document = json!({
                "stack": stack, "selected": selected, "resources": state.len(), "revision": state.revision(),
                "updated": updated, "holder": holder, "tags": tags,
            });
            let row = [
                name,
                state.len().to_string(),
                state.revision().to_string(),
                updated.unwrap_or_else(|| "-".to_owned()),
                super::tags::line(&tags),
                holder.map(|holder| format!("in use by {holder}")).unwrap_or_default(),
            ];
            (row, document)
        }
        Err(error) => {
            let error = advice::message(&error);
            let document = json!({"stack": stack, "selected": selected, "error": error});
            let unknown = || "?".to_owned();
            let row = [name, unknown(), unknown(), unknown(), String::new(), error.replace('\n', " ")];
            (row, document)
        }
    }
}

async fn init(context: &mut Context<'_, '_>, name: &str, from: Option<&str>) -> Result<(), Stop> {
    let stack = context.project.named(name)?;
    context.stack = stack.clone();
    context.refuse_half_renamed()?;
    if context.project.unknown_place(context.global.state.as_deref(), &context.environment).is_some() {
        context.project.begin()?;
    }
    let engine = context.engine(Access::Write)?;
    if engine.store().stacks().await?.contains(&stack) {
        let call = &context.call;
        return Err(Stop::failed(format!(
            "stack {stack} is there already; `{call} stack select {name}` selects it"
        )));
    }
    // Before the stack is there: what cannot be copied is refused, and asked for again.
    let copied = from.map(|from| copy_config(context, from)).transpose()?;
    let nothing = async |_: &mut Context<'_, '_>, _: &mut Session| Ok(());
    context.with_session(&engine, Opens::as_it_is("stack init", &Opening::default()), nothing).await?;
    context.project.select(&stack)?;
    done(context, &stack, "made", "Made and selected");
    if let Some(name) = copied {
        context.screen.chat(format!("Its configuration is in {name}"));
    }
    Ok(())
}

/// Gives the stack the configuration of another, with secrets sealed anew: each is sealed for its stack and key alone.
fn copy_config(context: &mut Context<'_, '_>, from: &str) -> Result<String, Stop> {
    let from = context.project.named(from)?;
    let (there, here) = (context.project.settings(&from), context.project.settings(&context.stack));
    if !there.exists() {
        return Err(Stop::failed(format!(
            "stack {from} has no configuration: there is no {}",
            there.display()
        )));
    }
    if here.exists() {
        let (stack, here) = (&context.stack, here.display());
        return Err(Stop::failed(format!(
            "stack {stack} has a configuration already, in {here}; remove that first"
        )));
    }
    let _alone = FileLock::take(&context.project, &context.stack)?;
    let to = context.stack.clone();
    let file = copied(context, &from, &to)?;
    file.save()?;
    Ok(file.name())
}

/// Makes a stack's file that of another, with secrets sealed anew; nothing is written yet.
pub(super) fn copied(context: &mut Context<'_, '_>, from: &StackId, to: &StackId) -> Result<StackFile, Stop> {
    let mut file = StackFile::load(&context.project.settings(from))?.at(context.project.settings(to));
    for (key, entry) in file.entries()? {
        let Entry::Sealed(sealed) = entry else { continue };
        let identities = context.identities(Access::Read)?;
        let fail = |why: String| Stop::failed(format!("`{key}` of {from} cannot be copied: {why}"));
        let text = open(Place { stack: from, key: &key }, &sealed, &identities).map_err(fail)?;
        let place = Place { stack: to, key: &key };
        let sealed = seal(place, &text, &file.recipients(), identities.passphrase()).map_err(fail)?;
        file.set_sealed(&key, &sealed)?;
    }
    Ok(file)
}

async fn select(context: &mut Context<'_, '_>, name: &str) -> Result<(), Stop> {
    let stack = context.project.named(name)?;
    context.stack = stack.clone();
    context.refuse_half_renamed()?;
    context.refuse_unknown_stack().await?;
    let engine = context.engine(Access::Read)?;
    if !engine.store().stacks().await?.contains(&stack) && !context.project.settings(&stack).exists() {
        let call = &context.call;
        return Err(Stop::failed(format!("there is no stack {stack}; `{call} stack init {name}` makes it")));
    }
    context.project.select(&stack)?;
    done(context, &stack, "selected", "Selected");
    Ok(())
}

async fn rm(context: &mut Context<'_, '_>, name: &str, force: bool, yes: bool) -> Result<(), Stop> {
    planned::must_be_agreed(context, "stack rm", yes)?;
    let stack = context.project.named(name)?;
    context.stack = stack.clone();
    context.refuse_half_renamed()?;
    let engine = context.engine(Access::Write)?;
    if !engine.store().stacks().await?.contains(&stack) {
        // A program that was killed in the middle of this left something.
        if engine.store().finish_removal(&stack).await? {
            unselect(context, &stack)?;
            done(
                context,
                &stack,
                "removed",
                "Removed what an earlier `stack rm`, which was cut short, had left of",
            );
            return Ok(());
        }
        context.refuse_unknown_stack().await?;
        return Err(StoreError::NoStack(stack).into());
    }
    if !yes {
        planned::agree(context, &format!("Remove {stack} and its history?")).await?;
    }
    let work = async |context: &mut Context<'_, '_>, mut session: Session| match emptied(
        context,
        &mut session,
        force,
    )
    .await
    {
        Ok(()) => (None, session.remove_stack().await.map_err(Stop::from)),
        Err(stop) => (Some(session), Err(stop)),
    };
    context.lending_session(&engine, Opens::as_it_is("stack rm", &Opening::default()), work).await?;
    done(context, &stack, "removed", "Removed");
    Ok(())
}

/// Makes sure that nothing is recorded and the stack is not selected: one that is gone never is.
async fn emptied(context: &mut Context<'_, '_>, session: &mut Session, force: bool) -> Result<(), Stop> {
    if force {
        let recorded: Vec<_> = session.state().records().map(|record| record.address.clone()).collect();
        session.forget_all(&recorded).await?;
    }
    let (stack, count) = (session.stack().clone(), session.state().len());
    if count > 0 {
        return Err(Stop::failed(format!(
            "stack {stack} still records {count} resources; take it down first, or add --force to forget them and \
             leave their objects where they are"
        )));
    }
    unselect(context, &stack)
}

/// Selects none if this is the stack that is selected.
fn unselect(context: &Context<'_, '_>, stack: &StackId) -> Result<(), Stop> {
    if context.project.is_selected(stack)? { context.project.unselect() } else { Ok(()) }
}

fn done(context: &mut Context<'_, '_>, stack: &StackId, word: &str, text: &str) {
    if context.screen.json {
        context.screen.document(&json!({"stack": stack, "done": word}));
    }
    context.screen.say(format!("{text} {stack}"));
}
