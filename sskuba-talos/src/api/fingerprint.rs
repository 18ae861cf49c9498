//! The fingerprint of a machine's key, to know a machine that has no certificate of a cluster yet.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The SHA-256 of a certificate's public key (SPKI). Displays in base64, as a machine's console does.
///
/// ```
/// use sskuba_talos::api::Fingerprint;
/// let text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
/// let fingerprint: Fingerprint = text.parse()?;
/// assert_eq!(fingerprint.to_string(), text);
/// # Ok::<(), sskuba_talos::api::BadFingerprint>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

/// A text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no fingerprint: it is the SHA-256 of a public key, 44 characters of base64 or 64 of hex"
)]
pub struct BadFingerprint {
    /// What was given.
    pub text: String,
}

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    /// Reads base64, or hex with or without colons.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || BadFingerprint { text: text.to_owned() };
        let digits: String = text.trim().chars().filter(|c| *c != ':').collect();
        let bytes = if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let pair = |at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
            (0..64).step_by(2).map(pair).collect::<Option<Vec<u8>>>()
        } else {
            STANDARD.decode(text.trim()).ok()
        };
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(bad)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_in_every_usual_form() {
        let fingerprint = Fingerprint([0xab; 32]);
        let hex = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        for text in [fingerprint.to_string(), hex, colons] {
            assert_eq!(text.parse(), Ok(fingerprint), "{text}");
        }
        for text in ["", "abc", "ab:cd", &"é".repeat(32), &"ab".repeat(31), &"zz".repeat(32)] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
