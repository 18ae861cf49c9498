//! `schema`

use serde_json::{Value as Json, json};
use sskuba_core::provider::Registry;
use sskuba_core::schema::{Field, Idempotency, Normaliser, Schema};
use sskuba_core::suggest::nearest;

use crate::args::Schema as Args;
use crate::context::Context;
use crate::render::doc::{rust_path, words};
use crate::render::table;
use crate::stop::{Code, Stop};

pub(super) fn run(context: &mut Context<'_, '_>, args: &Args) -> Result<Code, Stop> {
    let mut registry = Registry::default();
    context.cli.providers.iter().for_each(|provider| registry.add(std::sync::Arc::clone(provider)));
    let Some(kind) = &args.kind else {
        all(context, &registry);
        return Ok(Code::Done);
    };
    let schemas = registry.schemas();
    let Some(schema) = schemas.iter().find(|schema| schema.kind.as_str() == kind) else {
        let all = || schemas.iter().map(|schema| schema.kind.as_str());
        let own = |kind: &'_ str| kind.rsplit(':').next().unwrap_or_default().to_owned();
        let names: Vec<String> = all().map(own).collect();
        let part = all().find(|other| other.to_lowercase().contains(&kind.to_lowercase()));
        let slip = || {
            let near = nearest(&own(kind), names.iter().map(String::as_str))?;
            all().find(|other| own(other) == near)
        };
        let near = part.or_else(|| nearest(kind, all())).or_else(slip);
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        let hint = hint.unwrap_or_else(|| "`schema` lists those that it has".to_owned());
        return Err(Stop::failed(format!("this program has no kind `{kind}`; {hint}")));
    };
    if context.screen.json {
        context.screen.document(&document(schema));
    } else {
        context.screen.say(text(schema));
    }
    Ok(Code::Done)
}

fn all(context: &mut Context<'_, '_>, registry: &Registry) {
    let schemas = registry.schemas();
    if context.screen.json {
        let documents: Vec<Json> = schemas.iter().map(|schema| document(schema)).collect();
        return context.screen.document(&documents);
    }
    if schemas.is_empty() {
        return context.screen.say("This program has no provider, and so no kinds");
    }
    let rows: Vec<_> = schemas.iter().map(|s| [s.kind.to_string(), words(&s.doc)]).collect();
    context.screen.say(table::table(["kind", "what"], &rows).trim_end());
}

/// Says what is special about a field.
fn traits(field: &Field) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut add = |yes: bool, word: &str| words.extend(yes.then(|| word.to_owned()));
    add(field.required, "required");
    add(field.force_new, "forces replacement");
    add(field.secret, "secret");
    add(field.renew_at, "renewed then");
    if let Some(default) = &field.default {
        words.push(format!("default {}", crate::render::value::show(default, false)));
    }
    if !matches!(field.normaliser, Normaliser::Exact) {
        words.push(format!("compared as {}", field.normaliser.name()));
    }
    if let Some(kind) = &field.reference {
        words.push(format!("id of {kind}"));
    }
    words.join(", ")
}

fn text(schema: &Schema) -> String {
    let row = |field: &Field| {
        let doc = words(&field.doc);
        [format!("  {}", field.name), field.shape.to_string(), traits(field), doc]
    };
    let part = |title: &str, fields: Vec<[String; 4]>| match fields.is_empty() {
        true => String::new(),
        false => format!("\n{}", table::table([&format!("  {title}"), "type", "", ""], &fields)),
    };
    let (inputs, outputs) = (schema.inputs().map(row).collect(), schema.outputs().map(row).collect());
    let idempotency = match schema.idempotency {
        Idempotency::Token => "an interrupted create is repeated with the same token",
        Idempotency::Tag => "an interrupted create is found by its tag",
        Idempotency::None => "an interrupted create has to be looked up by a person",
    };
    format!(
        "{}\n{}\nRust type {}\n{idempotency}\n{}{}",
        schema.kind,
        words(&schema.doc),
        rust_path(schema),
        part("input", inputs),
        part("output", outputs)
    )
    .trim_end()
    .to_owned()
}

fn document(schema: &Schema) -> Json {
    let field = |field: &Field| {
        json!({
            "name": field.name,
            "doc": words(&field.doc),
            "type": field.shape.to_string(),
            "required": field.required,
            "computed": field.computed,
            "force_new": field.force_new,
            "secret": field.secret,
            "renew_at": field.renew_at,
            "expires": field.expires,
            "default": field.default.as_ref().map(sskuba_core::value::Value::masked),
            "normaliser": field.normaliser.name(),
            "reference": field.reference,
        })
    };
    let idempotency = match schema.idempotency {
        Idempotency::Token => "token",
        Idempotency::Tag => "tag",
        Idempotency::None => "none",
    };
    json!({
        "kind": schema.kind,
        "rust": rust_path(schema),
        "doc": words(&schema.doc),
        "version": schema.version,
        "lookup": schema.is_lookup(),
        "idempotency": idempotency,
        "delete_first": schema.delete_first,
        "deleting": schema.deleting,
        "asks": schema.asks,
        "guarded": schema.guarded,
        "may_be_away": schema.may_be_away,
        "fields": schema.fields.iter().map(field).collect::<Vec<_>>(),
    })
}
