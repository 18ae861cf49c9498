//! `output`

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sskuba_core::value::Value;

use crate::args::Output;
use crate::context::{Access, Context};
use crate::render::paint::one_line;
use crate::render::value;
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Output) -> Result<Code, Stop> {
    let engine = context.engine(Access::Read)?;
    let snapshot = engine.read(&context.stack).await?;
    let exports = snapshot.state.exports();
    let secret = exports.values().any(Value::has_secret);
    if args.show_secrets && secret && !snapshot.opened {
        return Err(closed(context));
    }
    if let Some(name) = &args.name {
        let Some(output) = exports.get(name) else {
            return Err(Stop::failed(missing(name, exports.keys(), context.stack.as_str())));
        };
        if output.has_secret() && !args.show_secrets && !context.screen.json {
            return Err(Stop::failed(format!("output `{name}` is secret; add --show-secrets to see it")));
        }
        let json = json(output, args.show_secrets)?;
        match (context.screen.json, &json) {
            (true, json) => context.screen.document(json),
            (false, Json::String(text)) => context.screen.value(text),
            (false, json) => context.screen.value(&json.to_string()),
        }
        return Ok(Code::Done);
    }
    if context.screen.json {
        let all = exports.iter().map(|(name, output)| Ok((name, json(output, args.show_secrets)?)));
        let all: BTreeMap<&String, Json> = all.collect::<Result<_, Stop>>()?;
        context.screen.document(&all);
        return Ok(Code::Done);
    }
    if exports.is_empty() {
        context.screen.remark(format!("stack {} exports nothing", context.stack));
    }
    for (name, output) in exports {
        let shown = if args.show_secrets { Value::from_json(json(output, true)?) } else { output.clone() };
        context.screen.say(format!("{} = {}", one_line(name), value::show(&shown, true)));
    }
    Ok(Code::Done)
}

/// Returns the JSON of a value, with secrets only if they were asked for.
pub(super) fn json(value: &Value, show_secrets: bool) -> Result<Json, Stop> {
    if show_secrets { value.exposed().map_err(Stop::failed) } else { Ok(value.masked()) }
}

/// Says that secrets cannot be opened here.
pub(super) fn closed(context: &Context<'_, '_>) -> Stop {
    Stop::failed(format!(
        "the secrets of {} are sealed to somebody else; set SSKUBA_IDENTITY to the file of an identity that opens \
         them, or SSKUBA_PASSPHRASE",
        context.stack
    ))
}

fn missing<'k>(name: &str, known: impl Iterator<Item = &'k String>, stack: &str) -> String {
    let known: Vec<String> = known.map(|name| format!("`{}`", one_line(name))).collect();
    let name = one_line(name);
    if known.is_empty() {
        return format!("there is no output `{name}`: stack {stack} exports nothing");
    }
    format!("there is no output `{name}` in stack {stack}; it has {}", known.join(", "))
}
