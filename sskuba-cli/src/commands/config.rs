//! `config get|set|rm|list`

use std::io::{BufRead, Read as _};

use serde_json::json;
use sskuba_core::config::{Configured, Origin};
use sskuba_core::secret::MASK;
use sskuba_core::value::Value;
use zeroize::Zeroizing;

use crate::args::Config;
use crate::context::{Access, Context};
use crate::render::doc::words;
use crate::render::paint::one_line;
use crate::render::{table, value};
use crate::settings::{Entry, Overrides, Place, check_key, merge, open, seal};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, command: Config) -> Result<Code, Stop> {
    match command {
        Config::Get { key, show_secrets } => get(context, &key, show_secrets),
        Config::Set { key, value, secret } => set(context, &key, value, secret).await,
        Config::Rm { key } => rm(context, &key),
        Config::List => list(context),
    }?;
    Ok(Code::Done)
}

fn get(context: &mut Context<'_, '_>, key: &str, show_secrets: bool) -> Result<(), Stop> {
    let shown = match effective(context)?.into_iter().find(|(name, _)| name == key) {
        None => {
            let (name, key) = (context.settings()?.name(), one_line(key));
            return Err(Stop::failed(format!(
                "`{key}` is not set in {name}; `config set {key} VALUE` sets it"
            )));
        }
        Some((_, configured)) if configured.value.has_secret() => {
            if !show_secrets && !context.screen.json {
                return Err(Stop::failed(format!("`{key}` is secret; add --show-secrets to see it")));
            }
            if show_secrets { opened(context, key, &configured)? } else { configured.value }
        }
        Some((_, configured)) => configured.value,
    };
    let json = super::output::json(&shown, show_secrets)?;
    match (context.screen.json, &json) {
        (true, json) => context.screen.document(json),
        (false, serde_json::Value::String(text)) => context.screen.value(text),
        (false, json) => context.screen.value(&json.to_string()),
    }
    Ok(())
}

/// Opens one secret.
fn opened(context: &mut Context<'_, '_>, key: &str, configured: &Configured) -> Result<Value, Stop> {
    match (context.settings()?.get(key)?, &configured.origin) {
        (Some(Entry::Sealed(sealed)), Origin::File(_)) => {
            let identities = context.identities(Access::Read)?;
            let text = open(Place { stack: &context.stack, key }, &sealed, &identities);
            let text =
                text.map_err(|why| Stop::failed(format!("failed to open the secret `{key}`: {why}")))?;
            Ok(Value::from(text.as_str()).into_secret())
        }
        _ => Ok(configured.value.clone()),
    }
}

/// Returns the values of this run without opening any secret.
fn effective(context: &mut Context<'_, '_>) -> Result<Vec<(String, Configured)>, Stop> {
    let file = context.settings()?;
    let entries = file.entries()?;
    let (mut closed, mut keys) = (file.clone(), Vec::new());
    for (key, entry) in entries {
        if matches!(entry, Entry::Sealed(_)) {
            closed.remove(&key);
            keys.push(key);
        }
    }
    let known = &context.cli.fields;
    let overrides =
        Overrides { variables: &context.environment.variables, flags: &context.global.config, known };
    let mut values =
        merge(&context.stack, &closed, overrides, || Err(Stop::failed("no secret is to be opened")))?;
    for key in keys {
        match values.0.get_mut(&key) {
            Some(configured) => configured.value = std::mem::take(&mut configured.value).into_secret(),
            None => values.set(key, Value::from(MASK).into_secret(), Origin::File(file.name())),
        }
    }
    Ok(values.0.into_iter().collect())
}

async fn set(
    context: &mut Context<'_, '_>,
    key: &str,
    value: Option<String>,
    secret: bool,
) -> Result<(), Stop> {
    // What the program reads as a secret is sealed, asked for or not.
    let secret = secret || context.cli.fields.iter().any(|field| field.secret && field.name == key);
    let given = value.is_some();
    let text = Zeroizing::new(match value {
        Some(text) => text,
        None => read_value(context, key, secret)?,
    });
    // What is refused is refused before anything is made.
    check_key(key)?;
    if text.is_empty() && (secret || !given) {
        return Err(Stop::usage(format!(
            "there is no value for `{key}`, in the arguments or in the input; nothing was set"
        )));
    }
    super::check_value::check(context, key, &text, secret).await?;
    let (mut file, _alone) = context.settings_to_change()?;
    let was_sealed = matches!(file.get(key)?, Some(Entry::Sealed(_)));
    if was_sealed && !secret {
        return Err(Stop::usage(format!(
            "`{key}` is sealed; add --secret to seal the new value too, or remove it first with `config rm {key}`"
        )));
    }
    if secret {
        let identities = context.identities(Access::Write)?;
        let mut recipients = file.recipients();
        if recipients.is_empty() {
            recipients = identities.recipients();
            if !recipients.is_empty() {
                file.set_recipients(&recipients);
            }
        }
        let place = Place { stack: &context.stack, key };
        let sealed = seal(place, &text, &recipients, identities.passphrase());
        let sealed = sealed.map_err(|why| Stop::failed(format!("failed to seal `{key}`: {why}")))?;
        file.set_sealed(key, &sealed)?;
        if given {
            context.screen.remark(
                "note: a secret on the command line may stay in the shell's history; leave the value out to be asked",
            );
        }
    } else {
        file.set(key, &text)?;
    }
    file.save()?;
    if context.screen.json {
        context.screen.document(&json!({"key": key, "file": file.name(), "sealed": secret}));
    }
    let what = if secret { "Sealed" } else { "Set" };
    context.screen.chat(format!("{what} `{key}` in {}", file.name()));
    Ok(())
}

/// Reads a value from the input: a line from a person, everything from a pipe.
fn read_value(context: &mut Context<'_, '_>, key: &str, secret: bool) -> Result<String, Stop> {
    let terminal = context.environment.terminal.input;
    if terminal {
        let warning = if secret { " (it is shown while you type)" } else { "" };
        context.screen.remark(format!("{key}{warning}:"));
    }
    let mut text = String::new();
    if let Some(input) = &mut context.environment.input {
        let read = if terminal { input.read_line(&mut text) } else { input.read_to_string(&mut text) };
        read.map_err(|error| Stop::failed(format!("failed to read the value of `{key}`: {error}")))?;
    }
    // The line break that `echo` and people add is not a part of the value.
    let end =
        text.strip_suffix('\n').map_or(text.len(), |text| text.strip_suffix('\r').unwrap_or(text).len());
    text.truncate(end);
    Ok(text)
}

fn rm(context: &mut Context<'_, '_>, key: &str) -> Result<(), Stop> {
    let (mut file, _alone) = context.settings_to_change()?;
    if !file.remove(key) {
        return Err(Stop::failed(format!("`{key}` is not set in {}", file.name())));
    }
    file.save()?;
    if context.screen.json {
        context.screen.document(&json!({"removed": key, "file": file.name()}));
    }
    context.screen.chat(format!("Removed `{key}` from {}", file.name()));
    Ok(())
}

fn list(context: &mut Context<'_, '_>) -> Result<(), Stop> {
    let values = effective(context)?;
    let fields = context.cli.fields.clone();
    let doc = |key: &str| fields.iter().find(|field| field.name == key).map(|field| field.doc);
    let unset: Vec<_> =
        fields.iter().filter(|field| !values.iter().any(|(key, _)| key == field.name)).collect();
    if context.screen.json {
        let mut documents: Vec<_> = values
            .iter()
            .map(|(key, c)| {
                json!({
                    "key": key, "value": c.value.masked(), "secret": c.value.has_secret(),
                    "origin": c.origin.to_string(), "read": fields.is_empty() || doc(key).is_some(),
                })
            })
            .collect();
        documents.extend(unset.iter().map(|field| json!({
            "key": field.name, "value": null, "secret": false, "origin": null, "read": true, "required": field.required,
        })));
        context.screen.document(&documents);
        return Ok(());
    }
    let mut rows: Vec<[String; 4]> = Vec::new();
    for (key, configured) in &values {
        let note = match doc(key) {
            None if !fields.is_empty() => "the program does not read it".to_owned(),
            other => other.map(words).unwrap_or_default(),
        };
        let shown = value::show(&configured.value, false);
        rows.push([key.clone(), shown, configured.origin.to_string(), note]);
    }
    for field in unset {
        let origin = if field.required { "not set, must be" } else { "default" };
        rows.push([field.name.to_owned(), "-".to_owned(), origin.to_owned(), words(field.doc)]);
    }
    if rows.is_empty() {
        let name = context.settings()?.name();
        context.screen.say(format!("Nothing is configured; `config set KEY VALUE` writes to {name}"));
        return Ok(());
    }
    context.screen.say(table::table(["key", "value", "from", ""], &rows).trim_end());
    Ok(())
}
