//! Resolves what an earlier run left open, before anything else is done.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::task::{Id, JoinSet};
use tracing::Instrument as _;

use super::recover::{Resolved, look, resolve};
use crate::address::{Address, StackId, Token};
use crate::calling::{
    Call, Tools, after, bound, hidden, named_hidden, note_failure, panicked, place_of, prior_of, record_place,
};
use crate::event::{Event, Events};
use crate::journal::{Journal, JournalError};
use crate::provider::{Cx, Failure, Object};
use crate::schema::{Durations, Idempotency, strip_triggers};
use crate::state::{Entry, Intent, Verb};

/// How many open calls are looked into at once.
const AT_ONCE: usize = 64;

/// An open call that could not be resolved now.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("failed to find out whether the interrupted {} of {address} took effect", .verb)]
pub struct Unresolved {
    /// The resource.
    pub address: Address,
    /// What had been asked.
    pub verb: Verb,
    /// Why not.
    #[source]
    pub failure: Failure,
}

/// Resolves all open calls; what cannot be resolved is returned, the rest is durable.
///
/// # Errors
/// If the journal cannot be written.
pub async fn recover_all(
    journal: &mut Journal,
    stack: &StackId,
    tools: &Tools,
    events: &Events,
) -> Result<Vec<Unresolved>, JournalError> {
    // What a failed write left staged first: no call before its intent is durable.
    journal.commit().await?;
    // Provider instances first: the other calls may need them.
    let mut intents: Vec<Intent> = journal.state().pending().cloned().collect();
    let is_instance = |intent: &Intent| tools.registry.is_instance(&intent.address);
    intents.sort_by_cached_key(|intent| !is_instance(intent));
    let split = intents.partition_point(is_instance);
    let rest = intents.split_off(split);
    let mut unresolved = resolve_some(journal, stack, tools, events, intents).await?;
    unresolved.extend(resolve_some(journal, stack, tools, events, rest).await?);
    Ok(unresolved)
}

async fn resolve_some(
    journal: &mut Journal,
    stack: &StackId,
    tools: &Tools,
    events: &Events,
    intents: Vec<Intent>,
) -> Result<Vec<Unresolved>, JournalError> {
    let (mut unresolved, mut settled) = (Vec::new(), HashSet::new());
    let mut tasks: JoinSet<Result<Resolved, Failure>> = JoinSet::new();
    let mut open: HashMap<Id, (Token, Address, Verb)> = HashMap::new();
    let mut todo = intents.into_iter();
    loop {
        while tasks.len() < AT_ONCE {
            let Some(intent) = todo.next() else { break };
            let (address, verb, token) = (intent.address.clone(), intent.verb, intent.token);
            events.emit(Event::Recovering { address: address.clone(), verb });
            match call_of(journal, stack, tools, intent) {
                Ok(call) => {
                    let span = call.span();
                    let work = async move {
                        let resolved = resolve(&call).await.inspect_err(note_failure)?;
                        let ended = after(&call, call.until_made(resolved.ended)).await;
                        Ok(Resolved { ended, ..resolved })
                    };
                    let task = tasks.spawn(work.instrument(span));
                    open.insert(task.id(), (token, address, verb));
                }
                Err(failure) => unresolved.push(Unresolved { address, verb, failure }),
            }
        }
        let Some(ended) = tasks.join_next_with_id().await else { break };
        // A provider that panics leaves its call open, as a crash does.
        let (id, resolved) = ended.unwrap_or_else(|error| (error.id(), Err(panicked())));
        let Some((token, address, verb)) = open.remove(&id) else { continue };
        match resolved {
            Ok(resolved) => {
                record(journal, tools, events, (token, address, verb), resolved)?;
                settled.insert(token);
            }
            Err(failure) => unresolved.push(Unresolved { address, verb, failure }),
        }
    }
    journal.commit().await?;
    let state = journal.state();
    let is_settled = |token| settled.contains(&token) && state.pending_of(token).is_none();
    tools.registry.settled(stack, &is_settled);
    Ok(unresolved)
}

fn record(
    journal: &mut Journal,
    tools: &Tools,
    events: &Events,
    (token, address, verb): (Token, Address, Verb),
    resolved: Resolved,
) -> Result<(), JournalError> {
    let (outcome, time) = (resolved.ended.outcome, tools.clock.now());
    journal.stage(Entry::Outcome { token, outcome, time })?;
    if tools.registry.is_instance(&address) {
        record_place(journal, tools, &address, token)?;
    }
    if resolved.ended.gone {
        journal.stage(Entry::Forgotten { token, why: resolved.what.to_owned() })?;
    }
    let refused = resolved.ended.failure.map(|failure| format!(" ({failure})")).unwrap_or_default();
    events.emit(Event::Recovered { address, verb, what: format!("{}{refused}", resolved.what) });
    Ok(())
}

/// Tells whether a provider can find what an interrupted create made.
pub(crate) fn can_be_found(tools: &Tools, intent: &Intent) -> bool {
    let schema = tools.registry.schema(intent.address.kind_str());
    let idempotency = schema.map_or(Idempotency::None, |schema| schema.idempotency);
    idempotency != Idempotency::None && !tools.registry.is_instance(&intent.address)
}

/// Looks for what an interrupted create made, and does nothing about it.
///
/// # Errors
/// If the provider cannot be asked.
pub(crate) async fn find_made(
    journal: &Journal,
    stack: &StackId,
    tools: &Tools,
    intent: Intent,
) -> Result<Option<Object>, Failure> {
    let call = call_of(journal, stack, tools, intent)?;
    // In a task of its own: what panics has not found out anything.
    let mut task = JoinSet::new();
    task.spawn(async move { look(&call).await });
    task.join_next().await.and_then(Result::ok).unwrap_or_else(|| Err(panicked()))
}

/// Makes the call that an intent recorded.
fn call_of(journal: &Journal, stack: &StackId, tools: &Tools, intent: Intent) -> Result<Call, Failure> {
    let kind = intent.address.kind();
    let schema = tools.registry.schema(kind.as_str()).ok();
    let instance = if tools.registry.is_instance(&intent.address) {
        let (address, generation) = (&intent.address, Some(intent.token));
        tools.instances.configure(&tools.registry, address, generation, &intent.inputs)?
    } else {
        let used = (intent.provider.as_ref(), intent.instance);
        tools.instances.of(&tools.registry, journal.state(), kind.as_str(), used)?
    };
    let second = std::time::Duration::from_secs(1);
    let fallback =
        Durations { create: second, made: std::time::Duration::ZERO, update: second, delete: second };
    let expected = schema.as_ref().map_or(fallback, |schema| schema.expected);
    let record = journal.state().record(intent.token);
    let (prior, hidden) = (
        record.map(|record| prior_of(record, schema.as_deref())),
        hidden(schema.as_deref(), record, tools.clock.now()),
    );
    let now = tools.clock.now();
    let named_hidden = named_hidden(&tools.registry, journal.state(), &intent.dependencies, now);
    let (address, token, timeout) = (intent.address, intent.token, bound(None, &expected, intent.verb));
    let cx = Cx { recovering: true, ..Cx::new(stack.clone(), address, token, timeout) };
    let lease = Arc::clone(journal.lease_guard());
    let place = place_of(journal.state(), record);
    let hooks = tools.registry.hooks(&intent.flags.hooks)?;
    let (verb, inputs, status) =
        (intent.verb, strip_triggers(intent.inputs), record.map(|record| record.status));
    Ok(Call { verb, cx, lease, instance, schema, hidden, named_hidden, inputs, prior, status, place, hooks })
}
