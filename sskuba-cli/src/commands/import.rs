//! `import`

use serde_json::json;
use sskuba_core::address::Address;
use sskuba_core::engine::{Engine, EngineError, Imported, Session};
use sskuba_core::plan::Action;
use sskuba_core::suggest::find;

use crate::args::{Import, Selection};
use crate::context::{Access, Context};
use crate::render::{difference, rust_code};
use crate::session::Opens;
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Import) -> Result<Code, Stop> {
    if let Some(file) = &args.from {
        return super::import_all::run(context, args, file).await;
    }
    let text = args.address.as_deref().unwrap_or_default();
    let Some(id) = &args.id else {
        super::listing::importable(context, text).await?;
        return Ok(Code::Done);
    };
    let engine = context.engine(Access::Write)?;
    let address = declared(context, &engine, text).await?;
    let opens = Opens::recovered("import", &args.opening);
    let work = async |context: &mut Context<'_, '_>, session: &mut Session| {
        let imported = import(context, session, &address, id, args.even_if_replaced).await?;
        Ok((imported, recorded_code(&engine, session, &address)))
    };
    let (imported, code) = context.with_session(&engine, opens, work).await?;
    context.changes.import = 1;
    if context.screen.json {
        let differs: Vec<&str> = imported.changes.iter().map(|change| change.field.as_str()).collect();
        let event = json!({
            "event": "imported", "address": address, "id": id, "differs": differs, "action": imported.action,
            "possible": !imported.certain, "rust": code,
        });
        context.screen.event(&event);
        return Ok(Code::Done);
    }
    context.screen.say(format!("Imported {id} as {address}"));
    let (paint, verbose) = (context.screen.paint, context.screen.verbose);
    for line in difference::lines(&imported.changes, paint, verbose) {
        context.screen.say(format!("      {line}"));
    }
    if let (Some(code), false) = (code, imported.changes.is_empty()) {
        context.screen.chat(format!("\nDeclared so, it stays as it is:\n\n{code}"));
    }
    let hint = context.hint("up");
    context.screen.chat(match (imported.action, imported.certain) {
        (Action::Same, _) => format!("\nIt is as the program declares it: {hint} has nothing to do for it"),
        (action, true) => format!("\nNext: {hint} would {action} it"),
        (action, false) => format!("\nNext: {hint} may {action} it; values that are not known yet decide"),
    });
    Ok(Code::Done)
}

/// Finds what the program declares under a whole address or a short name.
async fn declared(context: &mut Context<'_, '_>, engine: &Engine, text: &str) -> Result<Address, Stop> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let options = context.plan_options(&Selection::default())?;
    let program = std::sync::Arc::clone(&context.cli.program);
    let stack = context.stack.clone();
    let plan = context.interrupts.guard(engine.preview_with(&stack, program.as_ref(), &options)).await?;
    let found = find(text, plan.graph.nodes().iter().map(|node| &node.address)).cloned();
    found.map_err(|error| Stop::usage(format!("{error}; it names what the program declares")))
}

async fn import(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    address: &Address,
    id: &str,
    even_if_replaced: bool,
) -> Result<Imported, Stop> {
    let options = context.plan_options(&Selection::default())?;
    let program = std::sync::Arc::clone(&context.cli.program);
    let work = async {
        let imported = session.import(program.as_ref(), &options, address, id, even_if_replaced).await;
        Ok::<_, Stop>(imported)
    };
    match context.interrupts.guard(work).await? {
        Err(error @ EngineError::Undeclared { .. }) => {
            suggest(context, session, address, id).await?;
            Err(error.into())
        }
        imported => Ok(imported?),
    }
}

/// Shows how an object that the program does not declare would be declared.
pub(super) async fn suggest(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    address: &Address,
    id: &str,
) -> Result<(), Stop> {
    let Some(object) = context.interrupts.guard(session.look_for(address, id)).await? else {
        let kind = address.kind_str();
        return Err(Stop::failed(format!(
            "{address} cannot be imported: the provider knows no {kind} `{id}`"
        )));
    };
    let registry = context.engine(Access::Read)?;
    let Ok(schema) = registry.registry().schema(address.kind_str()) else { return Ok(()) };
    let code = rust_code::declaration(&schema, address, &object.inputs, session.state());
    if context.screen.json {
        context.screen.event(&json!({"event": "declaration", "address": address, "id": id, "rust": code}));
    }
    context.screen.say(format!("{id} would be declared so, and stay as it is:\n\n{code}"));
    Ok(())
}

/// Returns the code that declares what was imported as it is.
fn recorded_code(engine: &Engine, session: &Session, address: &Address) -> Option<String> {
    let record = session.state().current(address)?;
    let schema = engine.registry().schema(address.kind_str()).ok()?;
    // What is not reported is as it was declared.
    let mut inputs = record.applied.clone();
    inputs.extend(record.observed.clone());
    Some(rust_code::declaration(&schema, address, &inputs, session.state()))
}
