//! `import --from FILE`

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use sskuba_core::address::{Address, Kind, Name};
use sskuba_core::engine::{Engine, EngineError, Imports, Session, ToImport};
use sskuba_core::plan::Action;
use sskuba_core::suggest::suggestion;

use crate::advice;
use crate::args;
use crate::args::Selection;
use crate::context::{Access, Context};
use crate::render::paint::{clean, one_line};
use crate::render::table;
use crate::session::Opens;
use crate::stop::{Code, Stop};

/// One object of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    kind: String,
    name: String,
    id: String,
    #[serde(default, alias = "parent", alias = "path")]
    component: String,
    provider: Option<String>,
}

/// A file that has the list under a name, as TOML needs it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    import: Vec<Line>,
}

pub(super) async fn run(
    context: &mut Context<'_, '_>,
    args: &args::Import,
    file: &Path,
) -> Result<Code, Stop> {
    let lines = read(context, file)?;
    let engine = context.engine(Access::Write)?;
    let objects = objects(&engine, lines).map_err(|mistakes| {
        let list: String = mistakes.iter().map(|line| format!("\n  - {}", one_line(line))).collect();
        Stop::usage(format!("{} cannot be imported, and nothing was:{list}", file.display()))
    })?;
    let opens = Opens::recovered("import", &args.opening);
    let work = async |context: &mut Context<'_, '_>, session: &mut Session| {
        let imports = import(context, session, objects, args).await?;
        tell(context, session, &imports).await
    };
    context.with_session(&engine, opens, work).await
}

async fn import(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    objects: Vec<ToImport>,
    args: &args::Import,
) -> Result<Imports, Stop> {
    let options = context.plan_options(&Selection::default())?;
    let program = Arc::clone(&context.cli.program);
    let how = (args.continue_on_error, args.even_if_replaced);
    context.interrupts.guard(session.import_all(program.as_ref(), &options, objects, how)).await
}

/// Reads the file: JSON, or else TOML.
fn read(context: &Context<'_, '_>, file: &Path) -> Result<Vec<Line>, Stop> {
    let path = context.environment.resolve(file);
    let text = fs::read_to_string(&path).map_err(Stop::file("read", &path))?;
    let form = "the form is [{\"kind\": \"aws:ec2:Vpc\", \"name\": \"main\", \"id\": \"vpc-1\"}, …] in JSON, and a table \
                [[import]] for each object in TOML";
    let fail = |error: String| {
        Stop::usage(format!("{} cannot be read: {}; {form}", file.display(), clean(error.trim_end())))
    };
    let first = text.trim_start().chars().next();
    let is_toml = path.extension().is_some_and(|end| end == "toml") || !matches!(first, Some('[' | '{'));
    if is_toml {
        let named = toml_edit::de::from_str::<Named>(&text).map_err(|error| fail(error.to_string()))?;
        return Ok(named.import);
    }
    if first == Some('{') {
        return serde_json::from_str::<Named>(&text)
            .map(|named| named.import)
            .map_err(|error| fail(error.to_string()));
    }
    serde_json::from_str(&text).map_err(|error| fail(error.to_string()))
}

/// Reads what the objects are to be; says all that is wrong with the list itself.
fn objects(engine: &Engine, lines: Vec<Line>) -> Result<Vec<ToImport>, Vec<String>> {
    let schemas = engine.registry().schemas();
    let kinds: Vec<&str> = schemas.iter().map(|schema| schema.kind.as_str()).collect();
    let (mut found, mut mistakes) = (Vec::new(), Vec::new());
    let (mut addresses, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for (number, line) in (1..).zip(lines) {
        match object(&kinds, &line) {
            Ok(object) => {
                if !addresses.insert(object.address.clone()) {
                    mistakes.push(format!("object {number}: {} is in the list twice", object.address));
                }
                if !ids.insert((line.kind.clone(), line.id.clone())) {
                    mistakes
                        .push(format!("object {number}: {} `{}` is in the list twice", line.kind, line.id));
                }
                found.push(object);
            }
            Err(why) => mistakes.push(format!("object {number} (`{}`): {why}", line.name)),
        }
    }
    if mistakes.is_empty() { Ok(found) } else { Err(mistakes) }
}

fn object(kinds: &[&str], line: &Line) -> Result<ToImport, String> {
    if !kinds.contains(&line.kind.as_str()) {
        let hint = suggestion(&line.kind, kinds.iter().copied());
        return Err(format!("this program has no kind `{}`{hint}", line.kind));
    }
    let kind = Kind::parse(&line.kind).map_err(|error| error.to_string())?;
    let name = Name::parse(&line.name).map_err(|error| error.to_string())?;
    if line.id.is_empty() {
        return Err("its id is empty".to_owned());
    }
    let text = Address::new("", &kind, &name).to_string();
    let text = if line.component.is_empty() { text } else { format!("{}/{text}", line.component) };
    let address: Address = text.parse().map_err(|error| format!("{error}"))?;
    let provider = line.provider.as_deref().map(str::parse).transpose();
    let provider = provider.map_err(|error| format!("its provider: {error}"))?;
    Ok(ToImport { address, id: line.id.clone(), provider })
}

/// Reports on each object, and how to declare those that are not.
async fn tell(context: &mut Context<'_, '_>, session: &mut Session, imports: &Imports) -> Result<Code, Stop> {
    use sskuba_core::engine::Import;

    let (mut rows, mut failed, mut fits) = (Vec::new(), 0_u32, 0_u32);
    for (ToImport { address, id, .. }, import) in &imports.each {
        let (result, note, event) = match import {
            Import::Fits(imported) => {
                fits += 1;
                let next = match (imported.action, imported.certain) {
                    (Action::Same, _) => "as it is declared".to_owned(),
                    (action, true) => format!("the next `up` would {action} it"),
                    (action, false) => format!("the next `up` may {action} it"),
                };
                let differs: Vec<&str> =
                    imported.changes.iter().map(|change| change.field.as_str()).collect();
                let result = if imports.recorded { "imported" } else { "could be" };
                let event = json!({
                    "event": if imports.recorded { "imported" } else { "importable" }, "address": address, "id": id,
                    "differs": differs, "action": imported.action, "possible": !imported.certain,
                });
                (result, next, event)
            }
            Import::Already => {
                let event = json!({"event": "recorded_already", "address": address, "id": id});
                ("recorded already", String::new(), event)
            }
            Import::Failed(error) => {
                failed += 1;
                let why = advice::message(error);
                let event = json!({"event": "error", "address": address, "id": id, "message": why});
                ("failed", why, event)
            }
        };
        rows.push([address.to_string(), id.clone(), result.to_owned(), note]);
        if context.screen.json {
            context.screen.event(&event);
        }
    }
    context.screen.say(table::table(["address", "id", "result", ""], &rows).trim_end());
    for (object, import) in &imports.each {
        if let Import::Failed(EngineError::Undeclared { .. }) = import {
            // One that cannot be read is reported already, by another reason.
            let _ = super::import::suggest(context, session, &object.address, &object.id).await;
        }
    }
    if imports.recorded {
        context.changes.import = fits;
    }
    if failed == 0 {
        let hint = context.hint("preview");
        context.screen.chat(format!("\nNext: {hint} shows what `up` would change of them"));
        return Ok(Code::Done);
    }
    let rest = match (imports.recorded, fits) {
        (true, _) => "the others are recorded; correct the list or the program, and run this again",
        (false, 0) => "nothing was recorded",
        (false, _) => {
            "nothing was recorded; correct the list or the program, or add --continue-on-error to import the others"
        }
    };
    Err(Stop::failed(format!("{failed} of {} objects cannot be imported; {rest}", imports.each.len())))
}
