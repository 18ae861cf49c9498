//! Image Factory's schematics: which extensions and kernel arguments an image has, by an id that is its content.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::yaml::{self, Map, Node};

/// What an image is to have. Two that ask for the same have the same id, whoever made them.
///
/// ```
/// use sskuba_talos::schematic::Schematic;
/// let plain = Schematic::default();
/// assert_eq!(plain.id(), "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba");
/// let tools = plain.extension("siderolabs/iscsi-tools");
/// assert!(tools.installer("metal", "v1.13.9", false).starts_with("factory.talos.dev/metal-installer/"));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Schematic {
    /// The account that it belongs to, at a factory that has accounts.
    pub owner: Option<String>,
    /// What a single-board computer needs.
    pub overlay: Option<Overlay>,
    /// What is to be in the image.
    pub customization: Customization,
}

/// What is to be in an image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Customization {
    /// A machine config that is in the image from the start. It is readable by whoever has the image.
    pub embedded_machine_configuration: Option<String>,
    /// Kernel arguments; one that begins with `-` is taken away.
    pub extra_kernel_args: Vec<String>,
    /// Values that are in META from the start.
    pub meta: Vec<MetaValue>,
    /// Extensions.
    pub system_extensions: SystemExtensions,
    /// What starts the system; the usual one of the version where nothing is said.
    pub bootloader: Option<Bootloader>,
    /// What is asked of Secure Boot.
    pub secureboot: SecureBoot,
    /// What is asked of disk images.
    pub disk_image: DiskImage,
}

/// What starts the system of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bootloader {
    /// GRUB where there is no UEFI, systemd-boot where there is.
    DualBoot,
    /// systemd-boot.
    SdBoot,
    /// GRUB.
    Grub,
}

impl Bootloader {
    const fn name(self) -> &'static str {
        match self {
            Self::DualBoot => "dual-boot",
            Self::SdBoot => "sd-boot",
            Self::Grub => "grub",
        }
    }
}

/// What is asked of disk images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DiskImage {
    /// The size of a sector in bytes: 512 where nothing is said, or 4096.
    pub sector_size: Option<u32>,
}

/// A value of META.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaValue {
    /// Its key, e.g. 0x0a for the network's config.
    pub key: u8,
    /// The value.
    pub value: String,
}

/// Extensions of an image.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SystemExtensions {
    /// Names of official ones, e.g. `siderolabs/iscsi-tools`; the factory takes the version for its Talos.
    pub official_extensions: Vec<String>,
}

/// What is asked of Secure Boot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SecureBoot {
    /// How keys are enrolled.
    pub enroll_keys: Option<String>,
    /// Whether well-known certificates of UEFI are enrolled too.
    pub include_well_known_certificates: bool,
}

/// What a single-board computer needs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Overlay {
    /// Its image, e.g. `siderolabs/sbc-raspberrypi`.
    pub image: String,
    /// Its name, e.g. `rpi_generic`.
    pub name: String,
    /// Its settings.
    pub options: IndexMap<String, Node>,
}

impl Overlay {
    /// Names an overlay.
    pub fn new(image: impl Into<String>, name: impl Into<String>) -> Self {
        Self { image: image.into(), name: name.into(), options: IndexMap::new() }
    }
}

impl Schematic {
    /// Adds an official extension, once.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>) -> Self {
        let (name, known) = (name.into(), &mut self.customization.system_extensions.official_extensions);
        if !known.contains(&name) {
            known.push(name);
        }
        self
    }

    /// Adds a kernel argument.
    #[must_use]
    pub fn kernel_arg(mut self, arg: impl Into<String>) -> Self {
        self.customization.extra_kernel_args.push(arg.into());
        self
    }

    /// Adds a value of META.
    #[must_use]
    pub fn meta(mut self, key: u8, value: impl Into<String>) -> Self {
        self.customization.meta.push(MetaValue { key, value: value.into() });
        self
    }

    /// Writes it in the one form that its id is the digest of; it is also what is posted to a factory to have it made.
    pub fn canonical(&self) -> String {
        yaml::write([&Node::Map(self.tree())])
    }

    /// Returns it in the order of the factory's own type, without what says nothing.
    fn tree(&self) -> Map {
        let mut all = Entries::default();
        all.text("owner", self.owner.as_deref());
        if let Some(Overlay { image, name, options }) = &self.overlay {
            let mut overlay = Entries::default();
            overlay.0.insert("image".to_owned(), image.as_str().into());
            overlay.0.insert("name".to_owned(), name.as_str().into());
            overlay.map("options", sorted(options));
            all.map("overlay", overlay.0);
        }
        let Customization { extra_kernel_args, meta, system_extensions, secureboot, .. } =
            &self.customization;
        let mut custom = Entries::default();
        let embedded = self.customization.embedded_machine_configuration.as_deref();
        custom.text("embeddedMachineConfiguration", embedded);
        custom.list("extraKernelArgs", extra_kernel_args.iter().map(|arg| arg.as_str().into()));
        custom.list(
            "meta",
            meta.iter().map(|MetaValue { key, value }| {
                let entries = [("key", Node::Int((*key).into())), ("value", value.as_str().into())];
                Node::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
            }),
        );
        let mut extensions = Entries::default();
        let official = system_extensions.official_extensions.iter();
        extensions.list("officialExtensions", official.map(|name| name.as_str().into()));
        custom.map("systemExtensions", extensions.0);
        custom.text("bootloader", self.customization.bootloader.map(Bootloader::name));
        let mut secure = Entries::default();
        secure.text("enrollKeys", secureboot.enroll_keys.as_deref());
        if secureboot.include_well_known_certificates {
            secure.0.insert("includeWellKnownCertificates".to_owned(), Node::Bool(true));
        }
        custom.map("secureboot", secure.0);
        let mut disk = Entries::default();
        if let Some(size) = self.customization.disk_image.sector_size.filter(|size| *size != 0) {
            disk.0.insert("sectorSize".to_owned(), Node::Int(size.into()));
        }
        custom.map("diskImage", disk.0);
        all.0.insert("customization".to_owned(), Node::Map(custom.0));
        all.0
    }

    /// Returns its id: the SHA-256 of its canonical form, in hexadecimal.
    pub fn id(&self) -> String {
        Sha256::digest(self.canonical()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Names the installer of a platform (`metal`, `aws`, `azure`, `vmware`, …) and a version of Talos.
    pub fn installer(&self, platform: &str, talos: &str, secure_boot: bool) -> String {
        self.installer_from("factory.talos.dev", platform, talos, secure_boot)
    }

    /// Names the installer as [`installer`](Self::installer) does, at a factory of one's own.
    pub fn installer_from(&self, factory: &str, platform: &str, talos: &str, secure_boot: bool) -> String {
        let secure = if secure_boot { "-secureboot" } else { "" };
        let version = talos.strip_prefix('v').unwrap_or(talos);
        format!("{factory}/{platform}-installer{secure}/{}:v{version}", self.id())
    }
}

/// Entries of a mapping, of which those that say nothing are left out.
#[derive(Default)]
struct Entries(Map);

impl Entries {
    fn text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.0.insert(key.to_owned(), value.into());
        }
    }

    fn list(&mut self, key: &str, items: impl Iterator<Item = Node>) {
        let items: Vec<Node> = items.collect();
        if !items.is_empty() {
            self.0.insert(key.to_owned(), Node::Seq(items));
        }
    }

    fn map(&mut self, key: &str, entries: Map) {
        if !entries.is_empty() {
            self.0.insert(key.to_owned(), Node::Map(entries));
        }
    }
}

/// Returns mappings with their keys in order, all the way down.
fn sorted(entries: &Map) -> Map {
    fn node(value: &Node) -> Node {
        match value {
            Node::Map(entries) => Node::Map(sorted(entries)),
            Node::Seq(items) => Node::Seq(items.iter().map(node).collect()),
            other => other.clone(),
        }
    }
    let mut all: Vec<(&String, &Node)> = entries.iter().collect();
    all.sort_by_key(|(key, _)| *key);
    all.into_iter().map(|(key, value)| (key.clone(), node(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids that Image Factory itself gives.
    #[test]
    fn ids_are_those_of_the_factory() {
        let plain = Schematic::default();
        let mut meta = plain.clone();
        meta.customization.meta.push(MetaValue { key: 10, value: "foo".into() });
        let mut secure = plain.clone();
        secure.customization.secureboot.include_well_known_certificates = true;
        let mut overlay = plain.clone();
        overlay.overlay = Some(Overlay::new("siderolabs/sbc-raspberrypi", "rpi_generic"));
        for (schematic, id) in [
            (plain.clone(), "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba"),
            (
                plain.clone().kernel_arg("noapic").kernel_arg("nolapic"),
                "9cba8e32753f91a16c1837ab8abf356af021706ef284aef07380780177d9a06c",
            ),
            (meta, "d308a2a5ee2277bed5fbaa104fcbc8d59122abfa737df987a95b4ca763459a7f"),
            (secure, "fa8e05f142a851d3ee568eb0a8e5841eaf6b0ebc8df9a63df16ac5ed2c04f3e6"),
            (overlay, "ee21ef4a5ef808a9b7484cc0dda0f25075021691c8c09a276591eedb638ea1f9"),
        ] {
            assert_eq!(schematic.id(), id, "{}", schematic.canonical());
        }
        assert_eq!(
            plain.installer("aws", "1.13.9", true),
            format!("factory.talos.dev/aws-installer-secureboot/{}:v1.13.9", plain.id())
        );
    }

    #[test]
    fn an_extension_is_named_once() {
        let twice = Schematic::default().extension("a/b").extension("a/b");
        assert_eq!(twice, Schematic::default().extension("a/b"));
    }
}
