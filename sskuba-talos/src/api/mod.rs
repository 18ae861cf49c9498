//! What a machine of Talos can be asked and told, as plain types: without the client they are only data.

mod apply;
mod error;
mod etcd;
mod event;
mod fingerprint;
mod node;
mod resource;
mod target;

pub use apply::{Applied, ApplyMode, ApplyOptions, RebootMode, ResetOptions, WipeMode};
pub use error::{ApiError, ErrorKind, TlsFault};
pub use etcd::{Alarm, EtcdMember, EtcdStatus};
pub use event::{Event, EventKind, Progress, ServiceAction};
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use node::{Disk, DiskKind, Health, Mode, Service, Stage, Version};
pub use resource::{Change, ChangeKind, MachineStatus, Resource, ResourceKind};
pub use target::{BadTarget, Target};
