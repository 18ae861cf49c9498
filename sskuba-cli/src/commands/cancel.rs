//! `cancel`

use std::time::Duration;

use serde_json::json;
use sskuba_core::state::Holder;
use tokio::time::{Instant, sleep};

use crate::args::Cancel;
use crate::context::{Access, Context};
use crate::stop::{Code, Stop};

/// How often it is looked whether the other program has stopped.
const LOOK: Duration = Duration::from_millis(50);

pub(super) async fn run(context: &mut Context<'_, '_>, args: &Cancel) -> Result<Code, Stop> {
    context.refuse_unknown_place(Access::Read)?;
    let (store, stack) = (context.store()?, context.stack.clone());
    let Some(holder) = store.ask_to_stop(&stack).await? else {
        let list = context.hint("stack list");
        return Err(Stop::failed(format!(
            "nothing runs on {stack}, so there is nothing to cancel; {list} shows which stacks are in use"
        )));
    };
    let stopped = match args.wait {
        None => false,
        Some(wait) => {
            let gone = ended(store.as_ref(), &holder, context, wait);
            gone.await?
        }
    };
    context.screen.say(match stopped {
        true => format!("{holder} has stopped"),
        false => format!("Asked {holder} to stop; it ends what is under way first"),
    });
    if let (false, Some(wait)) = (stopped, args.wait) {
        let wait = humantime::format_duration(wait);
        return Err(Stop { code: Code::Busy, message: format!("it has not stopped within {wait}") });
    }
    if context.screen.json {
        context.screen.document(&json!({"stack": stack, "asked": holder, "stopped": stopped}));
    }
    Ok(Code::Done)
}

/// Waits until a holder has let go of the stack; tells whether it has.
async fn ended(
    store: &dyn sskuba_core::state::StateStore,
    holder: &Holder,
    context: &Context<'_, '_>,
    wait: Duration,
) -> Result<bool, Stop> {
    let start = Instant::now();
    loop {
        if store.holder(&context.stack).await?.is_none_or(|now| now.fence != holder.fence) {
            return Ok(true);
        }
        if start.elapsed() >= wait {
            return Ok(false);
        }
        sleep(LOOK).await;
    }
}
