//! The files that clients find a cluster with: [`Talosconfig`] for the machine API, [`Kubeconfig`] for Kubernetes.
//!
//! Both are read as what they are, YAML that many programs write to: what is not known here stays as it is and where it
//! is. Comments are lost, as they are with `talosctl` and `kubectl`.

mod archive;
mod conflict;
mod file;
mod kubeconfig;
mod merge;
mod talosconfig;

#[cfg(test)]
mod tests;

pub use archive::{ArchiveError, BadArchive};
pub use conflict::{OnConflict, Renamed};
pub use file::FileError;
pub use kubeconfig::{Access, Kubeconfig};
pub use talosconfig::{Context, Talosconfig};
