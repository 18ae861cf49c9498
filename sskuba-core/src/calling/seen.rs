//! What was made a moment ago may not be seen everywhere yet: what is not found is asked for again, here for all kinds.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::call::{Call, FIRST_LOOK, LAST_LOOK, once};
use crate::provider::{Class, Effect, Failure, Object};
use crate::state::Verb;

/// Makes a call. While its object, or one that its inputs name, may be hidden, one that is not found is asked for again.
pub(crate) async fn once_seen(call: &Call) -> Result<Option<Object>, Failure> {
    let window = match call.verb {
        _ if call.is_instance() => Duration::ZERO,
        Verb::Create => call.named_hidden,
        Verb::Update => call.named_hidden.max(call.hidden),
        // One that is not found is deleted.
        Verb::Delete => Duration::ZERO,
    };
    while_hidden(window, || once(call)).await
}

/// Asks again while the answer is that something was not found, and nothing was changed, until the window is over. The last
/// question is asked after that.
pub(crate) async fn while_hidden<T, F>(window: Duration, ask: impl Fn() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let (start, mut pause) = (Instant::now(), FIRST_LOOK);
    loop {
        let left = window.saturating_sub(start.elapsed());
        match ask().await {
            Err(failure)
                if failure.class == Class::NotFound
                    && failure.effect == Effect::NotApplied
                    && !left.is_zero() => {}
            answer => return answer,
        }
        sleep(pause.min(left)).await;
        pause = (pause * 2).min(LAST_LOOK);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Answers that it is not there so often, and then how often it was asked.
    async fn asked(window: u64, hidden: u32, failure: Failure) -> Result<u32, Class> {
        let asked = AtomicU32::new(0);
        let answer = while_hidden(Duration::from_secs(window), || async {
            let nth = asked.fetch_add(1, Ordering::Relaxed) + 1;
            if nth <= hidden { Err(failure.clone()) } else { Ok(nth) }
        });
        answer.await.map_err(|failure| failure.class)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_found_is_asked_for_again_as_long_as_it_may_be_hidden() {
        let gone = || Failure::new(Class::NotFound, "no such network");
        assert_eq!(asked(30, 5, gone()).await, Ok(6));
        assert_eq!(asked(0, 1, gone()).await, Err(Class::NotFound));
        let begun = Instant::now();
        assert_eq!(asked(30, u32::MAX, gone()).await, Err(Class::NotFound));
        assert_eq!(begun.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_changed_something_is_not_asked_again() {
        assert_eq!(asked(30, 1, Failure::unknown(Class::NotFound, "lost")).await, Err(Class::NotFound));
        assert_eq!(asked(30, 1, Failure::new(Class::Conflict, "taken")).await, Err(Class::Conflict));
    }
}
