//! The start of etcd.

use async_trait::async_trait;
use sskuba_core::provider::{Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior};
use sskuba_core::schema::FieldError;

use super::applied::{is_blank, unreadable};
use super::{Api, bound, failed};
use crate::resources::{Bootstrap, BootstrapArgs, BootstrapState, Kind};

fn object(id: &str, args: &BootstrapArgs) -> TypedObject<Bootstrap> {
    TypedObject::new(id, BootstrapState { id: id.to_owned(), node: args.address.clone() })
}

impl Api {
    /// Tells whether a control plane's etcd has members.
    async fn has_members(&self, args: &BootstrapArgs) -> Result<bool, Failure> {
        let machine = self.machine(&args.address, &self.bundle(&args.secrets)?)?;
        Ok(!machine.etcd_members().await.map_err(failed)?.is_empty())
    }
}

#[async_trait]
impl Handler<Bootstrap> for Api {
    async fn create(&self, cx: &Cx, args: BootstrapArgs) -> Result<TypedObject<Bootstrap>, Failure> {
        let machine = self.machine(&args.address, &self.bundle(&args.secrets)?)?;
        machine.bootstrap_once(bound(cx, args.timeout)).await.map_err(failed)?;
        Ok(object(&cx.token.to_string(), &args))
    }

    /// It is gone only with the machine's config: an etcd that does not answer is a fault, not a reason to start a
    /// second one.
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Bootstrap>,
    ) -> Result<Option<TypedObject<Bootstrap>>, Failure> {
        let Some(args) = prior.args else { return Err(unreadable()) };
        if is_blank(self, &args.address).await? {
            return Ok(None);
        }
        Ok(self.has_members(&args).await?.then(|| object(&prior.id, &args).args(args.clone())))
    }

    /// Another control plane is asked from now on; etcd is not started again.
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Bootstrap>,
    ) -> Result<TypedObject<Bootstrap>, Failure> {
        Ok(object(&change.prior.id, &change.args))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Bootstrap>) -> Result<(), Failure> {
        Ok(())
    }

    fn check(&self, args: &BootstrapArgs) -> Vec<FieldError> {
        Bootstrap::mistakes(args)
    }
}
