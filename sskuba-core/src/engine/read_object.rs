//! A look at one object that a person names.

use std::sync::Arc;

use super::error::EngineError;
use super::session::Session;
use crate::address::{Address, Token};
use crate::calling::{Configured, QUESTION, answered};
use crate::provider::{Cx, Object, Prior, Readiness};
use crate::state::Status;

/// An object that a person named.
#[derive(Debug)]
pub(super) struct ReadObject {
    /// What it reports, as secret as its schema says; of what cannot be used yet only what is final.
    pub(super) object: Object,
    /// Whether it can be used.
    pub(super) ready: ReadyState,
}

/// Whether an object can be used.
#[derive(Debug)]
pub(super) enum ReadyState {
    /// It can.
    Ready,
    /// The next run waits for it.
    Pending,
    /// Its service gave it up, and says why.
    Failed(String),
}

impl ReadyState {
    /// Returns what is recorded of the object: its status, and why it is given up.
    pub(super) fn into_status(self) -> (Status, Option<String>) {
        match self {
            Self::Ready => (Status::Live, None),
            Self::Pending => (Status::Made, None),
            Self::Failed(why) => (Status::Failed, Some(why)),
        }
    }
}

impl Session {
    /// Reads an object that a person names, and asks whether it can be used where its kind may not be.
    pub(super) async fn read_object(
        &mut self,
        address: &Address,
        (provider, generation): (Option<&Address>, Option<Token>),
        token: Token,
        prior: Prior,
    ) -> Result<(Option<ReadObject>, Configured), EngineError> {
        let failed = |failure| EngineError::Lookup { address: address.to_string(), failure };
        let kind = address.kind_str();
        let registry = Arc::clone(&self.engine.registry);
        let name = address.provider();
        let used = (provider, generation);
        let instance = self.tools.instances.of(&registry, self.state(), kind, used).map_err(failed)?;
        let generation = instance.generation;
        self.places_of(|other, its, provided| (other, its, provided) == (provider, generation, name)).await?;
        instance.place().await.map_err(failed)?;
        let cx = Cx::new(self.stack.clone(), address.clone(), token, QUESTION);
        let read = async { instance.get().await?.read(&cx, &prior).await };
        let Some(object) = answered(read).await.map_err(failed)? else { return Ok((None, instance)) };
        let schema = registry.schema(kind).ok();
        let Some(waits) = schema.as_ref().filter(|schema| schema.has_early()) else {
            return Ok((
                Some(ReadObject { object: object.sealed(schema.as_deref()), ready: ReadyState::Ready }),
                instance,
            ));
        };
        let Object { id, inputs, outputs } = object.clone();
        let prior = Prior { id, inputs, outputs };
        let asked = async { instance.get().await?.ready(&cx, &prior).await };
        let (mut object, ready) = match answered(asked).await.map_err(failed)? {
            Readiness::Ready(object) => (object, ReadyState::Ready),
            Readiness::Pending(_) => (object, ReadyState::Pending),
            Readiness::Failed(why) => (object, ReadyState::Failed(why)),
        };
        if !matches!(ready, ReadyState::Ready) {
            object.outputs.retain(|name, _| waits.is_early(name));
        }
        Ok((Some(ReadObject { object: object.sealed(schema.as_deref()), ready }), instance))
    }
}
