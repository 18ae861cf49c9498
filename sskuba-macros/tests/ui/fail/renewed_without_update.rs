//! A kind that is renewed though no input changes in place, and a handler that changes nothing.

use async_trait::async_trait;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Cx, Failure, Handler, Handlers, TypedObject, TypedPrior};
use sskuba_core::schema::FieldError;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing", idempotency = "token")]
struct Thing {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// The id.
    id: Computed<String>,
    /// When it is renewed.
    #[resource(renew_at)]
    renew_at: Computed<u64>,
}

struct Things;

#[async_trait]
impl Handler<Thing> for Things {
    async fn create(&self, _: &Cx, _: ThingArgs) -> Result<TypedObject<Thing>, Failure> {
        unimplemented!()
    }
    async fn read(&self, _: &Cx, _: TypedPrior<Thing>) -> Result<Option<TypedObject<Thing>>, Failure> {
        Ok(None)
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<Thing>) -> Result<(), Failure> {
        Ok(())
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Thing>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &ThingArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

fn main() {
    let _ = Handlers::anywhere("demo").resource::<Thing>(Things);
}
