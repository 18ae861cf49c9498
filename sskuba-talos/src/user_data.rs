//! A machine config as a platform hands it to a machine that boots for the first time.
//!
//! Talos takes it in gzip on every platform, so that is what is made: in base64, on one line, which is what the services
//! want. The same config gives the same bytes: nothing in them says when or where they were made.
//!
//! ```
//! use sskuba_core::secret::Secret;
//! use sskuba_talos::user_data::{Platform, user_data};
//!
//! let config = Secret::new("machine:\n    type: worker\n".to_owned());
//! let text = user_data(&config, Platform::Aws)?;
//! assert!(text.expose().starts_with("H4sI"));
//! # Ok::<(), sskuba_talos::user_data::UserDataError>(())
//! ```

use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};
use sskuba_core::prelude::Shape;
use sskuba_core::secret::Secret;

/// What hands a config to a machine, which decides how large it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Platform {
    /// Another one, whose limit is not known here.
    #[default]
    Other,
    /// The user data of EC2: 16 KiB before base64.
    Aws,
    /// The custom data of Azure: 65,535 bytes before base64.
    Azure,
    /// `guestinfo.talos.config` of VMware: 64 KiB of base64.
    Vmware,
}

impl Platform {
    /// Returns how many bytes it takes, if that is known, and whether those of base64 count.
    const fn limit(self) -> Option<(usize, bool)> {
        match self {
            Self::Other => None,
            Self::Aws => Some((16 << 10, false)),
            Self::Azure => Some((65_535, false)),
            Self::Vmware => Some((64 << 10, true)),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Other => "the platform",
            Self::Aws => "EC2's user data",
            Self::Azure => "Azure's custom data",
            Self::Vmware => "VMware's guestinfo",
        }
    }
}

/// What keeps a config from being handed to a machine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserDataError {
    /// It is larger than the platform takes.
    #[error(
        "the config has {plain} bytes, {packed} of them as {} takes it (gzip{}), which is at most {most}: \
         what machines can get later need not be in it, such as manifests and files of patches",
        platform.name(), if *encoded { " in base64" } else { "" }
    )]
    TooLarge {
        /// Who takes it.
        platform: Platform,
        /// The bytes of the config.
        plain: usize,
        /// The bytes that count.
        packed: usize,
        /// How many may be.
        most: usize,
        /// Whether those of base64 count.
        encoded: bool,
    },
    /// It could not be packed.
    #[error("the config could not be packed: {0}")]
    Packing(#[source] io::Error),
}

/// Packs a config, for platforms that take bytes. What unpacks it is [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952).
///
/// # Errors
/// If it cannot be packed, which no config is known to bring about.
pub fn gzip(config: &Secret<String>) -> Result<Secret<Vec<u8>>, UserDataError> {
    // Without a time, a name, and the system that it was made on.
    let mut packer = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    packer.write_all(config.expose().as_bytes()).map_err(UserDataError::Packing)?;
    packer.finish().map(Secret::new).map_err(UserDataError::Packing)
}

/// Packs a config and writes it in base64, on one line.
///
/// # Errors
/// If it is larger than the platform takes; with both sizes.
pub fn user_data(config: &Secret<String>, platform: Platform) -> Result<Secret<String>, UserDataError> {
    let packed = gzip(config)?;
    let text = Secret::new(STANDARD.encode(packed.expose()));
    if let Some((most, encoded)) = platform.limit() {
        let counts = if encoded { text.expose().len() } else { packed.expose().len() };
        if counts > most {
            let plain = config.expose().len();
            return Err(UserDataError::TooLarge { platform, plain, packed: counts, most, encoded });
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use sskuba_core::clock::{IdSource, SeededIds};

    use super::*;

    /// Returns a text that packs to about so many bytes: no two parts of it are alike.
    fn noise(bytes: usize) -> Secret<String> {
        let mut random = vec![0; bytes * 3 / 4];
        SeededIds::new(7).fill(&mut random);
        Secret::new(STANDARD.encode(random))
    }

    #[test]
    fn it_comes_back_and_is_always_the_same() {
        let config = noise(5_000);
        let text = user_data(&config, Platform::Aws).unwrap();
        assert!(!text.expose().contains(['\n', ' ']));
        let bytes = STANDARD.decode(text.expose()).unwrap();
        // The magic by which Talos knows it, no flags, no time, no system.
        assert_eq!(bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
        let mut plain = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, *config.expose());
        assert_eq!(user_data(&config, Platform::Other).unwrap().expose(), text.expose());
    }

    #[test]
    fn every_platform_has_its_limit_and_the_error_says_the_size() {
        for (platform, most, name) in [
            (Platform::Aws, 16_384, "EC2's user data"),
            (Platform::Azure, 65_535, "Azure's custom data"),
            (Platform::Vmware, 65_536 * 3 / 4, "VMware's guestinfo"),
        ] {
            // Base64 in gzip is as large as what was encoded, and a little more.
            let fits = noise(most * 4 / 3 - most / 30);
            assert!(user_data(&fits, platform).is_ok(), "{platform:?}");
            let large = noise(most * 4 / 3 + most / 10);
            let error = user_data(&large, platform).unwrap_err();
            let UserDataError::TooLarge { plain, packed, most, .. } = error else { panic!("{error}") };
            assert!(packed > most && plain == large.expose().len());
            let said = error.to_string();
            assert!(said.contains(name) && said.contains(&packed.to_string()), "{said}");
            assert!(!said.contains(&large.expose()[..20]), "{said}");
            assert!(user_data(&large, Platform::Other).is_ok());
        }
    }
}
