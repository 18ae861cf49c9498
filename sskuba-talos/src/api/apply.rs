//! How a config is applied, and how a machine is reset.

use std::time::Duration;

/// When an applied config takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ApplyMode {
    /// At once, with a reboot only where the change needs one.
    #[default]
    Auto,
    /// At once; refused where the change needs a reboot.
    NoReboot,
    /// After a reboot, which follows at once.
    Reboot,
    /// At the next reboot.
    Staged,
    /// At once, and taken back after `timeout` unless another config is applied before.
    Try {
        /// After how long it is taken back; the machine's own choice if zero.
        timeout: Duration,
    },
}

/// How a config is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ApplyOptions {
    /// When it takes effect.
    pub mode: ApplyMode,
    /// Whether the machine only checks it and says what it would do.
    pub dry_run: bool,
}

/// What a machine said of a config that it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What it took though it does not like it.
    pub warnings: Vec<String>,
    /// The mode that it chose, or that was asked for.
    pub mode: ApplyMode,
    /// The same in words, with what would change after a dry run.
    pub details: String,
}

/// How a machine is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RebootMode {
    /// By the kernel alone where that works (kexec).
    #[default]
    Default,
    /// Through the firmware.
    PowerCycle,
    /// At once, without stopping what runs.
    Force,
}

/// Which disks a reset wipes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WipeMode {
    /// The system's and the named ones of the user.
    #[default]
    All,
    /// The system's.
    SystemDisk,
    /// The named ones of the user.
    UserDisks,
}

/// How a machine is reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetOptions {
    /// Whether it leaves etcd and drains itself first; refused where that cannot be done.
    pub graceful: bool,
    /// Whether it starts again afterwards instead of switching off.
    pub reboot: bool,
    /// Labels of the system's partitions to wipe (`STATE`, `EPHEMERAL`); all of the disk if empty.
    pub system_partitions: Vec<String>,
    /// Device names of user disks to wipe.
    pub user_disks: Vec<String>,
    /// Which of these are wiped.
    pub wipe: WipeMode,
}

impl Default for ResetOptions {
    /// Leaves the cluster in order, wipes the system's disk and starts again.
    fn default() -> Self {
        Self {
            graceful: true,
            reboot: true,
            system_partitions: Vec::new(),
            user_disks: Vec::new(),
            wipe: WipeMode::All,
        }
    }
}
