//! How Talos gets on its disk, and how that is encrypted.

use serde::{Deserialize, Serialize};
use sskuba_core::secret::Secret;

use super::machine::{append, over};

/// How Talos gets on its disk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Install {
    /// The disk, e.g. `/dev/sda`. A cloud's image is installed already and needs none.
    pub disk: Option<String>,
    /// The installer's image; [`Schematic::installer`](crate::schematic::Schematic::installer) names one with extensions.
    pub image: Option<String>,
    /// Whether the disk is wiped first.
    pub wipe: bool,
    /// Kernel arguments; from 1.12 on they belong in the schematic, and Talos takes these only with `grub_uki_cmdline` off.
    pub extra_kernel_args: Vec<String>,
    /// Whether GRUB takes the kernel arguments of the image; as the contract has it where it is left out.
    pub grub_uki_cmdline: Option<bool>,
}

impl Install {
    pub(super) fn lay(&mut self, special: &Self) {
        over(&mut self.disk, &special.disk);
        over(&mut self.image, &special.image);
        self.wipe |= special.wipe;
        append(&mut self.extra_kernel_args, &special.extra_kernel_args);
        over(&mut self.grub_uki_cmdline, &special.grub_uki_cmdline);
    }
}

/// How a machine's disk is encrypted: the keys of each partition; without keys it is not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Encryption {
    /// Keys of STATE, where the config itself is kept.
    pub state: Vec<EncryptionKey>,
    /// Keys of EPHEMERAL, where everything else is.
    pub ephemeral: Vec<EncryptionKey>,
}

/// A key of an encrypted partition; any one of its keys opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct EncryptionKey {
    /// Its slot, 0 to 31.
    pub slot: u8,
    /// What it is made of.
    pub kind: KeyKind,
    /// Whether it opens the partition only together with STATE; not for STATE itself.
    #[serde(default)]
    pub lock_to_state: bool,
}

/// What a key is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub enum KeyKind {
    /// The machine's identity: keeps out who has the disk alone.
    NodeId,
    /// A passphrase.
    Static(Secret<String>),
    /// A key service at this URL.
    Kms(String),
    /// The machine's TPM; `true` where Secure Boot is not looked at when the key is made.
    Tpm {
        /// True where Secure Boot is not looked at.
        ignore_secure_boot: bool,
    },
}

impl EncryptionKey {
    /// Puts a key in a slot.
    pub const fn new(slot: u8, kind: KeyKind) -> Self {
        Self { slot, kind, lock_to_state: false }
    }
}

impl Encryption {
    pub(super) fn lay(&mut self, special: &Self) {
        for (own, special) in [(&mut self.state, &special.state), (&mut self.ephemeral, &special.ephemeral)] {
            if !special.is_empty() {
                own.clone_from(special);
            }
        }
    }
}
