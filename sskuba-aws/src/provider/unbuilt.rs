//! The provider without its client: it knows every kind and makes none.

use std::future::ready;

use async_trait::async_trait;
use sskuba_core::provider::{
    Class, Cx, Failure, Handler, Handlers, LookupHandler, TypedChange, TypedObject, TypedPrior,
};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;

use super::{NAME, ec2, elbv2, lookup, settings};
use crate::kind::{Kind, mistakes, tag_mistakes};

/// The handler of every kind.
struct Unbuilt;

fn refused() -> Failure {
    Failure::new(Class::Terminal, "this program was built without the AWS client").hint(
        "build it with the feature `aws` of `sskuba` (`client` of `sskuba-aws`), or run it with --simulate",
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
    async fn find(&self, _: &Cx) -> Result<Option<TypedObject<R>>, Failure> {
        Err(refused())
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<R>>, Failure> {
        Err(refused())
    }
    fn check(&self, args: &R::Args) -> Vec<FieldError> {
        mistakes::<R>(args)
    }
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        tag_mistakes(inputs)
    }
}

#[async_trait]
impl<R: Kind> LookupHandler<R> for Unbuilt {
    async fn lookup(&self, _: &Cx, _: R::Args) -> Result<R::State, Failure> {
        Err(refused())
    }
}

pub(super) fn handlers() -> Handlers {
    with_kinds!(Handlers::new(NAME), Unbuilt, Unbuilt)
        .locate(|| ready(Err(refused())))
        .settings::<settings::Provider, _>(|_| ready(Err::<Handlers, _>(refused())))
}
