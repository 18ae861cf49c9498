//! Durations as people say them.

use std::time::Duration;

/// Writes a duration that has passed: `0.4s`, `12s`, `3m 05s`, `2h 07m`.
pub(crate) fn passed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{}.{}s", seconds, duration.subsec_millis() / 100),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Writes an expected duration, which is never exact: `1s`, `40s`, `3m`, `1h 20m`.
pub(crate) fn expected(milliseconds: u64) -> String {
    let seconds = milliseconds.div_ceil(1000);
    match seconds {
        0..10 => format!("{seconds}s"),
        10..60 => format!("{}s", seconds.div_ceil(5) * 5),
        60..3600 => format!("{}m", seconds.div_ceil(60)),
        _ => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let texts: Vec<String> =
            [0, 450, 9_990, 12_000, 185_000, 7_620_000].map(|ms| passed(Duration::from_millis(ms))).into();
        assert_eq!(texts, ["0.0s", "0.4s", "9.9s", "12s", "3m 05s", "2h 07m"]);
        assert_eq!([0, 1, 41_000, 170_000, 4_800_000].map(expected), ["0s", "1s", "45s", "3m", "1h 20m"]);
    }
}
