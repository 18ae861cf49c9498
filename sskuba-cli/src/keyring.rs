//! The keyring of a stack's state: its data key, sealed with age to the stack's recipients.

use async_trait::async_trait;
use sskuba_core::state::{DataKey, Keyring, KeyringError};

use crate::identity::Identities;
use crate::settings::{OpenError, open_bytes, seal_bytes};

/// Seals to the recipients in the stack's file, or to the user alone if it names none.
#[derive(Debug)]
pub(crate) struct UserKeyring {
    identities: Identities,
    recipients: Vec<String>,
}

impl UserKeyring {
    /// Makes a keyring; `listed` are the recipients of the stack's file.
    pub(crate) fn new(identities: Identities, listed: Vec<String>) -> Self {
        let recipients = if listed.is_empty() { identities.recipients() } else { listed };
        Self { identities, recipients }
    }
}

#[async_trait]
impl Keyring for UserKeyring {
    async fn seal(&self, key: &DataKey) -> Result<Vec<u8>, KeyringError> {
        let sealed = seal_bytes(key.expose(), &self.recipients, self.identities.passphrase());
        sealed.map_err(KeyringError::Failed)
    }

    async fn open(&self, sealed: &[u8]) -> Result<DataKey, KeyringError> {
        let plain = open_bytes(sealed, &self.identities).map_err(|error| match error {
            OpenError::Damaged => KeyringError::Damaged("it is no age file".to_owned()),
            OpenError::Closed(why) => KeyringError::Failed(why),
        })?;
        let bytes = <[u8; 32]>::try_from(plain.as_slice());
        bytes.map(DataKey::from_bytes).map_err(|_| KeyringError::Damaged("it is no data key".to_owned()))
    }

    fn recipients(&self) -> String {
        if self.recipients.is_empty() { self.identities.place() } else { self.recipients.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use sskuba_core::clock::SystemIds;

    use super::*;
    use crate::environment::Environment;

    #[tokio::test]
    async fn a_data_key_opens_for_its_recipients() {
        let home = tempfile::tempdir().unwrap();
        let mut environment = Environment::empty(".");
        environment.variables.insert("HOME".into(), home.path().to_str().unwrap().into());
        let keyring = || UserKeyring::new(Identities::load(&environment, false).unwrap(), vec![]);
        let key = DataKey::generate(&SystemIds);
        let sealed = keyring().seal(&key).await.unwrap();
        assert_eq!(keyring().open(&sealed).await.unwrap().expose(), key.expose());
        environment.variables.insert("SSKUBA_PASSPHRASE".into(), "other".into());
        let other = UserKeyring::new(Identities::load(&environment, false).unwrap(), vec![]);
        assert!(other.open(&sealed).await.unwrap_err().to_string().contains("does not open it"));
        assert!(other.open(b"junk").await.is_err());
    }
}
