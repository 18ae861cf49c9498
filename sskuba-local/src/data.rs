//! A value that is only recorded.

use async_trait::async_trait;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;

/// A value that is only recorded: nothing exists outside of the state.
///
/// It carries a value from one run to the next, triggers a replacement of what depends on it, or stands in for a
/// resource where only the engine matters.
#[derive(Resource, Debug)]
#[resource(kind = "local:data:Data", idempotency = "token", create = "1ms", update = "1ms", delete = "1ms")]
pub struct Data {
    /// The value.
    value: Input<serde_json::Value>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
}

/// Handles [`Data`]: it answers at once and remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct DataHandler;

#[async_trait]
impl Handler<Data> for DataHandler {
    async fn create(&self, cx: &Cx, _: DataArgs) -> Result<TypedObject<Data>, Failure> {
        let id = cx.token.to_string();
        Ok(TypedObject::new(id.clone(), DataState { id }))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Data>) -> Result<Option<TypedObject<Data>>, Failure> {
        Ok(Some(TypedObject::new(prior.id.clone(), DataState { id: prior.id })))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Data>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Data>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, _: &DataArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

#[async_trait]
impl Update<Data> for DataHandler {
    async fn update(&self, _: &Cx, change: TypedChange<Data>) -> Result<TypedObject<Data>, Failure> {
        let id = change.prior.id;
        Ok(TypedObject::new(id.clone(), DataState { id }))
    }
}
