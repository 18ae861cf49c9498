//! A call as a run makes it: not on what may be hidden still, and never left in doubt where that can be helped.

use tokio::time::Instant;

use crate::calling::{Call, Ended, after, answered, before, note_failure, once_seen, within};
use crate::provider::{Class, Effect, Failure, Object, Readiness};
use crate::recovering::{read, resolve};
use crate::state::{Outcome, Status, Verb};

/// Why what was made can never be used where it is not there.
pub(super) const NOT_THERE: &str = "it is not there any more";

/// Makes the call. A call of which it cannot be told whether it changed anything is looked into at once, by the
/// rules of recovery.
pub(super) async fn perform(call: Call) -> Ended {
    let start = Instant::now();
    let answer = match before(&call).await {
        Ok(()) => within(call.cx.timeout, when_seen(&call)).await,
        Err(failure) => Err(Failure { effect: Effect::NotApplied, ..failure }),
    };
    let ended = match answer {
        Err(failure) if failure.effect == Effect::Unknown => match resolve(&call).await {
            Ok(mut resolved) => {
                if let Outcome::Applied { took, .. } = &mut resolved.ended.outcome {
                    *took = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
                }
                resolved.ended
            }
            Err(open) => {
                let failure = in_doubt(failure, &open);
                Ended::new(Err(failure), start.elapsed(), call.schema.as_deref())
            }
        },
        answer => Ended::new(answer, start.elapsed(), call.schema.as_deref()),
    };
    let ended = after(&call, call.until_made(ended)).await;
    let ended = with_the_end_of_its_making(&call, ended, start).await;
    ended.failure.iter().for_each(note_failure);
    ended
}

/// Makes a call on an object that may not be seen yet: nothing is deleted that would be taken for gone, and what is not
/// found is asked for again while it may be hidden.
async fn when_seen(call: &Call) -> Result<Option<Object>, Failure> {
    if call.verb == Verb::Delete && !call.hidden.is_zero() && !call.is_instance() {
        // Whether it is there at all is seen first; a delete of what is hidden would succeed and do nothing.
        read(call).await?;
    }
    once_seen(call).await
}

/// Finds out, where an update was refused of what was never seen ready, whether its service gave that up or it is gone: such an
/// object takes no change, and without the answer it would be changed again and again and never replaced.
async fn with_the_end_of_its_making(call: &Call, ended: Ended, start: Instant) -> Ended {
    let was_making = call.verb == Verb::Update && call.status.is_some_and(Status::may_not_be_ready);
    let is_refused = matches!(ended.outcome, Outcome::NotApplied { .. } | Outcome::Partial { .. })
        && ended.failure.as_ref().is_some_and(|failure| !failure.class.is_passing());
    let waits = call.schema.as_ref().is_some_and(|schema| schema.has_early());
    let (true, true, true, Some(prior)) = (was_making, is_refused, waits, call.prior.as_ref()) else {
        return ended;
    };
    let asked = async { call.instance.get().await?.ready(&call.cx, prior).await };
    let given_up = match answered(asked).await {
        Ok(Readiness::Failed(why)) => Some(why),
        Err(failure) if failure.class == Class::NotFound && start.elapsed() >= call.hidden => {
            Some(NOT_THERE.to_owned())
        }
        _ => None,
    };
    Ended { given_up, ..ended }
}

/// Says of a failed call that its effect is not known yet, and what is to be done about that.
fn in_doubt(failure: Failure, open: &Failure) -> Failure {
    let next = match (&failure.hint, &open.hint) {
        (Some(hint), _) => hint.clone(),
        (None, Some(hint)) => format!("whether it took effect is not known: {hint}"),
        (None, None) => "whether it took effect is not known: the next run finds that out first".to_owned(),
    };
    let advice = failure.advice.iter().chain(&open.advice).cloned().collect();
    Failure { advice, ..failure }.hint(next)
}
