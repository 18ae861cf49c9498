//! Waits: for a state, for an object to become visible, for what still uses an object to go.

use std::future::Future;
use std::time::Duration;

use sskuba_core::provider::{Class, Failure, TypedPrior};
use tokio::time::Instant;

use super::{Call, Objects, Operations};

/// The longest that AWS goes on to report a dependency that is gone: network interfaces of load balancers take
/// some minutes.
const LINGERING: Duration = Duration::from_secs(300);
/// The longest that a new object may be unknown to a part of AWS.
const VISIBLE: Duration = Duration::from_secs(30);
/// The first pause between two looks, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// What a look found.
pub(crate) enum Look<T> {
    /// What was waited for.
    Done(T),
    /// Something else, named for the message.
    Not(String),
}

/// A pause that grows.
struct Pauses {
    next: Duration,
    until: Instant,
}

impl Pauses {
    fn until(until: Instant) -> Self {
        Self { next: PAUSES.0, until }
    }

    /// Sleeps; answers false, at once, when the time would be over.
    async fn pause(&mut self) -> bool {
        if Instant::now() + self.next >= self.until {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 3 / 2).min(PAUSES.1);
        true
    }
}

/// Looks until it finds what it waits for. Passing faults of a look do not end it.
pub(crate) async fn until<T, F>(
    call: &Call<'_, impl Objects>,
    what: &str,
    mut look: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<Look<T>, Failure>>,
{
    let mut pauses = Pauses::until(call.until);
    loop {
        let seen = match look().await {
            Ok(Look::Done(found)) => return Ok(found),
            Ok(Look::Not(seen)) => seen,
            Err(failure) if failure.class.is_passing() => failure.to_string(),
            Err(failure) => return Err(failure),
        };
        if !pauses.pause().await {
            let seconds = call.cx.timeout.as_secs();
            return Err(Failure::unknown(Class::Timeout, format!("{what}: still {seen} after {seconds} s"))
                .hint("it may get there by itself: run again, or give the resource a longer `.timeout(…)`"));
        }
    }
}

/// Repeats a delete while AWS says that something uses the object: it says so for a while after that is gone.
pub(crate) async fn unused<F>(
    call: &Call<'_, impl Objects>,
    mut delete: impl FnMut() -> F,
) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let mut pauses = Pauses::until(call.until.min(Instant::now() + LINGERING));
    loop {
        match delete().await {
            Ok(()) => return Ok(()),
            Err(failure) if failure.class == Class::Conflict => {
                if !pauses.pause().await {
                    // What the service's words are about, such as a protection, is said already.
                    return Err(match failure.hint {
                        Some(_) => failure,
                        None => failure.hint("something outside of this stack may use it; delete that first"),
                    });
                }
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Makes sure that an object is gone whose delete was told that something is not there: AWS says that of whatever else the
/// delete is about, too. What is gone may be shown for a while.
pub(crate) async fn gone<R: Operations>(
    call: &Call<'_, R::Api>,
    prior: &TypedPrior<R>,
    why: Failure,
) -> Result<(), Failure> {
    let mut pauses = Pauses::until(call.until.min(Instant::now() + VISIBLE));
    while R::get(call, prior).await?.is_some() {
        if !pauses.pause().await {
            let message = format!("{}; the {} itself is still there", why.message, R::NAME);
            return Err(Failure::new(Class::Conflict, message));
        }
    }
    Ok(())
}

/// Repeats a step that follows a create while AWS does not know the new object everywhere, or says that it is in no state
/// for it yet.
pub(crate) async fn accepted<T, F>(
    call: &Call<'_, impl Objects>,
    mut step: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut pauses = Pauses::until(call.until);
    loop {
        match step().await {
            Err(failure)
                if matches!(failure.class, Class::NotFound | Class::Conflict) && pauses.pause().await => {}
            other => return other,
        }
    }
}

/// Repeats a step that follows a create while AWS does not know the new object everywhere.
pub(crate) async fn visible<T, F>(
    call: &Call<'_, impl Objects>,
    mut step: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut pauses = Pauses::until(call.until.min(Instant::now() + VISIBLE));
    loop {
        match step().await {
            Err(failure) if failure.class == Class::NotFound && pauses.pause().await => {}
            other => return other,
        }
    }
}
