//! Certificates that are made anew before they expire.

use std::time::Duration;

use sskuba_core::clock::Timestamp;

/// Returns a time in hours.
pub(super) fn hours(hours: u32) -> Duration {
    Duration::from_secs(u64::from(hours) * 3600)
}

/// Tells whether a certificate is to be used for a while yet. One that is valid for little more than `before` is used
/// for half of its time, or it would never be fresh.
pub(super) fn is_fresh((from, until): (Timestamp, Timestamp), before: Duration, now: Timestamp) -> bool {
    now.after(before.min(until.since(from) / 2)) < until
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_anew_before_its_end() {
        let at = |hours: u64| Timestamp(hours * 3_600_000);
        let day = (at(0), at(24));
        assert!(is_fresh(day, hours(2), at(21)));
        assert!(!is_fresh(day, hours(2), at(22)));
        assert!(!is_fresh(day, hours(2), at(30)));
        assert!(is_fresh(day, hours(48), at(11)), "one that never is that fresh");
        assert!(!is_fresh(day, hours(48), at(13)));
    }
}
