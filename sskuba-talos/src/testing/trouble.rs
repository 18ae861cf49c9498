//! What goes wrong on demand.

use std::time::Duration;

use tonic::Code;

/// What goes wrong with the next calls.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Calls after which the connection is cut instead of an answer.
    pub(super) drop_next: u32,
    /// Calls that are answered with a code, and it.
    pub(super) refuse_next: Option<(u32, Code)>,
    /// How long every call takes longer.
    pub(super) delay: Duration,
    /// Whether every call is denied.
    pub(super) deny: bool,
    /// Whether etcd does not answer.
    pub(super) etcd_unhealthy: bool,
    /// Whether the installer fails.
    pub(super) installer_fails: bool,
}
