//! What a person says of a create that was interrupted. What the provider can tell is asked first: a person who is wrong
//! makes an object a second time.

use super::error::{EditError, EngineError};
use super::read_object::{ReadObject, ReadyState};
use super::session::Session;
use crate::address::Address;
use crate::provider::{Object, Prior};
use crate::recovering::{can_be_found, find_made};
use crate::state::{Entry, Intent, Outcome, Verb};
use crate::value::Map;

/// What a person says of a create that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// The object exists, with this id.
    Created {
        /// The provider's id.
        id: String,
    },
    /// There is no object. The provider is asked first where it can find one.
    NotCreated,
    /// There is no object, whatever the provider would find.
    SurelyNotCreated,
}

impl Session {
    /// Resolves the interrupted create of a resource as a person says.
    ///
    /// # Errors
    /// If no create of it is open, its object cannot be read, or there is one although there should be none.
    pub async fn resolve(&mut self, address: &Address, resolution: Resolution) -> Result<(), EngineError> {
        let open = |intent: &&Intent| intent.address == *address && intent.verb == Verb::Create;
        let Some(intent) = self.state().pending().find(open).cloned() else {
            return Err(EditError::NoOpenCreate { address: address.clone() }.into());
        };
        let token = intent.token;
        if resolution == Resolution::NotCreated {
            self.refuse_found(&intent).await?;
        }
        let (outcome, never) = match resolution {
            Resolution::NotCreated | Resolution::SurelyNotCreated => {
                (Outcome::said_to_be_none("said not to have been created"), None)
            }
            Resolution::Created { id } => {
                let prior = Prior { id: id.clone(), inputs: intent.inputs.clone(), outputs: Map::new() };
                let used = (intent.provider.as_ref(), intent.instance);
                let (named, _) = self.read_object(address, used, token, prior).await?;
                let unknown = || EditError::UnknownObject { kind: address.kind_str().to_owned(), id };
                let ReadObject { object, ready } = named.ok_or_else(unknown)?;
                let Object { id, inputs: observed, outputs } = object;
                match ready {
                    ReadyState::Ready => (Outcome::Applied { id, observed, outputs, took: 0 }, None),
                    ReadyState::Pending => (Outcome::Made { id, observed, outputs, took: 0 }, None),
                    ReadyState::Failed(why) => (Outcome::Made { id, observed, outputs, took: 0 }, Some(why)),
                }
            }
        };
        let time = self.engine.clock.now();
        let mut entries = vec![Entry::Outcome { token, outcome, time }];
        entries.extend(never.map(|why| Entry::GivenUp { token, why }));
        self.edit(format!("said what came of the create of {address}"), entries).await?;
        self.tools.registry.settled(&self.stack, &|settled| settled == token);
        Ok(())
    }

    /// Refuses to take a create for one that made nothing if its provider finds the object.
    async fn refuse_found(&mut self, intent: &Intent) -> Result<(), EngineError> {
        if !can_be_found(&self.tools, intent) {
            return Ok(());
        }
        self.same_world()?;
        self.places_of_pending().await?;
        let address = intent.address.clone();
        match find_made(&self.journal, &self.stack, &self.tools, intent.clone()).await {
            Ok(None) => Ok(()),
            Ok(Some(object)) => Err(EditError::Found { address, id: object.id }.into()),
            Err(failure) => Err(EditError::NotSearched { address, failure }.into()),
        }
    }
}
