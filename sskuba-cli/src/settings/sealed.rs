//! Secrets in a stack's file: age, as one line of base64.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use sskuba_core::secret::Secret;
use sskuba_core::state::Passphrase;
use zeroize::Zeroizing;

use crate::identity::Identities;

/// Seals a text to public keys, or to the passphrase if there are none.
///
/// # Errors
/// If a key is none, or there is nothing to seal to.
pub(crate) fn seal(
    text: &str,
    recipients: &[String],
    passphrase: Option<&Secret<String>>,
) -> Result<String, String> {
    seal_bytes(text.as_bytes(), recipients, passphrase).map(|bytes| BASE64.encode(bytes))
}

/// Seals bytes; see [`seal`].
///
/// # Errors
/// As [`seal`].
fn seal_bytes(
    plain: &[u8],
    recipients: &[String],
    passphrase: Option<&Secret<String>>,
) -> Result<Vec<u8>, String> {
    let keys: Vec<age::x25519::Recipient> = recipients
        .iter()
        .map(|key| key.parse().map_err(|why| format!("recipient `{key}` is not an age public key: {why}")))
        .collect::<Result<_, String>>()?;
    let encryptor = match passphrase {
        Some(passphrase) if keys.is_empty() => {
            let passphrase = Passphrase::new(passphrase.clone());
            age::Encryptor::with_recipients(std::iter::once(&passphrase as &dyn age::Recipient))
                .map_err(|error| error.to_string())?
        }
        _ => age::Encryptor::with_recipients(keys.iter().map(|key| key as &dyn age::Recipient))
            .map_err(|error| error.to_string())?,
    };
    let mut bytes = Vec::new();
    let write = |bytes: &mut Vec<u8>| {
        let mut writer = encryptor.wrap_output(bytes)?;
        writer.write_all(plain)?;
        writer.finish().map(drop)
    };
    write(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Opens a sealed text.
///
/// # Errors
/// If it is damaged, or none of the identities opens it.
pub(crate) fn open(sealed: &str, identities: &Identities) -> Result<Zeroizing<String>, String> {
    let damaged = "it is damaged; set it anew with `config set --secret`";
    let bytes = BASE64.decode(sealed.trim_end_matches('=')).map_err(|_| damaged.to_owned())?;
    let mut plain = open_bytes(&bytes, identities).map_err(|error| match error {
        OpenError::Damaged => damaged.to_owned(),
        OpenError::Closed(why) => why,
    })?;
    let text = String::from_utf8(std::mem::take(&mut *plain)).map_err(|_| damaged.to_owned())?;
    Ok(Zeroizing::new(text))
}

/// Why sealed bytes do not open.
#[derive(Debug)]
enum OpenError {
    /// They are damaged.
    Damaged,
    /// None of the identities opens them; says what to do.
    Closed(String),
}

/// Opens sealed bytes.
///
/// # Errors
/// If they are damaged, or none of the identities opens them.
fn open_bytes(bytes: &[u8], identities: &Identities) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let decryptor = age::Decryptor::new(bytes).map_err(|_| OpenError::Damaged)?;
    let by_passphrase = decryptor.is_scrypt();
    let all = identities.all();
    let mut reader = decryptor.decrypt(all.iter().map(|identity| &**identity)).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys if by_passphrase => {
            OpenError::Closed("it is sealed to a passphrase: set SSKUBA_PASSPHRASE".to_owned())
        }
        age::DecryptError::NoMatchingKeys => OpenError::Closed(format!(
            "{} does not open it: it is sealed to others; set SSKUBA_IDENTITY to the file of one of them, \
             or have one of them seal it to you as well",
            identities.place()
        )),
        age::DecryptError::DecryptionFailed | age::DecryptError::KeyDecryptionFailed if by_passphrase => {
            OpenError::Closed("SSKUBA_PASSPHRASE is not its passphrase".to_owned())
        }
        _ => OpenError::Damaged,
    })?;
    let mut plain = Zeroizing::new(Vec::new());
    reader.read_to_end(&mut plain).map_err(|_| OpenError::Damaged)?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;

    fn identities(variables: &[(&str, &str)]) -> Identities {
        let mut environment = Environment::empty(".");
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        environment.variables = variables.iter().map(owned).collect();
        Identities::load(&environment, false).unwrap()
    }

    #[test]
    fn what_is_sealed_to_somebody_opens_for_them_alone() {
        let (ann, bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let of = |home: &tempfile::TempDir| identities(&[("HOME", home.path().to_str().unwrap())]);
        let (ann, bob) = (of(&ann), of(&bob));
        let sealed = seal("canary", &ann.recipients(), None).unwrap();
        assert!(!sealed.contains("canary"));
        assert_eq!(*open(&sealed, &ann).unwrap(), "canary");
        assert!(open(&sealed, &bob).unwrap_err().contains("is sealed to others"));
        assert!(open("AAAA", &ann).unwrap_err().contains("damaged"));
        assert!(seal("x", &["age1nonsense".into()], None).is_err());
        assert!(seal("x", &[], None).is_err());
    }

    #[test]
    fn a_passphrase_seals_and_opens() {
        let right = identities(&[("SSKUBA_PASSPHRASE", "one")]);
        let sealed = seal("canary", &[], right.passphrase()).unwrap();
        let file = String::from_utf8_lossy(&BASE64.decode(&sealed).unwrap()).into_owned();
        assert!(file.lines().any(|line| line.starts_with("-> scrypt ") && line.ends_with(" 16")), "{file}");
        assert_eq!(*open(&sealed, &right).unwrap(), "canary");
        let error = open(&sealed, &identities(&[("SSKUBA_PASSPHRASE", "two")])).unwrap_err();
        assert!(error.contains("SSKUBA_PASSPHRASE is not its passphrase"), "{error}");
    }
}
