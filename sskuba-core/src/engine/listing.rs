//! What is there, whoever made it: the objects of a kind that a provider can see, and which of them no stack records.

use std::collections::HashSet;

use super::build::Engine;
use super::error::{EngineError, with_causes};
use crate::address::{Address, Kind, Name, StackId, Token};
use crate::calling::{Instances, QUESTION, answered};
use crate::provider::{Cx, Object, Place};
use crate::state::State;

/// The objects of a kind in one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// Where they are.
    pub place: Place,
    /// What they report, as secret as their schema says, in the order of their ids.
    pub objects: Vec<Object>,
}

/// The objects of a kind that no stack of the store records.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmanaged {
    /// The objects.
    pub listing: Listing,
    /// How many more there are, which a stack records.
    pub managed: usize,
    /// Stacks that could not be read, each with the reason: what they record is among the objects.
    pub unread: Vec<(StackId, String)>,
}

impl Engine {
    /// Lists the objects of a kind that the provider's default instance can see.
    ///
    /// # Errors
    /// If no provider has the kind, its objects cannot be listed, or the provider fails.
    pub async fn list(&self, kind: &Kind) -> Result<Listing, EngineError> {
        let failed = |failure| EngineError::Lookup { address: kind.to_string(), failure };
        let schema = self.registry.schema(kind.as_str())?;
        let instances = Instances::default();
        let instance = instances.of(&self.registry, &State::default(), kind.as_str(), (None, None));
        let instance = instance.map_err(failed)?;
        let place = instance.place().await.map_err(failed)?;
        // No resource asks: the name is one that no answer repeats.
        let (stack, name) = (StackId::new("local", "list", "none")?, Name::parse("none")?);
        let cx = Cx::new(stack, Address::new("", kind, &name), Token::new([0; 16]), QUESTION);
        let asked = answered(async { instance.get().await?.list(&cx).await }).await.map_err(failed)?;
        let mut objects: Vec<Object> = asked.into_iter().map(|object| object.sealed(Some(&schema))).collect();
        objects.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Listing { place, objects })
    }

    /// Lists the objects of a kind that no stack of the store records in the place where they are.
    ///
    /// # Errors
    /// As [`Engine::list`], or if the store cannot list its stacks.
    pub async fn unmanaged(&self, kind: &Kind) -> Result<Unmanaged, EngineError> {
        let mut listing = self.list(kind).await?;
        let (mut owned, mut unread) = (HashSet::new(), Vec::new());
        for stack in self.store.stacks().await.map_err(EngineError::store)? {
            match self.read(&stack).await {
                Ok(snapshot) => owned.extend(ids_of(&snapshot.state, kind, &listing.place)),
                Err(error) => unread.push((stack, with_causes(&error))),
            }
        }
        let before = listing.objects.len();
        listing.objects.retain(|object| !owned.contains(&object.id));
        let managed = before - listing.objects.len();
        Ok(Unmanaged { listing, managed, unread })
    }
}

/// Returns the ids of a kind's objects that a stack records in a place, or in one that it does not know.
fn ids_of(state: &State, kind: &Kind, place: &Place) -> Vec<String> {
    let of_kind = state.records().filter(|record| record.address.kind_str() == kind.as_str());
    let here = of_kind.filter(|record| {
        record.place.and_then(|id| state.place(id)).is_none_or(|recorded| recorded == place)
    });
    here.map(|record| record.id.clone()).collect()
}
