//! Retries, for providers whose client has none of its own. Never put round one that retries already.

use std::time::Duration;

use tokio::time::sleep;

use super::around::{Around, Call};
use crate::provider::{Class, Effect, Failure};

/// Makes a call again that failed with a passing fault and changed nothing. Throttled calls are left to the
/// engine, which makes fewer calls at once.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// How often a call is made at most.
    pub tries: u32,
    /// The first pause; each is twice as long as the one before, up to a minute.
    pub pause: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 4, pause: Duration::from_millis(200) }
    }
}

impl Around for Retry {
    async fn around<'a, T: Send>(
        &'a self,
        call: &'a (dyn Fn() -> Call<'a, T> + Send + Sync),
    ) -> Result<T, Failure> {
        let mut pause = self.pause;
        for _ in 1..self.tries.max(1) {
            match call().await {
                Err(f) if f.class == Class::Transient && f.effect == Effect::NotApplied => {
                    sleep(f.retry_after.unwrap_or(pause)).await;
                    pause = (pause * 2).min(Duration::from_secs(60));
                }
                result => return result,
            }
        }
        call().await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    async fn run(fail: impl Fn(u32) -> Result<u32, Failure> + Send + Sync) -> (Result<u32, Failure>, u32) {
        let calls = AtomicU32::new(0);
        let call = || -> Call<'_, u32> {
            let result = fail(calls.fetch_add(1, Ordering::Relaxed));
            Box::pin(std::future::ready(result))
        };
        (Retry::default().around(&call).await, calls.load(Ordering::Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_passing_fault_that_changed_nothing_is_tried_again() {
        let passing = |n| if n < 2 { Err(Failure::new(Class::Transient, "503")) } else { Ok(n) };
        assert_eq!(run(passing).await, (Ok(2), 3));
        assert_eq!(run(|_| Err(Failure::new(Class::Transient, "503"))).await.1, 4);
        assert_eq!(run(|_| Err(Failure::unknown(Class::Transient, "lost"))).await.1, 1);
        assert_eq!(run(|_| Err(Failure::new(Class::Throttled, "slow down"))).await.1, 1);
        assert_eq!(run(|_| Err(Failure::new(Class::Denied, "no"))).await.1, 1);
    }
}
