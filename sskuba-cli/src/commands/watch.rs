//! `watch`: what other programs record of the stack, as events.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sskuba_core::address::{Address, StackId};
use sskuba_core::applying::{Event, Events};
use sskuba_core::clock::{Clock, Timestamp};
use sskuba_core::engine::{Engine, EngineError, Run};
use sskuba_core::plan::Action;
use sskuba_core::provider::Class;
use sskuba_core::state::{Holder, Intent, Record, State, Status, StoreError, Verb};
use tokio::time::sleep;

use super::history;
use crate::context::{Access, Context};
use crate::display::Display;
use crate::render::{duration, plan};
use crate::stop::{Code, Stop};

/// How often it is looked while a program changes the stack, and while none does.
const BUSY: Duration = Duration::from_millis(200);
const IDLE: Duration = Duration::from_millis(500);

/// What is looked at, and by which clock.
#[derive(Debug, Clone, Copy)]
struct Watched<'a> {
    engine: &'a Engine,
    stack: &'a StackId,
    clock: &'a dyn Clock,
}

/// A stack at one look.
#[derive(Debug)]
struct Seen {
    at: Timestamp,
    state: State,
    holder: Option<Holder>,
}

impl Seen {
    fn fence(&self) -> Option<u64> {
        self.holder.as_ref().map(|holder| holder.fence)
    }
}

pub(super) async fn run(context: &mut Context<'_, '_>) -> Result<Code, Stop> {
    context.interrupts.listen();
    let engine = context.engine(Access::Read)?;
    let (stack, clock) = (context.stack.clone(), Arc::clone(&context.environment.clock));
    let watched = Watched { engine: &engine, stack: &stack, clock: clock.as_ref() };
    let mut seen = look(watched).await?;
    begin(context, &seen);
    loop {
        if seen.holder.is_none() {
            let next = tokio::select! {
                next = other(watched, &seen) => next?,
                () = context.interrupts.next() => return Ok(Code::Done),
            };
            if next.holder.is_none() {
                // It was over before it was seen.
                let display = Display::of_other(context.screen, &context.environment, stack.to_string());
                let work = tell(&seen, &next, display.events());
                follow(context, display, work).await;
                seen = next;
                ended(context, &engine).await?;
                continue;
            }
            seen.holder = next.holder;
        }
        let title = seen.holder.as_ref().map(|holder| format!("{stack}: {holder}")).unwrap_or_default();
        let display = Display::of_other(context.screen, &context.environment, title.clone());
        let work = program(watched, seen, (title, display.events()));
        match follow(context, display, work).await {
            None => return Ok(Code::Done),
            Some(next) => seen = next?,
        }
        ended(context, &engine).await?;
    }
}

async fn follow<T>(
    context: &mut Context<'_, '_>,
    mut display: Display,
    work: impl Future<Output = T>,
) -> Option<T> {
    let leave = |_| ControlFlow::Break(());
    display.follow(context.screen, &mut context.interrupts, work, leave).await
}

/// Reads the stack; one that is not there yet is empty, and one whose holder is too busy to answer is read again.
async fn look(Watched { engine, stack, clock }: Watched<'_>) -> Result<Seen, EngineError> {
    loop {
        let read = engine.read(stack).await;
        let at = clock.now();
        match read {
            Ok(snapshot) => return Ok(Seen { at, state: snapshot.state, holder: snapshot.holder }),
            Err(EngineError::Store(StoreError::NoStack(_))) => {
                return Ok(Seen { at, state: State::default(), holder: None });
            }
            Err(EngineError::Busy { .. }) => sleep(IDLE).await,
            Err(error) => return Err(error),
        }
    }
}

/// Waits until a program holds the stack, or has changed it.
async fn other(watched: Watched<'_>, seen: &Seen) -> Result<Seen, EngineError> {
    loop {
        sleep(IDLE).await;
        let now = look(watched).await?;
        if now.holder.is_some() || now.state.revision() != seen.state.revision() {
            return Ok(now);
        }
    }
}

/// Tells what a program does until it lets go of the stack.
async fn program(
    watched: Watched<'_>,
    mut seen: Seen,
    (title, events): (String, Events),
) -> Result<Seen, EngineError> {
    events.emit(Event::Note { message: title });
    // What was under way before anybody watched.
    seen.state.pending().for_each(|open| events.emit(started(open)));
    loop {
        let now = look(watched).await?;
        tell(&seen, &now, events.clone()).await;
        let over = now.fence() != seen.fence();
        seen = now;
        if over {
            return Ok(seen);
        }
        sleep(BUSY).await;
    }
}

/// Tells what happened between two looks.
async fn tell(old: &Seen, new: &Seen, events: Events) {
    if old.state.revision() != new.state.revision() {
        between(&old.state, &new.state, new.at).into_iter().for_each(|event| events.emit(event));
    }
}

fn action(verb: Verb) -> Action {
    match verb {
        Verb::Create => Action::Create,
        Verb::Update => Action::Update,
        Verb::Delete => Action::Delete,
    }
}

fn started(open: &Intent) -> Event {
    Event::Started { address: open.address.clone(), action: action(open.verb), expected_ms: 0 }
}

fn finished(record: &Record, action: Action) -> Event {
    let (address, id) = (record.address.clone(), record.shown_id().into_owned());
    Event::Finished { address, action, id, took_ms: record.took }
}

fn failed(address: &Address, action: Action, why: Option<&str>) -> Event {
    Event::Failed {
        address: address.clone(),
        action,
        class: Class::Terminal,
        message: why.unwrap_or("the program that called says why").to_owned(),
        request_id: None,
        hint: None,
        advice: Vec::new(),
        source_line: None,
    }
}

/// Returns what happened between two states, as the program that did it would say it.
fn between(old: &State, new: &State, seen_at: Timestamp) -> Vec<Event> {
    let mut events = Vec::new();
    for open in old.pending().filter(|open| new.pending_of(open.token).is_none()) {
        let (was, now) = (old.record(open.token), new.record(open.token));
        let whole = |record: &&Record| !matches!(record.status, Status::Partial | Status::Failed);
        let changed = was.map(|was| (was.updated, was.status)) != now.map(|now| (now.updated, now.status));
        events.push(match (open.verb, now) {
            (Verb::Delete, None) => deleted(&open.address, seen_at.since(open.time)),
            (Verb::Create | Verb::Update, Some(now)) if changed && whole(&now) => {
                finished(now, action(open.verb))
            }
            (verb, now) => failed(&open.address, action(verb), now.and_then(|now| now.failure.as_deref())),
        });
    }
    // What began and ended between the two looks.
    let seen =
        |record: &&Record| old.pending_of(record.token).is_none() && new.pending_of(record.token).is_none();
    for now in new.records().filter(seen) {
        match old.record(now.token) {
            None => events.push(finished(now, Action::Create)),
            Some(was) if was.applied != now.applied => events.push(finished(now, Action::Update)),
            Some(_) => {}
        }
    }
    let gone = old.records().filter(seen).filter(|was| new.record(was.token).is_none());
    // It began and ended between the two looks.
    events.extend(gone.map(|was| deleted(&was.address, Duration::ZERO)));
    events.extend(new.pending().filter(|open| old.pending_of(open.token).is_none()).map(started));
    events
}

/// Nothing is recorded of what is gone: when it was seen to be gone tells how long that took.
fn deleted(address: &Address, took: Duration) -> Event {
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    Event::Finished { address: address.clone(), action: Action::Delete, id: String::new(), took_ms }
}

fn begin(context: &mut Context<'_, '_>, seen: &Seen) {
    let (count, revision) = (seen.state.len(), seen.state.revision());
    if context.screen.json {
        return context.screen.event(&json!({
            "event": "watching", "stack": context.stack, "revision": revision, "resources": count,
            "holder": seen.holder,
        }));
    }
    let stack = context.stack.clone();
    let what = if count == 1 { "1 resource".to_owned() } else { format!("{count} resources") };
    let idle = if seen.holder.is_none() { "; nobody changes it now" } else { "" };
    context.screen.chat(format!("Watching {stack} at revision {revision}, {what}{idle}. Ctrl-C ends this"));
}

/// Says how the last run ended.
async fn ended(context: &mut Context<'_, '_>, engine: &Engine) -> Result<(), Stop> {
    let run = match engine.history(&context.stack, 1).await {
        Ok(runs) => runs.into_iter().next(),
        // The stack was removed.
        Err(EngineError::Store(StoreError::NoStack(_))) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(run) = run else { return Ok(()) };
    if context.screen.json {
        let mut event = history::document(&run);
        event["event"] = "run".into();
        context.screen.event(&event);
    } else {
        context.screen.say(line(&run));
    }
    Ok(())
}

fn line(run: &Run) -> String {
    let took = run.ended.map(|ended| format!(" after {}", duration::passed(ended.since(run.started))));
    let changes = plan::done(&run.changes);
    let changes = if changes.is_empty() { String::new() } else { format!(": {changes}") };
    let (command, result) = (&run.command, history::result(run));
    format!("{command} by {}: {result}{}{changes}", run.who, took.unwrap_or_default())
}
