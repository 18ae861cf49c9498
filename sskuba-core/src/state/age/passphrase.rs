//! `age`'s recipient and identity of a passphrase, at a cost that does not depend on the machine.

use std::collections::HashSet;

use ::age::secrecy::ExposeSecret as _;
use ::age::{DecryptError, EncryptError};
use age_core::format::{FILE_KEY_BYTES, FileKey, Stanza};
use age_core::primitives::{aead_decrypt, aead_encrypt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use zeroize::{Zeroize as _, Zeroizing};

use super::stretch::stretch;
use crate::clock::{IdSource as _, SystemIds};
use crate::secret::Secret;

/// The cost of a passphrase that is sealed with: 2^16 blocks of 1 KiB, which is 64 MiB and, in a build without any
/// optimisation, less than a second. See the ADR about it.
pub(super) const WORK: u8 = 16;

/// The greatest cost that is accepted from a file: 4 GiB.
pub(super) const GREATEST_WORK: u8 = 22;

/// What `age` calls the stanza.
const TAG: &str = "scrypt";

/// What stands before the salt.
const LABEL: &[u8] = b"age-encryption.org/v1/scrypt";

/// The bytes of a salt.
const SALT: usize = 16;

/// A passphrase that `age` files are sealed with and opened with. The cost is the same on every machine; files of a
/// greater or smaller one, such as those of the `age` program, are opened too.
///
/// ```
/// use age::{Decryptor, Encryptor, Identity, Recipient};
/// use sskuba_core::state::Passphrase;
///
/// let passphrase = Passphrase::new("correct horse battery staple".into());
/// Encryptor::with_recipients(std::iter::once(&passphrase as &dyn Recipient))?;
/// # Ok::<(), age::EncryptError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Passphrase {
    text: Secret<String>,
    work: u8,
}

impl Passphrase {
    /// Takes a passphrase.
    pub fn new(text: Secret<String>) -> Self {
        Self { text, work: WORK }
    }

    /// Sets another cost to seal with, as a power of two from 1 to 22.
    #[must_use]
    pub(super) fn work(self, work: u8) -> Self {
        Self { work: work.clamp(1, GREATEST_WORK), ..self }
    }

    fn key(&self, salt: &[u8], work: u8) -> Zeroizing<[u8; 32]> {
        stretch(self.text.expose().as_bytes(), &[LABEL, salt].concat(), work)
    }
}

impl age::Recipient for Passphrase {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        let (mut salt, mut label) = ([0; SALT], [0; SALT]);
        SystemIds.fill(&mut salt);
        SystemIds.fill(&mut label);
        let body = aead_encrypt(&self.key(&salt, self.work), file_key.expose_secret());
        let args = vec![BASE64.encode(salt), self.work.to_string()];
        // A label that no other recipient has: a passphrase is the only one of its file.
        let labels = HashSet::from([BASE64.encode(label)]);
        Ok((vec![Stanza { tag: TAG.to_owned(), args, body }], labels))
    }
}

impl age::Identity for Passphrase {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        (stanza.tag == TAG).then(|| self.open(stanza))
    }
}

impl Passphrase {
    fn open(&self, stanza: &Stanza) -> Result<FileKey, DecryptError> {
        let (salt, work) = arguments(stanza).ok_or(DecryptError::InvalidHeader)?;
        if work > GREATEST_WORK {
            return Err(DecryptError::ExcessiveWork { required: work, target: GREATEST_WORK });
        }
        let mut plain = aead_decrypt(&self.key(&salt, work), FILE_KEY_BYTES, &stanza.body)?;
        let key = FileKey::init_with_mut(|key| key.copy_from_slice(&plain));
        plain.zeroize();
        Ok(key)
    }
}

/// Reads the salt and the cost of a stanza, in the only spelling that they have.
fn arguments(stanza: &Stanza) -> Option<([u8; SALT], u8)> {
    let [salt, work] = stanza.args.as_slice() else { return None };
    let salt = BASE64.decode(salt).ok()?.try_into().ok()?;
    let is_plain = !work.starts_with('0') && work.bytes().all(|byte| byte.is_ascii_digit());
    Some((salt, work.parse().ok().filter(|_| is_plain)?))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use age::{Decryptor, Encryptor, Identity, Recipient};

    use super::*;

    fn seal(recipient: &dyn Recipient) -> Vec<u8> {
        let mut file = Vec::new();
        let encryptor = Encryptor::with_recipients(std::iter::once(recipient)).unwrap();
        let mut writer = encryptor.wrap_output(&mut file).unwrap();
        writer.write_all(b"canary").unwrap();
        writer.finish().unwrap();
        file
    }

    fn open(file: &[u8], identity: &dyn Identity) -> Result<String, DecryptError> {
        let mut text = String::new();
        let decryptor = Decryptor::new_buffered(file)?;
        decryptor.decrypt(std::iter::once(identity))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn files_are_those_of_age_whatever_they_cost() {
        let text = "correct horse";
        let ours = Passphrase::new(text.into());
        let theirs = age::scrypt::Identity::new(text.to_owned().into());
        for work in [1, 2, 9, 10] {
            let sealed = seal(&ours.clone().work(work));
            assert!(String::from_utf8_lossy(&sealed).contains(&format!(" {work}\n")));
            assert_eq!(open(&sealed, &theirs).unwrap(), "canary");
            let mut recipient = age::scrypt::Recipient::new(text.to_owned().into());
            recipient.set_work_factor(work);
            assert_eq!(open(&seal(&recipient), &ours).unwrap(), "canary");
            assert!(open(&seal(&recipient), &Passphrase::new("other".into())).is_err());
        }
    }

    #[test]
    fn the_cost_is_the_same_everywhere() {
        let sealed = seal(&Passphrase::new("correct horse".into()));
        assert!(String::from_utf8_lossy(&sealed).contains(" 16\n"), "{}", String::from_utf8_lossy(&sealed));
    }

    #[test]
    fn what_costs_too_much_or_is_odd_is_refused() {
        let stanza = |work: &str| Stanza {
            tag: TAG.to_owned(),
            args: vec![BASE64.encode([7; SALT]), work.to_owned()],
            body: vec![0; 32],
        };
        let open = |work| Passphrase::new("x".into()).unwrap_stanza(&stanza(work)).unwrap().err().unwrap();
        assert!(matches!(open("23"), DecryptError::ExcessiveWork { required: 23, .. }));
        for odd in ["", "0", "01", "+1", "-1", "256", "1 ", "x"] {
            assert!(matches!(open(odd), DecryptError::InvalidHeader), "{odd}");
        }
        assert!(matches!(open("1"), DecryptError::DecryptionFailed));
        let other = Stanza { tag: "X25519".to_owned(), ..stanza("1") };
        assert!(Passphrase::new("x".into()).unwrap_stanza(&other).is_none());
    }
}
