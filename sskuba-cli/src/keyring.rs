//! The keyring of a stack's state, made of the user's identities.

use async_trait::async_trait;
use sskuba_core::state::{AgeKeyring, DataKey, Keyring, KeyringError};

use crate::identity::Identities;
use crate::stop::Stop;

/// Seals to the recipients in the stack's file, or to the user alone if it names none; opens with whatever the
/// user has.
#[derive(Debug)]
pub(crate) struct UserKeyring {
    ways: Vec<AgeKeyring>,
}

impl UserKeyring {
    /// Makes a keyring; `listed` are the recipients of the stack's file.
    ///
    /// # Errors
    /// If a recipient is none.
    pub(crate) fn new(identities: &Identities, listed: &[String]) -> Result<Self, Stop> {
        let keys = identities.text().map(|text| AgeKeyring::new(listed, std::slice::from_ref(text)));
        let keys = keys.transpose().map_err(Stop::failed)?;
        let ways = keys.into_iter().chain(identities.passphrase().map(AgeKeyring::passphrase)).collect();
        Ok(Self { ways })
    }
}

#[async_trait]
impl Keyring for UserKeyring {
    async fn seal(&self, key: &DataKey) -> Result<Vec<u8>, KeyringError> {
        match self.ways.first() {
            Some(way) => way.seal(key).await,
            None => Err(KeyringError::Failed("there is no identity to seal secrets to".to_owned())),
        }
    }

    async fn open(&self, sealed: &[u8]) -> Result<DataKey, KeyringError> {
        let mut first = None;
        for way in &self.ways {
            match way.open(sealed).await {
                Ok(key) => return Ok(key),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| {
            KeyringError::Failed(
                "there is no identity on this machine; give a key file in SSKUBA_IDENTITY, or SSKUBA_PASSPHRASE"
                    .to_owned(),
            )
        }))
    }

    fn recipients(&self) -> String {
        self.ways.first().map(AgeKeyring::recipients).unwrap_or_default()
    }

    fn sealed_to(&self, sealed: &[u8]) -> Option<String> {
        self.ways.first()?.sealed_to(sealed)
    }
}

#[cfg(test)]
mod tests {
    use sskuba_core::clock::SystemIds;

    use super::*;
    use crate::environment::Environment;

    fn keyring(home: &std::path::Path, existing: bool) -> UserKeyring {
        let mut environment = Environment::empty(".");
        environment.variables.insert("HOME".into(), home.to_str().unwrap().into());
        UserKeyring::new(&Identities::load(&environment, existing).unwrap(), &[]).unwrap()
    }

    #[tokio::test]
    async fn a_data_key_opens_for_its_recipients_alone() {
        let (ann, bob) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = DataKey::generate(&SystemIds);
        let sealed = keyring(ann.path(), false).seal(&key).await.unwrap();
        assert_eq!(keyring(ann.path(), true).open(&sealed).await.unwrap().expose(), key.expose());
        assert!(keyring(bob.path(), false).open(&sealed).await.is_err());
        let nobody = keyring(&bob.path().join("none"), true);
        assert!(nobody.open(&sealed).await.unwrap_err().to_string().contains("SSKUBA_IDENTITY"));
        assert!(nobody.seal(&key).await.is_err());
    }
}
