//! What a program reads of other stacks.

use super::build::Engine;
use super::error::{EngineError, with_causes};
use super::open::check_world;
use super::read::Snapshot;
use crate::address::StackId;
use crate::provider::{Class, Failure};
use crate::state::StoreError;
use crate::value::{Map, Value};

impl Engine {
    /// Reads the outputs of another stack.
    pub(super) async fn outputs_of(&self, inputs: &Map) -> Result<Map, Failure> {
        let text = inputs.get("stack").and_then(Value::as_str).unwrap_or_default();
        let failed = |why: String| Failure::new(Class::Terminal, why);
        let stack = StackId::parse(text).map_err(|error| failed(error.to_string()))?;
        let read = self.read(&stack).await;
        let Snapshot { state, opened, simulated, .. } = read.map_err(|error| {
            let failure = failed(with_causes(&error));
            match error {
                EngineError::Store(StoreError::NoStack(_)) => {
                    failure.hint("bring it up first, or correct the name")
                }
                _ => failure,
            }
        })?;
        check_world(self, &stack, &state, simulated).map_err(|error| failed(with_causes(&error)))?;
        // Who cannot open secrets reads the rest, as with `output`.
        if !opened && state.exports().values().any(Value::has_secret) {
            return Err(failed(format!(
                "the secrets of {stack} cannot be opened, and some of its outputs are secret"
            )));
        }
        let outputs = Value::Map(state.exports().clone());
        let revision = Value::Number(state.revision().into());
        Ok([("outputs".to_owned(), outputs), ("revision".to_owned(), revision)].into())
    }
}
