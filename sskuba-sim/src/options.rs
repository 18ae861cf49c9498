//! How a simulated provider behaves.

use std::sync::Arc;
use std::time::Duration;

use sskuba_core::clock::{Clock, SystemClock};
use sskuba_core::schema::Schema;

use crate::faults::{Faults, Op};

/// How a simulated provider behaves. By default it answers at once and without faults.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many times faster than the real service it answers: 1 is as slow, infinity (or 0) is at once.
    pub speed: f64,
    /// How many times faster than in the real service a new object becomes visible to `find` and `read`; none:
    /// at once.
    pub visibility_speed: Option<f64>,
    /// What goes wrong.
    pub faults: Faults,
    /// The region of the instance: `{region}` in templates. Objects of another region are not seen.
    pub region: String,
    /// The account of the instance. Objects of another account are not seen.
    pub account: String,
    /// Dates the objects; time passes by it for visibility.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            speed: f64::INFINITY,
            visibility_speed: None,
            faults: Faults::default(),
            region: "sim-1".to_owned(),
            account: "000000000000".to_owned(),
            clock: Arc::new(SystemClock),
        }
    }
}

/// A read of any kind takes as long as a short call over the network.
const LOOK: Duration = Duration::from_millis(100);

impl Options {
    /// Sets how many times faster than the real service it answers.
    #[must_use]
    pub fn speed(mut self, speed: f64) -> Self {
        self.speed = speed;
        self
    }

    /// Sets how many times faster than in the real service a new object becomes visible.
    #[must_use]
    pub fn visibility_speed(mut self, speed: f64) -> Self {
        self.visibility_speed = Some(speed);
        self
    }

    /// Sets what goes wrong.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Sets the region of the default instance.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// Sets the account of the default instance.
    #[must_use]
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// Sets what dates the objects.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Returns how long an operation on a kind takes.
    pub(crate) fn latency(&self, schema: &Schema, op: Op) -> Duration {
        let full = match op {
            Op::Create if schema.has_early() => schema.expected.made,
            Op::Create => schema.expected.create,
            Op::Update => schema.expected.update,
            Op::Delete => schema.expected.delete,
            _ => LOOK,
        };
        faster(full, self.speed)
    }

    /// Returns for how long an object that exists cannot be used.
    pub(crate) fn unready(&self, schema: &Schema) -> Duration {
        match schema.has_early() {
            true => faster(schema.expected.create.saturating_sub(schema.expected.made), self.speed),
            false => Duration::ZERO,
        }
    }

    /// Returns for how long a new object of a kind is invisible.
    pub(crate) fn invisible(&self, schema: &Schema) -> Duration {
        self.visibility_speed.map_or(Duration::ZERO, |speed| faster(schema.visibility, speed))
    }
}

fn faster(full: Duration, speed: f64) -> Duration {
    if !speed.is_finite() || speed <= 0.0 {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(full.as_secs_f64() / speed).unwrap_or(Duration::MAX)
}
