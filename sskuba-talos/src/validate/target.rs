//! Where a config is to be used.

use serde::{Deserialize, Serialize};
use sskuba_core::clock::Timestamp;
use sskuba_core::prelude::Shape;

use crate::contract::Contract;

/// What a machine runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Mode {
    /// A machine that Talos installs itself to.
    #[default]
    Metal,
    /// A machine of a cloud, whose image is Talos already.
    Cloud,
    /// A container.
    Container,
}

/// Where a config is to be used, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Target {
    /// What the machine runs on.
    pub mode: Mode,
    /// The version of Talos that it runs.
    pub contract: Contract,
    /// The time at which certificates must be valid; without one that is not looked at.
    pub now: Option<Timestamp>,
    /// Whether any version of Kubernetes will do; by default it must be one that this Talos runs.
    pub any_kubernetes: bool,
}

impl Target {
    /// Names what a machine runs on and its version of Talos.
    pub const fn new(mode: Mode, contract: Contract) -> Self {
        Self { mode, contract, now: None, any_kubernetes: false }
    }

    /// Sets the time at which certificates must be valid.
    #[must_use]
    pub const fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// Takes any version of Kubernetes.
    #[must_use]
    pub const fn with_any_kubernetes(mut self) -> Self {
        self.any_kubernetes = true;
        self
    }
}
