//! `import`

use serde_json::json;
use sskuba_core::address::Address;
use sskuba_core::engine::{Imported, Session};

use crate::args::{Import, Selection};
use crate::context::{Access, Context};
use crate::stop::{Code, Stop};

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Import) -> Result<Code, Stop> {
    let address: Address = args.address.parse()?;
    let engine = context.engine(Access::Write)?;
    let mut session = context.open(&engine, "import", &args.opening).await?;
    let imported = match import(context, &mut session, &address, &args.id).await {
        Ok(imported) => imported,
        Err(stop) => return Err(context.close(session, stop).await),
    };
    context.revision = session.state().revision();
    session.close().await?;
    context.changes.import = 1;
    if context.screen.json {
        let differs = &imported.differs;
        let event = json!({"event": "imported", "address": address, "id": args.id, "differs": differs});
        context.screen.event(&event);
        return Ok(Code::Done);
    }
    context.screen.say(format!("Imported {} as {address}", args.id));
    let hint = context.hint("up");
    context.screen.chat(match imported.differs.is_empty() {
        true => format!("\nIt is as the program declares it: {hint} has nothing to do for it"),
        false => {
            let fields = imported.differs.join("`, `");
            format!("\nNext: {hint} changes `{fields}`, which the program declares otherwise")
        }
    });
    Ok(Code::Done)
}

async fn import(
    context: &mut Context<'_, '_>,
    session: &mut Session,
    address: &Address,
    id: &str,
) -> Result<Imported, Stop> {
    let options = context.plan_options(&Selection::default())?;
    let program = std::sync::Arc::clone(&context.cli.program);
    context.interrupts.guard(session.import(program.as_ref(), &options, address, id)).await
}
