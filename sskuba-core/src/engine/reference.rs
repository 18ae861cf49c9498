//! What a program reads of other stacks.

use super::build::Engine;
use super::open::check_world;
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
        let image = self.store.load(&stack).await;
        let image = image.map_err(|error| failed(error.to_string()))?;
        if image.is_none() {
            let hint = "bring it up first, or look at the name with `stack list`";
            return Err(Failure::new(Class::NotFound, StoreError::NoStack(stack).to_string()).hint(hint));
        }
        let (state, codec, simulated) =
            self.readable(&stack).await.map_err(|error| failed(error.to_string()))?;
        check_world(self, &stack, &state, simulated).map_err(|error| failed(error.to_string()))?;
        if state.exports().values().any(Value::has_secret) && codec.key().is_none() {
            return Err(failed(format!("the secrets of {stack} cannot be opened")));
        }
        let outputs = Value::Map(state.exports().clone());
        let revision = Value::Number(state.revision().into());
        Ok([("outputs".to_owned(), outputs), ("revision".to_owned(), revision)].into())
    }
}
