//! A handler that neither lists nor checks.

use async_trait::async_trait;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Cx, Failure, Handler, Handlers, TypedObject, TypedPrior};

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing", idempotency = "token")]
struct Thing {
    /// The id.
    id: Computed<String>,
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
}

fn main() {
    let _ = Handlers::anywhere("demo").resource::<Thing>(Things);
}
