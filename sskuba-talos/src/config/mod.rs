//! Machine configs: what a cluster and its machines are to be, and the documents that Talos reads.
//!
//! ```
//! use sskuba_talos::config::{self, Input, Role};
//! # fn demo(bundle: &sskuba_talos::secrets::Bundle) -> Result<(), config::ConfigErrors> {
//! let input = Input::new("base", "https://base:6443", "1.36.3").install_disk("/dev/sda");
//! let worker = config::generate(&input, &Role::worker(), bundle)?;
//! assert!(worker.to_yaml().expose().contains("type: worker"));
//! # Ok(())
//! # }
//! ```

mod contract;
mod document;
mod generate;
pub mod gpu;
mod input;
mod kubernetes;
mod machine;
mod machine_config;
mod network;
mod registries;
mod role;
mod storage;
mod tree;

pub use generate::generate;
pub use input::{Cni, Discovery, Input};
pub use kubernetes::{AdmissionPlugin, Component, Etcd, InlineManifest};
pub use machine::{File, KernelModule, Kubelet, LogDestination, Machine, Mount};
pub use machine_config::{ConfigErrors, MachineConfig};
pub use network::{HostEntry, Interface, Network, Route, Vlan};
pub use registries::{Mirror, Registries, RegistryAuth, RegistryTls};
pub use role::{Pool, Role};
pub use storage::{Encryption, EncryptionKey, Install, KeyKind};
