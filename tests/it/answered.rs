//! A provider with the kinds of the simulated one, whose instance is another.

use std::sync::Arc;

use sskuba::core::address::{Kind, StackId, Token};
use sskuba::core::provider::{Failure, Foresight, Instance, Limits, Provider};
use sskuba::core::schema::{FieldError, Schema};
use sskuba::core::value::Map;
use sskuba::sim::SimProvider;

/// The kinds and checks of `sim`, and calls that a test's own instance answers.
#[derive(Debug)]
pub(crate) struct AnsweredBy<I> {
    pub(crate) sim: SimProvider,
    pub(crate) instance: I,
}

#[deny(clippy::missing_trait_methods)]
#[async_trait::async_trait]
impl<I: Instance + Clone + 'static> Provider for AnsweredBy<I> {
    fn name(&self) -> &str {
        self.sim.name()
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        self.sim.schemas()
    }
    fn schema(&self, kind: &Kind) -> Option<Arc<Schema>> {
        self.sim.schema(kind)
    }
    async fn learn(&self, kinds: &[Kind]) -> Result<(), Failure> {
        self.sim.learn(kinds).await
    }
    fn limits(&self) -> Limits {
        Provider::limits(&self.sim)
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        self.sim.check(schema, inputs)
    }
    fn foresee(&self, schema: &Schema, prior: Option<&Map>, inputs: &Map) -> Foresight {
        self.sim.foresee(schema, prior, inputs)
    }
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.sim.settled(stack, is_settled);
    }
    /// Only the default instance is the test's own.
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        match settings {
            None => Ok(Arc::new(self.instance.clone())),
            settings => self.sim.configure(settings).await,
        }
    }
}
