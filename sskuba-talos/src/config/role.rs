//! What a machine is for.

use serde::{Deserialize, Serialize};

use super::machine::Machine;

/// What a machine is for, with what sets its pool apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Role {
    /// It runs etcd and the Kubernetes API.
    ControlPlane(Pool),
    /// It runs work.
    Worker(Pool),
}

/// Machines that are alike, and what sets them apart from others of the cluster.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Pool {
    /// Its name, for people.
    pub name: String,
    /// What is laid over [`Input::machine`](super::Input::machine).
    pub machine: Machine,
}

impl Pool {
    /// Names a pool.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Sets what sets its machines apart.
    #[must_use]
    pub fn machine(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// Adds a label to its nodes.
    #[must_use]
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.machine.labels.insert(key.into(), value.into());
        self
    }

    /// Adds a taint, `value:Effect` or `Effect`, to its nodes.
    #[must_use]
    pub fn taint(mut self, key: impl Into<String>, effect: impl Into<String>) -> Self {
        self.machine.taints.insert(key.into(), effect.into());
        self
    }
}

impl Role {
    /// Returns the role of a control plane's machine that nothing sets apart.
    pub fn control_plane() -> Self {
        Self::ControlPlane(Pool::default())
    }

    /// Returns the role of a worker that nothing sets apart.
    pub fn worker() -> Self {
        Self::Worker(Pool::default())
    }

    /// Returns whether it is of the control plane.
    pub const fn is_control_plane(&self) -> bool {
        matches!(self, Self::ControlPlane(_))
    }

    /// Returns what sets it apart.
    pub const fn pool(&self) -> &Pool {
        match self {
            Self::ControlPlane(pool) | Self::Worker(pool) => pool,
        }
    }

    /// Returns Talos's name of it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ControlPlane(_) => "controlplane",
            Self::Worker(_) => "worker",
        }
    }
}
