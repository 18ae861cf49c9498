//! Data keys sealed with `age`: to X25519 recipients, or with a passphrase.

mod passphrase;
mod stretch;

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use ::age::secrecy::ExposeSecret;
use ::age::{DecryptError, Decryptor, Encryptor, Identity, Recipient, x25519};
use async_trait::async_trait;
use zeroize::{Zeroize, Zeroizing};

use self::passphrase::GREATEST_WORK;
pub use self::passphrase::Passphrase;
use super::{DataKey, Keyring, KeyringError};
use crate::advice::Advice;
use crate::secret::Secret;

/// What a sealed key begins with. The rest of the line is a checksum and to whom it is sealed, which `age` keeps to
/// itself; after the line comes the `age` file.
const FORM: &str = "sskuba-key v1 ";

/// What stands for the recipients of a key that a passphrase seals.
const BY_PASSPHRASE: &str = "a passphrase";

/// A keyring that seals data keys with `age`, so that the `age` program opens them too.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use sskuba_core::clock::SystemIds;
/// use sskuba_core::state::{AgeKeyring, DataKey, Keyring};
///
/// let identity = AgeKeyring::generate_identity();
/// let keyring = AgeKeyring::new(&[], &[identity])?;
/// let sealed = keyring.seal(&DataKey::generate(&SystemIds)).await?;
/// keyring.open(&sealed).await?;
/// # Ok::<(), sskuba_core::state::KeyringError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct AgeKeyring(Arc<Way>);

enum Way {
    Keys { recipients: Vec<x25519::Recipient>, identities: Vec<x25519::Identity> },
    Passphrase(Passphrase),
}

impl fmt::Debug for AgeKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AgeKeyring").field(&self.recipients()).finish()
    }
}

fn failed(why: impl Into<String>) -> KeyringError {
    KeyringError::Failed(why.into())
}

fn damaged(why: &str) -> KeyringError {
    KeyringError::Damaged(why.into())
}

/// Reads identities as key files have them: one per line, `#` before a comment. An error never shows the text.
fn parse_identities(texts: &[Secret<String>]) -> Result<Vec<x25519::Identity>, KeyringError> {
    let mut identities = Vec::new();
    for (file, text) in (1..).zip(texts) {
        let before = identities.len();
        for (number, line) in (1..).zip(text.expose().lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let identity = line.parse().map_err(|why: &str| {
                failed(format!(
                    "failed to read line {number} of identity {file}: {why}; an identity begins with \
                     `AGE-SECRET-KEY-1`, and `age-keygen` makes one"
                ))
            })?;
            identities.push(identity);
        }
        if identities.len() == before {
            return Err(failed(format!("failed to read identity {file}: it is empty")));
        }
    }
    Ok(identities)
}

impl AgeKeyring {
    /// Seals to `recipients` (`age1…`) and opens with `identities` (`AGE-SECRET-KEY-1…`, or the content of a key
    /// file). Without recipients it seals to the identities' own.
    ///
    /// # Errors
    /// [`KeyringError::Failed`] for what is neither, and if there is nobody to seal to; it never shows an identity.
    pub fn new(recipients: &[String], identities: &[Secret<String>]) -> Result<Self, KeyringError> {
        let identities = parse_identities(identities)?;
        let mut parsed = Vec::new();
        for text in recipients {
            if text.trim().to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
                return Err(failed("failed to read a recipient: it is an identity, which must stay secret"));
            }
            parsed.push(text.trim().parse::<x25519::Recipient>().map_err(|why| {
                failed(format!(
                    "failed to read the recipient `{text}`: {why}; a recipient begins with `age1`"
                ))
            })?);
        }
        if parsed.is_empty() {
            parsed = identities.iter().map(x25519::Identity::to_public).collect();
        }
        if parsed.is_empty() {
            return Err(failed("failed to make a keyring: give a recipient, an identity or a passphrase"));
        }
        Ok(Self(Arc::new(Way::Keys { recipients: parsed, identities })))
    }

    /// Seals and opens with a passphrase.
    pub fn passphrase(passphrase: &Secret<String>) -> Self {
        Self(Arc::new(Way::Passphrase(Passphrase::new(passphrase.clone()))))
    }

    /// Sets scrypt's cost for sealing with a passphrase, as a power of two from 1 to 22. Each more doubles time and
    /// memory, for us and for whoever guesses; 16 if not set, on every machine: 64 MiB, and less than a second also where
    /// nothing is optimised.
    #[must_use]
    pub fn work_factor(self, work: u8) -> Self {
        match &*self.0 {
            Way::Passphrase(passphrase) => Self(Arc::new(Way::Passphrase(passphrase.clone().work(work)))),
            Way::Keys { .. } => self,
        }
    }

    /// Makes a new identity, to be kept where only its owner reads.
    pub fn generate_identity() -> Secret<String> {
        Secret::new(x25519::Identity::generate().to_string().expose_secret().to_owned())
    }

    /// Returns the recipient that an identity opens for, which may be shown to everybody.
    ///
    /// # Errors
    /// [`KeyringError::Failed`] if it is not an identity.
    pub fn recipient_of(identity: &Secret<String>) -> Result<String, KeyringError> {
        let identities = parse_identities(std::slice::from_ref(identity))?;
        let first = identities.first().map(|identity| identity.to_public().to_string());
        first.ok_or_else(|| failed("failed to read an identity: it is empty"))
    }
}

impl Way {
    fn recipients(&self) -> String {
        match self {
            Self::Keys { recipients, .. } => {
                recipients.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
            Self::Passphrase(_) => BY_PASSPHRASE.into(),
        }
    }

    fn seal(&self, key: &DataKey) -> Result<Vec<u8>, KeyringError> {
        let encryptor = match self {
            Self::Keys { recipients, .. } => {
                Encryptor::with_recipients(recipients.iter().map(|recipient| recipient as &dyn Recipient))
            }
            Self::Passphrase(passphrase) => {
                Encryptor::with_recipients(std::iter::once(passphrase as &dyn Recipient))
            }
        };
        let encryptor = encryptor.map_err(|error| failed(format!("failed to seal the data key: {error}")))?;
        let mut file = Vec::new();
        encryptor
            .wrap_output(&mut file)
            .and_then(|mut output| {
                output.write_all(key.expose())?;
                output.finish()
            })
            .map_err(|error| failed(format!("failed to seal the data key: {error}")))?;
        let recipients = self.recipients();
        let sum = checksum(&recipients, &file);
        Ok([format!("{FORM}{sum:08x} {recipients}\n").as_bytes(), &file].concat())
    }

    fn open(&self, sealed: &[u8]) -> Result<DataKey, KeyringError> {
        let (sealed_to, file) = read(sealed)?;
        let decryptor = Decryptor::new_buffered(file).map_err(|error| refused(&error, sealed_to))?;
        let reader = match self {
            Self::Keys { identities, .. } => {
                decryptor.decrypt(identities.iter().map(|identity| identity as &dyn Identity))
            }
            Self::Passphrase(passphrase) => decryptor.decrypt(std::iter::once(passphrase as &dyn Identity)),
        };
        let mut reader = reader.map_err(|error| refused(&error, sealed_to))?;
        let mut bytes = Zeroizing::new([0_u8; 32]);
        reader.read_exact(bytes.as_mut_slice()).map_err(|_| damaged("it is cut short"))?;
        let mut more = [0_u8; 1];
        match reader.read(&mut more) {
            Ok(0) => {}
            _ => return Err(damaged("it is longer than a key")),
        }
        more.zeroize();
        Ok(DataKey::from_bytes(*bytes))
    }
}

/// Splits a sealed key into the names of the recipients and the `age` file.
fn read(sealed: &[u8]) -> Result<(&str, &[u8]), KeyringError> {
    let end = sealed.iter().position(|byte| *byte == b'\n');
    let (line, file) =
        end.and_then(|end| sealed.split_at_checked(end)).ok_or_else(|| damaged("it is cut short"))?;
    let (line, file) = (std::str::from_utf8(line).unwrap_or_default(), &file[1..]);
    let Some(rest) = line.strip_prefix(FORM) else {
        return Err(damaged(match line.starts_with("sskuba-key v") {
            true => "it was sealed by a newer version of sskuba; upgrade this one",
            false => "it is not a sealed key",
        }));
    };
    let (sum, recipients) = rest.split_once(' ').ok_or_else(|| damaged("its first line is damaged"))?;
    if sum != format!("{:08x}", checksum(recipients, file)) {
        return Err(damaged("its checksum does not fit"));
    }
    Ok((recipients, file))
}

fn checksum(recipients: &str, file: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(recipients.as_bytes());
    sum.update(file);
    sum.finalize()
}

/// Says why `age` did not open a key that is as it was written.
fn refused(error: &DecryptError, sealed_to: &str) -> KeyringError {
    match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            let advice = match sealed_to == BY_PASSPHRASE {
                true => Advice::GivePassphrase,
                false => Advice::GiveIdentity,
            };
            KeyringError::NoIdentity { recipients: sealed_to.to_owned(), advice }
        }
        DecryptError::ExcessiveWork { required, .. } => {
            damaged(&format!("its passphrase costs 2^{required}, and more than 2^{GREATEST_WORK} is refused"))
        }
        DecryptError::InvalidHeader | DecryptError::InvalidMac => damaged("its header is damaged"),
        DecryptError::UnknownFormat => damaged("it is of a newer form of age"),
        _ => damaged("it cannot be read"),
    }
}

#[async_trait]
impl Keyring for AgeKeyring {
    async fn seal(&self, key: &DataKey) -> Result<Vec<u8>, KeyringError> {
        let (way, key) = (Arc::clone(&self.0), key.clone());
        blocking(move || way.seal(&key)).await
    }

    async fn open(&self, sealed: &[u8]) -> Result<DataKey, KeyringError> {
        let (way, sealed) = (Arc::clone(&self.0), sealed.to_vec());
        blocking(move || way.open(&sealed)).await
    }

    fn recipients(&self) -> String {
        self.0.recipients()
    }

    fn sealed_to(&self, sealed: &[u8]) -> Option<String> {
        read(sealed).ok().map(|(recipients, _)| recipients.to_owned())
    }
}

/// Runs `work`, which may take a second where a passphrase is stretched, where it stops nobody else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(failed(format!("failed to open or seal the data key: {error}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemIds;

    fn key() -> DataKey {
        DataKey::generate(&SystemIds)
    }

    fn of(recipients: &[&Secret<String>], identities: &[&Secret<String>]) -> AgeKeyring {
        let recipients: Vec<_> =
            recipients.iter().map(|identity| AgeKeyring::recipient_of(identity).unwrap()).collect();
        let identities: Vec<_> = identities.iter().map(|identity| (*identity).clone()).collect();
        AgeKeyring::new(&recipients, &identities).unwrap()
    }

    fn phrase(text: &str) -> AgeKeyring {
        AgeKeyring::passphrase(&text.into()).work_factor(2)
    }

    #[tokio::test]
    async fn each_recipient_opens_and_nobody_else() {
        let people: Vec<_> = (0..3).map(|_| AgeKeyring::generate_identity()).collect();
        let keyring = of(&[&people[0], &people[1]], &[]);
        let key = key();
        let sealed = keyring.seal(&key).await.unwrap();
        for holder in [&people[0], &people[1]] {
            assert_eq!(of(&[], &[holder]).open(&sealed).await.unwrap().expose(), key.expose());
        }
        assert_eq!(of(&[], &[&people[2], &people[1]]).open(&sealed).await.unwrap().expose(), key.expose());

        for other in [of(&[], &[&people[2]]), keyring.clone(), phrase("x")] {
            let error = other.open(&sealed).await.unwrap_err();
            let KeyringError::NoIdentity { recipients, .. } = &error else { panic!("{error:?}") };
            assert_eq!(*recipients, keyring.recipients());
            assert_eq!(error.hint(), [Advice::GiveIdentity], "{error}");
        }
    }

    #[tokio::test]
    async fn the_passphrase_opens_and_no_other() {
        let (key, person) = (key(), AgeKeyring::generate_identity());
        let sealed = phrase("correct horse").seal(&key).await.unwrap();
        let opened = AgeKeyring::passphrase(&"correct horse".into()).open(&sealed).await.unwrap();
        assert_eq!(opened.expose(), key.expose());
        for other in [phrase("battery staple"), phrase(""), of(&[], &[&person])] {
            let error = other.open(&sealed).await.unwrap_err();
            let KeyringError::NoIdentity { recipients, advice } = &error else { panic!("{error:?}") };
            assert_eq!(recipients, "a passphrase");
            assert!(*advice == Advice::GivePassphrase && !format!("{other:?}").contains("battery"));
        }
    }

    #[tokio::test]
    async fn damage_is_told_from_a_wrong_identity() {
        let person = AgeKeyring::generate_identity();
        let keyring = of(&[], &[&person]);
        let sealed = keyring.seal(&key()).await.unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            for bytes in [&changed[..], &sealed[..at]] {
                let error = keyring.open(bytes).await.unwrap_err();
                assert!(matches!(error, KeyringError::Damaged(_)), "byte {at}: {error:?}");
            }
        }
        let newer = [b"sskuba-key v2 ", &sealed[14..]].concat();
        assert!(keyring.open(&newer).await.unwrap_err().to_string().contains("newer version"));
    }

    #[test]
    fn identities_are_read_as_key_files_and_never_shown() {
        let identity = AgeKeyring::generate_identity();
        let recipient = AgeKeyring::recipient_of(&identity).unwrap();
        let file = Secret::new(format!("# public key: {recipient}\n\n  {}\n", identity.expose()));
        assert_eq!(AgeKeyring::recipient_of(&file).unwrap(), recipient);
        assert_eq!(AgeKeyring::new(&[], std::slice::from_ref(&file)).unwrap().recipients(), recipient);

        let cut = Secret::new(identity.expose()[..60].to_owned());
        let own = Secret::new("# only a comment".to_owned());
        for (recipients, identities) in [
            (vec![], vec![cut.clone()]),
            (vec![], vec![own]),
            (vec![identity.expose().clone()], vec![]),
            (vec![cut.expose().to_lowercase()], vec![]),
            (vec!["bob".to_owned()], vec![]),
            (vec![], vec![]),
        ] {
            let error = AgeKeyring::new(&recipients, &identities).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains("failed to "), "{shown}");
            assert!(!shown.to_uppercase().contains(&identity.expose()[17..40]), "{shown}");
        }
        let shown = format!("{:?}", AgeKeyring::new(&[], std::slice::from_ref(&identity)).unwrap());
        assert!(!shown.to_uppercase().contains(&identity.expose()[17..40]), "{shown}");
    }
}
