//! What is there, whoever made it: `import KIND`, `stack unmanaged KIND`.

use serde_json::{Value as Json, json};
use sskuba_core::address::Kind;
use sskuba_core::engine::{Engine, Unmanaged};
use sskuba_core::provider::Object;
use sskuba_core::suggest::nearest;
use sskuba_core::value::Value;

use crate::context::{Access, Context};
use crate::render::{table, value};
use crate::stop::Stop;

/// How many fields of an object are shown.
const FIELDS: usize = 4;

/// Lists the objects that could be imported as resources of a kind.
pub(super) async fn importable(context: &mut Context<'_, '_>, text: &str) -> Result<(), Stop> {
    let engine = context.engine(Access::Read)?;
    let kind = kind_of(context, &engine, text)?;
    let found = engine.unmanaged(&kind).await?;
    if context.screen.json {
        let mut event = document(&kind, &found);
        event["event"] = "listed".into();
        context.screen.event(&event);
        return Ok(());
    }
    show(context, &kind, &found);
    if !found.listing.objects.is_empty() {
        let hint = context.hint("import ADDRESS ID");
        context.screen.chat(format!("\nNext: {hint} records one as what the program declares at ADDRESS"));
    }
    Ok(())
}

/// Lists the objects of a kind that no stack records.
pub(super) async fn unmanaged(context: &mut Context<'_, '_>, text: &str) -> Result<(), Stop> {
    let engine = context.engine(Access::Read)?;
    let kind = kind_of(context, &engine, text)?;
    let found = engine.unmanaged(&kind).await?;
    if context.screen.json {
        context.screen.document(&document(&kind, &found));
    } else {
        show(context, &kind, &found);
    }
    Ok(())
}

/// Finds the kind that a text means: a whole kind, the end of one, or that of an address.
fn kind_of(context: &Context<'_, '_>, engine: &Engine, text: &str) -> Result<Kind, Stop> {
    let text = text.split_once("::").map_or(text, |(kind, _)| kind.rsplit('/').next().unwrap_or(kind));
    let schemas = engine.registry().schemas();
    // A lookup has no object, and neither has an instance of a provider.
    let objects = schemas.iter().filter(|schema| !schema.is_lookup() && !schema.is_instance());
    let kinds: Vec<&Kind> = objects.map(|schema| &schema.kind).collect();
    if let Some(kind) = kinds.iter().find(|kind| kind.as_str() == text) {
        return Ok((*kind).clone());
    }
    let short = |kind: &&&Kind| kind.as_str().strip_suffix(text).is_some_and(|rest| rest.ends_with(':'));
    let fitting: Vec<_> = kinds.iter().filter(short).collect();
    if let [kind] = fitting[..] {
        return Ok((*kind).clone());
    }
    let own = |kind: &Kind| kind.as_str().rsplit(':').next().unwrap_or_default().to_owned();
    let names: Vec<String> = kinds.iter().map(|kind| own(kind)).collect();
    let word = text.rsplit(':').next().unwrap_or(text);
    let near = nearest(word, names.iter().map(String::as_str));
    let near = near.and_then(|near| kinds.iter().find(|kind| own(kind) == near));
    let hint = match (fitting.is_empty(), near) {
        (false, _) => format!("it may be {}", several(&fitting)),
        (true, Some(near)) => format!("did you mean `{near}`?"),
        (true, None) => format!("`{} schema` lists those that it has", context.call),
    };
    Err(Stop::usage(format!("this program has no kind `{text}`: {hint}")))
}

fn several(kinds: &[&&Kind]) -> String {
    kinds.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" or ")
}

fn show(context: &mut Context<'_, '_>, kind: &Kind, found: &Unmanaged) {
    let Unmanaged { listing, managed, unread } = found;
    for (stack, why) in unread {
        context
            .screen
            .remark(format!("note: {stack} cannot be read, and what it records is listed too: {why}"));
    }
    let place = if listing.place.is_empty() { String::new() } else { format!(" in {}", listing.place) };
    let more = if *managed > 0 { format!("; {managed} more are recorded") } else { String::new() };
    if listing.objects.is_empty() {
        context.screen.say(format!("There is no {kind}{place} that no stack records{more}"));
        return;
    }
    let rows: Vec<_> = listing.objects.iter().map(|object| [object.id.clone(), fields(object)]).collect();
    context.screen.say(table::table(["id", "what it reports"], &rows).trim_end());
    let count = listing.objects.len();
    context.screen.chat(format!("\n{count} {kind}{place} that no stack records{more}"));
}

fn document(kind: &Kind, found: &Unmanaged) -> Json {
    let Unmanaged { listing, managed, unread } = found;
    let objects: Vec<Json> = listing.objects.iter().map(object).collect();
    let unread: Vec<&str> = unread.iter().map(|(stack, _)| stack.as_str()).collect();
    let place = listing.place.to_string();
    json!({"kind": kind, "place": place, "unmanaged": objects, "managed": managed, "unread": unread})
}

fn object(object: &Object) -> Json {
    let map = |map: &sskuba_core::value::Map| -> Json {
        Json::Object(map.iter().map(|(name, value)| (name.clone(), value.masked())).collect())
    };
    json!({"id": object.id, "inputs": map(&object.inputs), "outputs": map(&object.outputs)})
}

/// Writes the fields by which a person knows an object again.
fn fields(object: &Object) -> String {
    let said = object.inputs.iter().filter(|(_, value)| !matches!(value, Value::Null));
    let said = said.filter(|(_, value)| !matches!(value, Value::List(items) if items.is_empty()));
    let said = said.filter(|(_, value)| !matches!(value, Value::Map(map) if map.is_empty()));
    let parts: Vec<String> =
        said.take(FIELDS).map(|(name, value)| format!("{name}: {}", value::show(value, false))).collect();
    parts.join(", ")
}
