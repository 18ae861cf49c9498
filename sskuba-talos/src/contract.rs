//! Which form of machine config a version of Talos reads.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The form of a machine config: the minor version of Talos that it is written for.
///
/// ```
/// use sskuba_talos::contract::Contract;
/// assert_eq!("v1.12.4".parse(), Ok(Contract::V1_12));
/// assert_eq!(Contract::default().to_string(), "1.13");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Contract {
    /// One document; registries and the name of the host are in it.
    V1_11,
    /// The name of the host and registries are documents of their own.
    V1_12,
    /// KubeSpan is a document of its own.
    #[default]
    V1_13,
}

impl Contract {
    /// Every contract, oldest first.
    pub const ALL: [Self; 3] = [Self::V1_11, Self::V1_12, Self::V1_13];

    /// Returns major and minor version.
    pub const fn version(self) -> (u64, u64) {
        match self {
            Self::V1_11 => (1, 11),
            Self::V1_12 => (1, 12),
            Self::V1_13 => (1, 13),
        }
    }

    /// Returns the minor versions of Kubernetes 1 that this Talos runs.
    ///
    /// ```
    /// use sskuba_talos::contract::Contract;
    /// assert!(Contract::V1_13.kubernetes().contains(&36));
    /// ```
    pub const fn kubernetes(self) -> RangeInclusive<u64> {
        match self {
            Self::V1_11 => 29..=34,
            Self::V1_12 => 30..=35,
            Self::V1_13 => 31..=36,
        }
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = self.version();
        write!(f, "{major}.{minor}")
    }
}

/// A version of Talos that no contract of ours is for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version of Talos that configs can be written for; there are 1.11, 1.12 and 1.13")]
pub struct UnknownContract {
    /// What was given.
    pub text: String,
}

impl FromStr for Contract {
    type Err = UnknownContract;

    /// Reads `1.13`, `v1.13` or a whole version, e.g. `v1.13.9`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownContract { text: text.to_owned() };
        let plain = text.strip_prefix('v').unwrap_or(text);
        let mut parts = plain.split('.');
        let mut next = || parts.next().and_then(|part| part.parse::<u64>().ok());
        let version = next().zip(next()).ok_or_else(unknown)?;
        // What is left is a patch number, with what makes it a prerelease.
        let patch = parts.next().is_none_or(|patch| patch.starts_with(|first: char| first.is_ascii_digit()));
        let known = Self::ALL.into_iter().find(|contract| contract.version() == version);
        known.filter(|_| patch).ok_or_else(unknown)
    }
}

impl Serialize for Contract {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Contract {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_choose_their_contract() {
        for (text, contract) in
            [("1.11", Contract::V1_11), ("v1.12", Contract::V1_12), ("1.13.9", Contract::V1_13)]
        {
            assert_eq!(text.parse(), Ok(contract));
        }
        for text in ["", "1", "v1.10", "1.14.0-rc.1", "1.13.x", "latest", "1.-13"] {
            assert!(text.parse::<Contract>().is_err(), "{text}");
        }
    }
}
