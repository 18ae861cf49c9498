//! A bound on calls per second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::around::{Around, Call};
use crate::provider::{Failure, Limits};

/// Spaces calls evenly, so that no more than so many start in a second. Clones share the bound.
#[derive(Debug, Clone)]
pub struct Rate {
    gap: Duration,
    next: Arc<Mutex<Option<Instant>>>,
}

impl Rate {
    /// Bounds the calls per second; a number that is not positive means no bound.
    pub fn per_second(calls: f64) -> Self {
        let gap = if calls.is_finite() && calls > 0.0 {
            Duration::from_secs_f64(1.0 / calls)
        } else {
            Duration::ZERO
        };
        Self { gap, next: Arc::default() }
    }

    fn slot(&self) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = next.map_or_else(Instant::now, |at| at.max(Instant::now()));
        *next = Some(slot + self.gap);
        slot
    }
}

impl Around for Rate {
    async fn around<'a, T: Send>(
        &'a self,
        call: &'a (dyn Fn() -> Call<'a, T> + Send + Sync),
    ) -> Result<T, Failure> {
        sleep_until(self.slot()).await;
        call().await
    }

    fn limits(&self, inner: Limits) -> Limits {
        Limits { per_second: None, ..inner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_are_spaced() {
        let (rate, start) = (Rate::per_second(10.0), Instant::now());
        let call = || -> Call<'_, ()> { Box::pin(std::future::ready(Ok(()))) };
        for _ in 0..11 {
            rate.around(&call).await.unwrap();
        }
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(1100), "{took:?}");
    }
}
