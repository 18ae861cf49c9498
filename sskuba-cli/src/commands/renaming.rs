//! `stack rename`

use std::fs::{self, File};

use serde_json::json;
use sskuba_core::address::StackId;
use sskuba_core::state::StoreError;

use crate::context::{Access, Context};
use crate::half_renamed::{Marker, Renaming};
use crate::settings::FileLock;
use crate::stop::Stop;

/// Gives the stack another name. What can be killed half way is told by a marker, which every command on either name
/// looks for: first the configuration is there under both names, then the state moves in one step, then the old
/// configuration goes. So one of the names always has all of it.
pub(super) async fn run(context: &mut Context<'_, '_>, new: &str) -> Result<(), Stop> {
    let (from, to) = (context.stack.clone(), new_name(context, new)?);
    let wanted = Renaming { from: from.clone(), to: to.clone(), state: context.state_url() };
    context.refuse_unknown_place(Access::Write)?;
    let marker = Marker::take(&context.project)?;
    let resumed = match marker.read() {
        Some(other) if *other == wanted => true,
        Some(other) => return Err(other.refusal(&context.call)),
        None => false,
    };
    let engine = context.engine(Access::Write)?;
    let stacks = engine.store().stacks().await?;
    let moved = resumed && stacks.contains(&to) && !stacks.contains(&from);
    if !moved {
        context.refuse_unknown_stack().await?;
        refuse(context, (&from, &to), &stacks, resumed)?;
        // What cannot be sealed anew is refused before anything is made.
        let _alone = FileLock::take(&context.project, &from)?;
        let has_file = context.project.settings(&from).exists();
        let file = has_file.then(|| super::stack::copied(context, &from, &to)).transpose()?;
        if let Some(holder) = engine.store().holder(&from).await? {
            return Err(StoreError::Busy { stack: from, holder: Box::new(holder) }.into());
        }
        marker.write(&wanted)?;
        if let Some(file) = &file {
            file.save()?;
            let path = context.project.settings(&to);
            File::open(&path).and_then(|file| file.sync_all()).map_err(Stop::file("write", &path))?;
        }
        if let Err(error) = engine.rename(&from, &to).await {
            // If it cannot be told, the marker stays, and the next command says what to do.
            if engine.store().stacks().await.is_ok_and(|stacks| stacks.contains(&from)) {
                remove(context, &to)?;
                marker.clear()?;
            }
            return Err(error.into());
        }
    }
    if context.project.is_selected(&from)? {
        context.project.select(&to)?;
    }
    let shared = stacks.iter().find(|stack| **stack != from && stack.stack() == from.stack());
    if shared.is_none() {
        remove(context, &from)?;
    }
    marker.clear()?;
    tell(context, (&from, &to), shared);
    Ok(())
}

/// Reads the new name: a stack stays in its project.
fn new_name(context: &Context<'_, '_>, new: &str) -> Result<StackId, Stop> {
    let from = &context.stack;
    let to = match new.contains('/') {
        true => context.project.named(new)?,
        false => StackId::new(from.organisation(), from.project(), new)?,
    };
    if (to.organisation(), to.project()) != (from.organisation(), from.project()) {
        return Err(Stop::usage(format!(
            "{from} cannot be renamed to {to}: a stack stays with its organisation and project, `{}/{}`; only the last \
             part of its name changes",
            from.organisation(),
            from.project()
        )));
    }
    if to == *from {
        return Err(Stop::usage(format!("{from} cannot be renamed: that is its name already")));
    }
    Ok(to)
}

/// Refuses what is not there, and a name that is taken.
fn refuse(
    context: &Context<'_, '_>,
    (from, to): (&StackId, &StackId),
    stacks: &[StackId],
    resumed: bool,
) -> Result<(), Stop> {
    if !stacks.contains(from) {
        return Err(StoreError::NoStack(from.clone()).into());
    }
    if stacks.contains(to) {
        return Err(StoreError::Taken(to.clone()).into());
    }
    let file = context.project.settings(to);
    if file.exists() && !resumed {
        return Err(Stop::failed(format!(
            "{from} cannot be renamed to {to}: there is a configuration of that name already, in {}; remove that file \
             or choose another name",
            file.display()
        )));
    }
    Ok(())
}

fn remove(context: &Context<'_, '_>, stack: &StackId) -> Result<(), Stop> {
    let path = context.project.settings(stack);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Stop::file("remove", &path)(error)),
        _ => Ok(()),
    }
}

fn tell(context: &mut Context<'_, '_>, (from, to): (&StackId, &StackId), shared: Option<&StackId>) {
    if context.screen.json {
        return context.screen.document(&json!({"stack": to, "former": from, "done": "renamed"}));
    }
    context.screen.say(format!("Renamed {from} to {to}"));
    if let Some(other) = shared {
        let path = context.project.settings(from);
        context.screen.chat(format!("{} stays: it is the configuration of {other} too", path.display()));
    }
    let named = context.environment.variable("SSKUBA_STACK");
    if named.is_some_and(|name| context.project.named(name).is_ok_and(|id| id == *from)) {
        context.screen.remark("note: the variable SSKUBA_STACK still has the former name");
    }
}
