//! Whether the program can read a value, before it is written to the stack's file.

use sskuba_core::config::{ConfigError, ConfigField, ConfigValues, Origin};
use sskuba_core::stack::Stack;
use sskuba_core::suggest::nearest;
use sskuba_core::value::Value;

use crate::context::Context;
use crate::render::doc::words;
use crate::settings::Entry;
use crate::stop::Stop;

/// Refuses a value that the program cannot read, and a key with a slip in it. A program that does not say what it reads is
/// asked: it declares with the value, and nothing comes of that.
pub(super) async fn check(
    context: &mut Context<'_, '_>,
    key: &str,
    text: &str,
    secret: bool,
) -> Result<(), Stop> {
    // As the file will have it.
    let mut file = context.settings()?.scratch(key);
    file.set(key, text)?;
    let mut values = ConfigValues::default();
    let hide = |value: Value| if secret { value.into_secret() } else { value };
    for (key, entry) in file.entries()? {
        if let Entry::Plain(value) = entry {
            let value = if secret { Value::from(text) } else { value };
            values.set(key, hide(value), Origin::File(file.name()));
        }
    }
    if context.cli.fields.is_empty() {
        return declared(context, key, values).await;
    }
    let fields = context.cli.fields.clone();
    let Some(field) = fields.iter().find(|field| field.name == key) else {
        return unknown(context, key, &fields);
    };
    let Some(configured) = values.0.get(key) else { return Ok(()) };
    let checked = context.cli.checks.iter().find_map(|check| check(key, configured));
    checked.unwrap_or(Ok(())).map_err(|why| {
        let doc = words(field.doc);
        Stop::usage(format!("`{key}` ({doc}) is to be of the type {}: {why}; nothing was set", field.wants))
    })
}

fn unknown(context: &mut Context<'_, '_>, key: &str, fields: &[ConfigField]) -> Result<(), Stop> {
    if let Some(near) = nearest(key, fields.iter().map(|field| field.name)) {
        return Err(Stop::usage(format!(
            "the program does not read `{key}`; did you mean `{near}`? Nothing was set"
        )));
    }
    context
        .screen
        .remark(format!("note: the program does not read `{key}`; `config list` shows what it reads"));
    Ok(())
}

/// Has the program declare with the value; what it says of other keys, and whatever else it says, is for a preview.
async fn declared(context: &mut Context<'_, '_>, key: &str, values: ConfigValues) -> Result<(), Stop> {
    let program = std::sync::Arc::clone(&context.cli.program);
    let mut all = match context.config() {
        Ok(all) => all,
        // Secrets that do not open are no reason to leave this one closed.
        Err(_) => return Ok(()),
    };
    all.0.extend(values.0);
    let mut stack = Stack::new(context.stack.clone(), all);
    let Err(error) = program.declare(&mut stack).await else { return Ok(()) };
    let error = error.into_inner();
    let Some(error) = error.downcast_ref::<ConfigError>() else { return Ok(()) };
    let about = format!("`{key}` from ");
    match error.problems.iter().find(|line| line.starts_with(&about)) {
        Some(line) => Err(Stop::usage(format!("{line}; nothing was set"))),
        None => Ok(()),
    }
}
