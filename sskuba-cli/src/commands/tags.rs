//! `stack tag`

use serde_json::json;
use sskuba_core::engine::Tags;

use crate::args::Opening;
use crate::context::{Access, Context};
use crate::render::paint::one_line;
use crate::render::table;
use crate::stop::Stop;

pub(super) async fn run(
    context: &mut Context<'_, '_>,
    changes: &[String],
    opening: &Opening,
) -> Result<(), Stop> {
    let (set, remove) = read(changes)?;
    let stack = context.stack.clone();
    if changes.is_empty() {
        let tags = context.engine(Access::Read)?.read(&stack).await?.tags;
        show(context, &tags);
        return Ok(());
    }
    super::state::refuse_missing(context).await?;
    let engine = context.engine(Access::Write)?;
    let before = engine.read(&stack).await?.tags;
    let wait = opening.wait.unwrap_or_default();
    let tags = context.interrupts.guard(engine.change_tags(&stack, &set, &remove, wait)).await?;
    for key in remove.iter().filter(|key| !before.contains_key(*key)) {
        context.screen.remark(format!("note: {stack} has no tag `{}`", one_line(key)));
    }
    show(context, &tags);
    Ok(())
}

/// Reads what is to be set and what is to go; each key once.
fn read(changes: &[String]) -> Result<(Tags, Vec<String>), Stop> {
    let (mut set, mut remove) = (Tags::new(), Vec::new());
    for change in changes {
        let (key, is_new) = match (change.split_once('='), change.strip_suffix('-')) {
            (Some((key, value)), _) => (key, set.insert(key.to_owned(), value.to_owned()).is_none()),
            (None, Some(key)) => {
                remove.push(key.to_owned());
                (key, remove.iter().filter(|other| *other == key).count() == 1)
            }
            (None, None) => {
                return Err(Stop::usage(format!(
                    "`{}` is neither KEY=VALUE, which sets a tag, nor KEY-, which removes one",
                    one_line(change)
                )));
            }
        };
        if !is_new || (set.contains_key(key) && remove.iter().any(|other| other == key)) {
            return Err(Stop::usage(format!("the tag `{}` is given twice", one_line(key))));
        }
    }
    Ok((set, remove))
}

fn show(context: &mut Context<'_, '_>, tags: &Tags) {
    if context.screen.json {
        context.screen.document(&json!({"stack": context.stack, "tags": tags}));
    } else if tags.is_empty() {
        let stack = &context.stack;
        context.screen.say(format!("{stack} has no tags; `stack tag KEY=VALUE` sets one"));
    } else {
        let rows: Vec<_> = tags.iter().map(|(key, value)| [key.clone(), value.clone()]).collect();
        context.screen.say(table::table(["tag", "value"], &rows).trim_end());
    }
}

/// Writes tags on one line.
pub(super) fn line(tags: &Tags) -> String {
    tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}
