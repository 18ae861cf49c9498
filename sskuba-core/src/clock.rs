//! The only sources of time and of randomness.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::address::Token;

/// A moment: milliseconds since 1970-01-01 UTC. Displays as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Returns the moment `by` later.
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Reads RFC 3339 in UTC, e.g. `2027-03-01T12:00:00Z`; none for any other text, and for what is before 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let since = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(since.as_millis()).ok().map(Self)
    }

    /// Returns the time from `earlier` to this moment; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 253402300799 is the last second that RFC 3339 can write; a damaged record must not panic.
        let time = UNIX_EPOCH + Duration::from_millis(self.0.min(253_402_300_799_000));
        write!(f, "{}", humantime::format_rfc3339_millis(time))
    }
}

/// Tells the time of day. Durations are measured and slept with `tokio::time`, which tests pause.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Returns the present moment.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes.
pub trait IdSource: Send + Sync + fmt::Debug {
    /// Fills `bytes` with random bytes that no one can guess.
    fn fill(&self, bytes: &mut [u8]);

    /// Returns a new token.
    fn token(&self) -> Token {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        Token::new(bytes)
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The operating system's random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl IdSource for SystemIds {
    #[expect(clippy::expect_used, reason = "without the system's randomness no token may be made at all")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random numbers");
    }
}

/// A sequence of ids that a seed decides, for tests and simulations; never for secrets.
#[derive(Debug)]
pub struct SeededIds(std::sync::atomic::AtomicU64);

impl SeededIds {
    /// Starts the sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).into())
    }
}

impl IdSource for SeededIds {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64.
            let state = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, std::sync::atomic::Ordering::Relaxed);
            let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_as_dates_and_never_panic() {
        assert_eq!(Timestamp(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert!(Timestamp(u64::MAX).to_string().starts_with("9999-12-31"));
        assert_eq!(Timestamp::parse("1970-01-01T00:00:01.500Z"), Some(Timestamp(1500)));
        for odd in ["", "1969-12-31T23:59:59Z", "1970-13-01T00:00:00Z", "1970-01-01", "tomorrow"] {
            assert_eq!(Timestamp::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_seed_decides_its_ids() {
        assert_eq!(SeededIds::new(7).token(), SeededIds::new(7).token());
        assert_ne!(SeededIds::new(7).token(), SeededIds::new(8).token());
    }
}
