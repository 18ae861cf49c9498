//! A call as a run makes it: not on what may be hidden still, and never left in doubt where that can be helped.

use tokio::time::{Instant, sleep};

use crate::calling::{Call, Ended, FIRST_LOOK, LAST_LOOK, after, before, note_failure, once, within};
use crate::provider::{Class, Effect, Failure, Object};
use crate::recovering::{read, resolve};
use crate::state::{Outcome, Verb};

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
    ended.failure.iter().for_each(note_failure);
    ended
}

/// Makes a call on an object that may not be seen yet: nothing is deleted that would be taken for gone, and what is not
/// found is asked for again while it may be hidden.
async fn when_seen(call: &Call) -> Result<Option<Object>, Failure> {
    if call.verb == Verb::Create || call.hidden.is_zero() || call.is_instance() {
        return once(call).await;
    }
    let (start, mut pause) = (Instant::now(), FIRST_LOOK);
    if call.verb == Verb::Delete {
        // Whether it is there at all is seen first; a delete of what is hidden would succeed and do nothing.
        read(call).await?;
        return once(call).await;
    }
    loop {
        let left = call.hidden.saturating_sub(start.elapsed());
        match once(call).await {
            Err(failure) if failure.class == Class::NotFound && !left.is_zero() => {
                sleep(pause.min(left)).await;
                pause = (pause * 2).min(LAST_LOOK);
            }
            answer => return answer,
        }
    }
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
