//! Image Factory's schematics: which extensions and kernel arguments an image has, by an id that is its content.

mod canonical;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::yaml::Node;
use canonical::Writer;

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
    /// Kernel arguments; one that begins with `-` is taken away.
    pub extra_kernel_args: Vec<String>,
    /// Values that are in META from the start.
    pub meta: Vec<MetaValue>,
    /// Extensions.
    pub system_extensions: SystemExtensions,
    /// What is asked of Secure Boot.
    pub secureboot: SecureBoot,
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

    /// Writes it in the one form that its id is the digest of; it is also what is posted to a factory to have it made.
    pub fn canonical(&self) -> String {
        let mut writer = Writer::default();
        if let Some(overlay) = &self.overlay {
            writer.open("overlay", |overlay_writer| {
                overlay_writer.text("image", &overlay.image);
                overlay_writer.text("name", &overlay.name);
                overlay_writer.mapping("options", &overlay.options);
            });
        }
        let customization = &self.customization;
        writer.open("customization", |writer| {
            writer.texts("extraKernelArgs", &customization.extra_kernel_args);
            writer.items("meta", &customization.meta, |writer, value| {
                writer.number("key", value.key);
                writer.text("value", &value.value);
            });
            let extensions = &customization.system_extensions.official_extensions;
            if !extensions.is_empty() {
                writer.open("systemExtensions", |writer| writer.texts("officialExtensions", extensions));
            }
            if customization.secureboot.include_well_known_certificates {
                writer.open("secureboot", |writer| writer.truth("includeWellKnownCertificates"));
            }
        });
        writer.finish()
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
