//! Kinds that providers learn at run time: asked for once, before anything is planned or recovered.

use std::collections::HashSet;

use super::build::Engine;
use super::error::EngineError;
use crate::address::Kind;
use crate::calling::answered;
use crate::state::State;

impl Engine {
    /// Lets providers learn these kinds, as far as they do not know them.
    pub(super) async fn learn(&self, kinds: &[Kind]) -> Result<(), EngineError> {
        let unknown: Vec<&Kind> =
            kinds.iter().filter(|kind| self.registry.schema(kind.as_str()).is_err()).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let kinds = unknown.iter().copied().cloned().collect();
        let learned = answered(self.registry.learn(unknown)).await;
        learned.map_err(|failure| EngineError::Learning { kinds, failure })
    }

    /// Lets providers learn the kinds that are recorded, or of which a call was interrupted.
    pub(super) async fn learn_recorded(&self, state: &State) -> Result<(), EngineError> {
        let mut seen = HashSet::new();
        let recorded = state.records().map(|record| &record.address);
        let addresses = recorded.chain(state.pending().map(|intent| &intent.address));
        let of_new_kind = addresses.filter(|address| seen.insert(address.kind_str()));
        let kinds: Vec<Kind> = of_new_kind.map(|address| address.kind()).collect();
        self.learn(&kinds).await
    }
}
