//! Certificates that are made anew before they expire.

use std::time::Duration;

use sskuba_core::clock::Timestamp;
use sskuba_core::value::{Map, Value};

/// Returns a time in hours.
pub(crate) fn hours(hours: u32) -> Duration {
    Duration::from_secs(u64::from(hours) * 3600)
}

/// Returns when a certificate that is valid `from` one moment `until` another is made anew: so many hours before its end,
/// and after two thirds of its time where nobody said. One that is valid for little more than `before` is used for half of
/// its time, or it would be old when it is made.
pub(crate) fn renew_at((from, until): (Timestamp, Timestamp), before: Option<u32>) -> Timestamp {
    let lifetime = until.since(from);
    match before {
        None => from.after(lifetime * 2 / 3),
        Some(before) => from.after(lifetime.saturating_sub(hours(before).min(lifetime / 2))),
    }
}

/// Adds to a record of version 1, which had none, when its document is made anew: when it ends. The update that the version
/// asks for says it better.
pub(crate) fn without_renewal(from: u32, outputs: &mut Map) {
    if from < 2 && !outputs.contains_key("renew_at") {
        let end = outputs.get("expires").cloned().unwrap_or(Value::from(0_u64));
        outputs.insert("renew_at".to_owned(), end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_anew_before_its_end() {
        let at = |hours: u64| Timestamp(hours * 3_600_000);
        let day = (at(0), at(24));
        assert_eq!(renew_at(day, None), at(16));
        assert_eq!(renew_at(day, Some(2)), at(22));
        assert_eq!(renew_at(day, Some(48)), at(12), "one that never is that fresh");
        assert_eq!(renew_at((at(24), at(0)), None), at(24), "one that ends before it begins");
        assert_eq!(renew_at((at(100), at(8860)), None), at(5940), "a year");
    }

    #[test]
    fn an_earlier_record_says_when_it_ends() {
        let mut outputs = Map::from([("expires".to_owned(), Value::from(7_u64))]);
        without_renewal(1, &mut outputs);
        assert_eq!(outputs["renew_at"], Value::from(7_u64));
        outputs.insert("renew_at".to_owned(), Value::from(5_u64));
        without_renewal(1, &mut outputs);
        assert_eq!(outputs["renew_at"], Value::from(5_u64), "what was reported since stays");
    }
}
