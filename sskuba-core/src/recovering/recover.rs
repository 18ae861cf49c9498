//! What is done about a call of which it is not known whether it took effect. The same rules serve a run in
//! which an answer was lost and the next run after a crash.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::calling::{Call, Ended, FIRST_LOOK, LAST_LOOK, before, once, once_seen, within};
use crate::plan::{agree, drifts};
use crate::provider::{Change, Class, Effect, Failure, Object, Prior, Redaction};
use crate::schema::Idempotency;
use crate::state::{Outcome, Status, Verb};

/// How often one question is asked while its faults are passing ones.
const QUESTIONS: u32 = 8;

/// How an open call was resolved.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// What is written to the journal.
    pub(crate) ended: Ended,
    /// What was found and done, for people.
    pub(crate) what: &'static str,
}

/// Resolves a call.
///
/// # Errors
/// If it cannot be resolved now: the provider does not answer, or a person has to look.
pub(crate) async fn resolve(call: &Call) -> Result<Resolved, Failure> {
    if call.is_instance() {
        let answer = once(call).await?;
        return done(call, answer, "configured again");
    }
    match call.verb {
        Verb::Create => create(call).await,
        Verb::Update => update(call).await,
        Verb::Delete => delete(call).await,
    }
}

fn done(call: &Call, answer: Option<Object>, what: &'static str) -> Result<Resolved, Failure> {
    Ok(Resolved { ended: Ended::new(Ok(answer), Duration::ZERO, call.schema.as_deref()), what })
}

/// Repeats the call; a refusal resolves it too, an unknown effect does not.
async fn again(call: &Call, what: &'static str, refused: &'static str) -> Result<Resolved, Failure> {
    before(call).await?;
    let failure = match within(call.cx.timeout, once_seen(call)).await {
        Ok(object) => return done(call, object, what),
        Err(failure) => failure,
    };
    let what = match &failure.effect {
        Effect::Unknown => return Err(failure),
        // A passing fault before any effect says nothing.
        Effect::NotApplied if failure.class.is_passing() => return Err(failure),
        Effect::NotApplied => refused,
        Effect::Applied(_) => "asked again: half made, to be completed",
    };
    Ok(Resolved { ended: Ended::new(Err(failure), Duration::ZERO, call.schema.as_deref()), what })
}

async fn create(call: &Call) -> Result<Resolved, Failure> {
    let idempotency = call.schema.as_ref().map_or(Idempotency::None, |schema| schema.idempotency);
    match idempotency {
        Idempotency::Token => {
            let resolved = again(
                call,
                "asked again with the same token: one object",
                "asked again with the same token: refused, and there is none",
            )
            .await?;
            // A refusal is about this question; what came of the first one has to be seen.
            let refused = matches!(resolved.ended.outcome, Outcome::NotApplied { .. });
            match if refused { look(call).await? } else { None } {
                Some(object) => adopt(call, object).await,
                None => Ok(resolved),
            }
        }
        Idempotency::Tag => match look(call).await? {
            Some(object) => adopt(call, object).await,
            None => {
                again(call, "not found, so it was created", "not found, and creating it was refused").await
            }
        },
        Idempotency::None => Err(by_hand(call)),
    }
}

/// Looks for the object of an interrupted create. The provider is told none of its inputs, so that they are secret is
/// known here only.
pub(crate) async fn look(call: &Call) -> Result<Option<Object>, Failure> {
    let provider = call.instance.get().await?;
    let found = while_hidden(call, || provider.find(&call.cx)).await;
    let told = Redaction::new(vec![&call.inputs]);
    found.map(|object| object.map(|object| told.object(object))).map_err(|failure| told.failure(failure))
}

/// Reads the object of an interrupted update or delete. It may have been created a moment before.
pub(crate) async fn read(call: &Call) -> Result<Option<Object>, Failure> {
    let provider = call.instance.get().await?;
    let prior = call.prior.clone().unwrap_or_default();
    while_hidden(call, || provider.read(&call.cx, &prior)).await
}

/// Asks for an object for as long as it may be hidden. That it is not there is only concluded from a question that
/// was asked after that.
async fn while_hidden<'a>(
    call: &Call,
    ask: impl Fn() -> Pin<Box<dyn Future<Output = Result<Option<Object>, Failure>> + Send + 'a>>,
) -> Result<Option<Object>, Failure> {
    let start = Instant::now();
    let mut pause = FIRST_LOOK;
    loop {
        let left = call.hidden.saturating_sub(start.elapsed());
        let found = match patient(call, &ask).await {
            // A part of it, which a report asks for too, may be hidden longer.
            Err(failure) if failure.class == Class::NotFound && !left.is_zero() => None,
            answer => answer?,
        };
        if found.is_some() || left.is_zero() {
            return Ok(found);
        }
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(LAST_LOOK);
    }
}

/// Asks until there is an answer, or the fault does not pass. A question changes nothing, so it may be repeated.
async fn patient<'a, T>(
    call: &Call,
    ask: impl Fn() -> Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>,
) -> Result<T, Failure> {
    let mut pause = FIRST_LOOK;
    for _ in 1..QUESTIONS {
        match within(call.cx.timeout, ask()).await {
            Err(failure) if failure.class.is_passing() => {
                sleep(failure.retry_after.unwrap_or(pause)).await;
                pause = (pause * 2).min(LAST_LOOK);
            }
            answer => return answer,
        }
    }
    within(call.cx.timeout, ask()).await
}

/// Adopts the object that was found. One that the interrupted create left half made is completed.
async fn adopt(call: &Call, object: Object) -> Result<Resolved, Failure> {
    let complete = call.schema.as_ref().is_none_or(|schema| {
        let reported = |name: &str| schema.field(name).map(|field| (field, object.inputs.get(name)));
        call.inputs.iter().all(|(name, wanted)| {
            reported(name).is_none_or(|(field, reported)| !drifts(field, Some(wanted), reported))
        })
    });
    if complete {
        return done(call, Some(object), "found by its tag and adopted");
    }
    let Object { id, inputs, outputs } = object.clone();
    let change = Change { prior: Prior { id, inputs, outputs }, inputs: call.inputs.clone() };
    let provider = call.instance.get().await?;
    call.lease.check().await?;
    match within(call.cx.timeout, provider.update(&call.cx, &change)).await {
        Ok(object) => done(call, Some(object), "found by its tag half made, adopted and completed"),
        Err(failure) => {
            let partial = Failure { effect: Effect::Applied(Box::new(object)), ..failure };
            let ended = Ended::new(Err(partial), Duration::ZERO, call.schema.as_deref());
            Ok(Resolved { ended, what: "found by its tag half made; completing it was refused" })
        }
    }
}

fn by_hand(call: &Call) -> Failure {
    let address = &call.cx.address;
    let message = format!(
        "a create of {address} was interrupted, and its kind can neither be asked again nor be searched for; \
         an object may exist that nothing records"
    );
    Failure::unknown(Class::Terminal, message)
        .hint("look for it, because what became of it has to be said before anything else can be done")
}

async fn update(call: &Call) -> Result<Resolved, Failure> {
    let Some(object) = read(call).await? else {
        let failure = Failure::new(Class::NotFound, "the object was deleted behind the stack's back");
        let mut ended = Ended::new(Err(failure), Duration::ZERO, call.schema.as_deref());
        ended.gone = true;
        return Ok(Resolved { ended, what: "the object is gone" });
    };
    let before = call.prior.as_ref().map(|prior| prior.inputs.clone()).unwrap_or_default();
    let agrees =
        call.schema.as_ref().is_some_and(|schema| agree(schema, &before, &call.inputs, &object.inputs));
    // That the inputs of what is half made are as wanted says nothing.
    if agrees && call.status != Some(Status::Partial) {
        return done(call, Some(object), "the update had taken effect");
    }
    again(call, "the update was repeated", "the update was repeated and refused").await
}

async fn delete(call: &Call) -> Result<Resolved, Failure> {
    match read(call).await? {
        None => done(call, None, "the object is gone: the delete had taken effect"),
        Some(_) => again(call, "the object was still there and was deleted", "the delete was refused").await,
    }
}
