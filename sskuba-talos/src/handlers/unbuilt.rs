//! Without the client: the kinds are known and their inputs checked, and no machine is spoken to.

use async_trait::async_trait;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;

use crate::resources::Kind;

/// The handler of every kind that needs a machine.
pub(crate) struct Unbuilt;

fn refused() -> Failure {
    Failure::new(Class::Terminal, "this program was built without the client of the machine API").hint(
        "build it with the feature `talos-client` of `sskuba` (`client` of `sskuba-talos`), or run it with --simulate",
    )
}

#[async_trait]
impl<R: Kind> Handler<R> for Unbuilt {
    async fn create(&self, _: &Cx, _: R::Args) -> Result<TypedObject<R>, Failure> {
        Err(refused())
    }
    async fn read(&self, _: &Cx, _: TypedPrior<R>) -> Result<Option<TypedObject<R>>, Failure> {
        Err(refused())
    }
    async fn update(&self, _: &Cx, _: TypedChange<R>) -> Result<TypedObject<R>, Failure> {
        Err(refused())
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<R>) -> Result<(), Failure> {
        Err(refused())
    }
    fn check(&self, args: &R::Args) -> Vec<FieldError> {
        R::mistakes(args)
    }
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        R::wrong_addresses(inputs)
    }
}
