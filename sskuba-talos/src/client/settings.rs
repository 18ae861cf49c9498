//! How patient the client is.

use std::sync::Arc;
use std::time::Duration;

use sskuba_core::clock::{Clock, SystemClock};

use super::dial::{Dialer, Tcp};

/// How patient the client is, and how it reaches machines.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long opening a connection may take, TLS included.
    pub connect: Duration,
    /// How long one try of a call may take; connecting is part of it.
    pub deadline: Duration,
    /// How long a stream that reports progress (pulling, installing) may be silent.
    pub silence: Duration,
    /// How often a call is tried in all; what changes something is tried again only where it was not carried out.
    pub tries: u32,
    /// The pause before the second try; it doubles up to eight times itself.
    pub pause: Duration,
    /// After how long without a word the machine is asked whether it is still there.
    pub keepalive: Duration,
    /// The largest answer that is read, in bytes.
    pub largest: usize,
    /// How machines are reached.
    pub dialer: Arc<dyn Dialer>,
    /// What time it is, for our own certificate.
    pub clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            silence: Duration::from_mins(10),
            tries: 4,
            pause: Duration::from_millis(250),
            keepalive: Duration::from_secs(20),
            largest: 32 << 20,
            dialer: Arc::new(Tcp),
            clock: Arc::new(SystemClock),
        }
    }
}

impl Settings {
    /// Returns the pause after a number of tries.
    pub(super) fn pause_after(&self, tries: u32) -> Duration {
        self.pause * (1_u32 << tries.saturating_sub(1).min(3))
    }
}

/// How long something may take that takes its time, and how often to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// How long in all.
    pub within: Duration,
    /// The pause between two looks.
    pub every: Duration,
}

impl Default for Bound {
    /// Ten minutes, every two seconds.
    fn default() -> Self {
        Self { within: Duration::from_mins(10), every: Duration::from_secs(2) }
    }
}
