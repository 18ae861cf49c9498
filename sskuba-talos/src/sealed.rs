//! Texts that only one reader opens: machine configs that are handed over, or kept where others read.
//!
//! A sealed text is a file of [age](https://age-encryption.org), to X25519 recipients, in its armour of ASCII: `age -d -i KEY`
//! opens it too. Keys, and what a text is sealed with, come from the operating system's randomness.
//!
//! ```
//! use sskuba_core::secret::Secret;
//! use sskuba_talos::sealed::{key_pair, open, seal};
//!
//! let pair = key_pair()?;
//! let config = Secret::new("machine: {type: worker}".to_owned());
//! let text = seal(&config, &[pair.recipient])?;
//! assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
//! assert_eq!(open(&text, &pair.identity)?.expose(), config.expose());
//! # Ok::<(), sskuba_talos::sealed::SealError>(())
//! ```

use std::io::{Read as _, Write as _};
use std::str::FromStr as _;

use age::x25519::{Identity, Recipient};
use age::{Decryptor, Encryptor};
use sskuba_core::secret::Secret;
use sskuba_core::state::AgeKeyring;
use zeroize::Zeroizing;

use crate::pki::{first_block, write_block};

/// The label of age's armour.
const ARMOUR: &str = "AGE ENCRYPTED FILE";

/// The most that is opened, in bytes.
const LARGEST: u64 = 16 << 20;

/// Two keys: one that seals, and one that opens.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// Whom texts are sealed to, for everybody: `age1…`.
    pub recipient: String,
    /// What opens them: `AGE-SECRET-KEY-1…`.
    pub identity: Secret<String>,
}

/// Why a text is not sealed, or not opened. No error quotes the text or an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// It is not sealed to anybody.
    #[error("there is no recipient; one begins with age1")]
    Nobody,
    /// A recipient cannot be read.
    #[error("recipient {number} is none: {why}")]
    Recipient {
        /// Which one, from 1 on.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
    /// An identity cannot be read.
    #[error("it is no identity of age; one begins with AGE-SECRET-KEY-1")]
    Identity,
    /// The sealed text is damaged, or sealed to somebody else.
    #[error("the sealed text cannot be opened: {why}")]
    Sealed {
        /// Why.
        why: String,
    },
}

fn sealed(why: impl ToString) -> SealError {
    SealError::Sealed { why: why.to_string() }
}

/// Makes a pair of keys.
///
/// # Errors
/// If the identity that was made cannot be read, which does not happen.
pub fn key_pair() -> Result<KeyPair, SealError> {
    let identity = AgeKeyring::generate_identity();
    let recipient = AgeKeyring::recipient_of(&identity).map_err(|_| SealError::Identity)?;
    Ok(KeyPair { recipient, identity })
}

/// Reads recipients.
pub(crate) fn recipients(texts: &[String]) -> Result<Vec<Recipient>, SealError> {
    let mut found = Vec::new();
    for (number, text) in (1..).zip(texts) {
        let text = text.trim();
        // Whoever mixes the two up must not find the key in a message.
        if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            let why = "it is an identity, which must stay secret".to_owned();
            return Err(SealError::Recipient { number, why });
        }
        let read = Recipient::from_str(text);
        found.push(read.map_err(|why| SealError::Recipient { number, why: why.to_owned() })?);
    }
    if found.is_empty() { Err(SealError::Nobody) } else { Ok(found) }
}

/// Seals a text to recipients: each of them opens it.
///
/// # Errors
/// If a recipient cannot be read, or there is none.
pub fn seal(text: &Secret<String>, to: &[String]) -> Result<String, SealError> {
    let to = recipients(to)?;
    let encryptor = Encryptor::with_recipients(to.iter().map(|one| one as &dyn age::Recipient));
    let encryptor = encryptor.map_err(sealed)?;
    let mut writer = encryptor.wrap_output(Vec::new()).map_err(sealed)?;
    writer.write_all(text.expose().as_bytes()).map_err(sealed)?;
    let file = writer.finish().map_err(sealed)?;
    write_block(ARMOUR, &file).map_err(sealed)
}

/// Opens a sealed text.
///
/// # Errors
/// If it is damaged, or none of the identity's.
pub fn open(text: &str, identity: &Secret<String>) -> Result<Secret<String>, SealError> {
    let identity = Identity::from_str(identity.expose().trim()).map_err(|_| SealError::Identity)?;
    let (label, file) = first_block(text).map_err(sealed)?;
    if label != ARMOUR {
        return Err(sealed("it is no file of age in its armour"));
    }
    let decryptor = Decryptor::new_buffered(&file[..]).map_err(sealed)?;
    let reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(sealed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    reader.take(LARGEST).read_to_end(&mut bytes).map_err(sealed)?;
    let text = String::from_utf8(std::mem::take(&mut *bytes));
    text.map(Secret::new).map_err(|_| sealed("what is in it is no text"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_recipient_opens_it_and_nobody_else() {
        let (one, two, other) = (key_pair().unwrap(), key_pair().unwrap(), key_pair().unwrap());
        let config = Secret::new("token: canary\n".repeat(500));
        let text = seal(&config, &[one.recipient.clone(), two.recipient]).unwrap();
        assert!(!text.contains("canary") && text.lines().all(|line| line.len() <= 64));
        for identity in [&one.identity, &two.identity] {
            assert_eq!(open(&text, identity).unwrap().expose(), config.expose());
        }
        assert!(matches!(open(&text, &other.identity), Err(SealError::Sealed { .. })));
        let middle = text.len() / 2;
        let damaged = format!("{}{}", &text[..middle], &text[middle + 64..]);
        assert!(open(&damaged, &one.identity).is_err());
    }

    #[test]
    fn errors_quote_no_key() {
        let pair = key_pair().unwrap();
        let mixed = seal(&Secret::default(), &[pair.identity.expose().clone()]).unwrap_err().to_string();
        assert!(
            mixed.contains("must stay secret") && !mixed.contains(&pair.identity.expose()[20..]),
            "{mixed}"
        );
        assert_eq!(seal(&Secret::default(), &[]), Err(SealError::Nobody));
        assert_eq!(open("x", &Secret::new(pair.recipient)).unwrap_err(), SealError::Identity);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(-----BEGIN AGE ENCRYPTED FILE-----|-----END AGE ENCRYPTED FILE-----|\n|[A-Za-z0-9+/=]{0,64})*") {
            let identity = Secret::new("AGE-SECRET-KEY-1GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33".to_owned());
            let _ = open(&text, &identity);
        }
    }
}
