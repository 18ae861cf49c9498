//! Random numbers that a seed decides.

use std::time::Duration;

/// The shortest time after which a program is killed.
const SOONEST: Duration = Duration::from_millis(4);

/// Random numbers that a seed decides.
pub(super) struct Dice(u64);

impl Dice {
    /// Starts the numbers of one lane of a torture.
    pub(super) fn new(seed: u64, lane: u64) -> Self {
        Self(seed ^ (lane + 1) << 48)
    }

    /// Returns the next number.
    pub(super) fn roll(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns an instant before `most`: as often in each tenth of it as any other, but for one in four, which is as
    /// often in the first milliseconds as later.
    pub(super) fn instant(&mut self, most: Duration) -> Duration {
        let part = (self.roll() % 10_000) as f64 / 10_000.0;
        if self.roll().is_multiple_of(4) {
            let range = (most.as_secs_f64() / SOONEST.as_secs_f64()).max(1.0);
            SOONEST.mul_f64(range.powf(part))
        } else {
            most.mul_f64(part)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_lane_decide_the_instants_and_all_are_before_the_last() {
        let most = Duration::from_millis(700);
        let instants = |lane| {
            let mut dice = Dice::new(7, lane);
            (0..100).map(|_| dice.instant(most)).collect::<Vec<_>>()
        };
        assert_eq!(instants(1), instants(1));
        assert_ne!(instants(1), instants(2));
        assert!(instants(1).iter().all(|instant| *instant <= most));
    }
}
