//! A machine: its version, services, disks, and where in its life it is.

use std::fmt;
use std::str::FromStr;

/// How a machine is to be talked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It has no config and takes one from anybody.
    Maintenance,
    /// It has a config and wants a certificate of its cluster.
    Configured,
}

/// The version of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The tag, e.g. `v1.13.9`.
    pub tag: String,
    /// The commit that it was built from.
    pub sha: String,
    /// The architecture in Go's words, e.g. `amd64`.
    pub arch: String,
    /// The platform, e.g. `aws`, `vmware`, `metal`.
    pub platform: String,
}

/// Whether a service does what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Nobody looked yet, or it has no check.
    Unknown,
    /// It does.
    Healthy,
    /// It does not.
    Unhealthy,
}

/// A service of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name, e.g. `etcd`.
    pub id: String,
    /// Its state, e.g. `Running`, `Preparing`, `Finished`.
    pub state: String,
    /// Whether it does what it should.
    pub health: Health,
    /// What its last check said.
    pub message: String,
}

/// What a disk is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiskKind {
    /// The machine does not know.
    Unknown,
    /// A solid-state disk.
    Ssd,
    /// A rotating disk.
    Hdd,
    /// A disk on an NVMe bus.
    Nvme,
    /// A memory card.
    Sd,
    /// A compact disc.
    Cd,
}

/// A disk of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Its device, e.g. `/dev/sda`.
    pub device: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its model.
    pub model: String,
    /// Its serial number.
    pub serial: String,
    /// Its world-wide id.
    pub wwid: String,
    /// Its UUID.
    pub uuid: String,
    /// Where it is attached.
    pub bus_path: String,
    /// What it is made of.
    pub kind: DiskKind,
    /// Whether Talos is installed on it.
    pub system: bool,
    /// Whether nothing can be written to it.
    pub read_only: bool,
}

/// Where in its life a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// It says nothing of it, or something new.
    Unknown,
    /// It starts.
    Booting,
    /// It installs itself.
    Installing,
    /// It waits for a config.
    Maintenance,
    /// It runs.
    Running,
    /// It restarts.
    Rebooting,
    /// It switches off.
    ShuttingDown,
    /// It forgets what it was.
    Resetting,
    /// It installs another version.
    Upgrading,
}

impl Stage {
    /// Every stage, in the order of the API's numbers.
    pub const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Booting,
        Self::Installing,
        Self::Maintenance,
        Self::Running,
        Self::Rebooting,
        Self::ShuttingDown,
        Self::Resetting,
        Self::Upgrading,
    ];

    /// Returns the API's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Booting => "booting",
            Self::Installing => "installing",
            Self::Maintenance => "maintenance",
            Self::Running => "running",
            Self::Rebooting => "rebooting",
            Self::ShuttingDown => "shutting down",
            Self::Resetting => "resetting",
            Self::Upgrading => "upgrading",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = std::convert::Infallible;

    /// Reads the API's word; one that is not known is [`Stage::Unknown`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // The controllers write `shutting down`, older ones `shuttingDown`.
        let same = |stage: &Self| {
            let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
            plain(stage.as_str()) == plain(text)
        };
        Ok(Self::ALL.into_iter().find(same).unwrap_or(Self::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_read_as_they_are_written() {
        for stage in Stage::ALL {
            assert_eq!(stage.to_string().parse(), Ok(stage));
        }
        assert_eq!("shuttingDown".parse(), Ok(Stage::ShuttingDown));
        assert_eq!("dancing".parse(), Ok(Stage::Unknown));
    }
}
