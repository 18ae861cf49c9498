//! A cluster as typed resources: secrets, configs, and what is done to machines through their API.
//!
//! ```
//! use sskuba_core::prelude::*;
//! use sskuba_talos::config;
//! use sskuba_talos::resources::{Applied, Bootstrap, Config, Secrets};
//!
//! fn cluster(stack: &mut Stack) -> Result<()> {
//!     let secrets = stack.add("base", Secrets::new())?;
//!     let input = config::Input::new("base", "https://base:6443", "1.36.3").install_disk("/dev/sda");
//!     let role = config::Role::control_plane();
//!     let config = stack.add("control-plane", Config::new(secrets.bundle(), input, role))?;
//!     let first = Applied::new("10.0.0.5", secrets.bundle(), config.yaml());
//!     let first = stack.add("first", first)?;
//!     stack.add("base", Bootstrap::new(first.machine(), secrets.bundle()))?;
//!     Ok(())
//! }
//! ```
//!
//! # What is done to machines
//! Every call can be made again: a config that is applied twice is applied once, etcd is started once, an upgrade
//! passes over what has the version already. So an interrupted run goes on where it was. Of a machine that
//! answers as another, or belongs to another cluster, nothing is changed.

mod applied;
mod cluster;
mod config;
mod image;
mod mistakes;
mod reset;
mod rotation;
mod sealed;
mod secrets;
mod talosconfig;
mod upgrade;

pub use applied::{Applied, AppliedArgs, AppliedOutputs, AppliedState};
pub use cluster::{
    Bootstrap, BootstrapArgs, BootstrapOutputs, BootstrapState, Health, HealthArgs, HealthOutputs,
    HealthState, Kubeconfig, KubeconfigArgs, KubeconfigOutputs, KubeconfigState,
};
pub use config::{Config, ConfigArgs, ConfigOutputs, ConfigState};
pub use image::{Image, ImageArgs, ImageOutputs, ImageState};
pub use reset::{Reset, ResetArgs, ResetOutputs, ResetState};
pub use rotation::{Rotation, RotationArgs, RotationOutputs, RotationState};
pub use sealed::{
    KeyPair, KeyPairArgs, KeyPairOutputs, KeyPairState, Sealed, SealedArgs, SealedOutputs, SealedState,
};
pub use secrets::{Secrets, SecretsArgs, SecretsOutputs, SecretsState};
pub use talosconfig::{Talosconfig, TalosconfigArgs, TalosconfigOutputs, TalosconfigState};
pub use upgrade::{Upgrade, UpgradeArgs, UpgradeOutputs, UpgradeState};

pub(crate) use mistakes::Kind;
