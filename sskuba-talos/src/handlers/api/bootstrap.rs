//! The start of etcd.

use async_trait::async_trait;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;

use super::applied::{is_blank, unreadable};
use super::{Api, bound, failed, not_yet, patiently};
use crate::api::Service;
use crate::resources::{Bootstrap, BootstrapArgs, BootstrapState, Kind};
use crate::secrets::Bundle;

fn object(id: &str, args: &BootstrapArgs) -> TypedObject<Bootstrap> {
    TypedObject::new(id, BootstrapState { id: id.to_owned(), machine: args.address.clone() })
}

/// Whether etcd runs anywhere.
pub(super) enum Etcd {
    /// There it does.
    Runs,
    /// Nowhere; and every machine said so.
    Nowhere,
}

impl Api {
    /// Looks for an etcd of the cluster on all of its control planes. That one of them cannot be asked is an error,
    /// unless another has it: two etcds of one cluster would be worse than none.
    async fn etcd(&self, args: &BootstrapArgs) -> Result<Etcd, Failure> {
        let others = args.control_planes.iter().filter(|other| **other != args.address);
        let all: Vec<String> = [&args.address].into_iter().chain(others).cloned().collect();
        self.etcd_on(&all, &self.bundle(&args.secrets)?).await
    }

    /// Looks for an etcd on machines, as [`etcd`](Self::etcd) does.
    pub(super) async fn etcd_on(&self, addresses: &[String], bundle: &Bundle) -> Result<Etcd, Failure> {
        let mut silent = None;
        for address in addresses {
            match self.machine(address, bundle)?.services().await {
                Ok(services) if services.iter().any(runs_etcd) => return Ok(Etcd::Runs),
                Ok(_) => {}
                Err(error) if is_blank(self, address).await.unwrap_or(false) => {
                    tracing::debug!(%address, %error, "in maintenance mode");
                }
                Err(error) => silent = Some(failed(error)),
            }
        }
        match silent {
            None => Ok(Etcd::Nowhere),
            Some(failure) => Err(failure.hint("whether etcd runs there must be known before it is started")),
        }
    }
}

fn runs_etcd(service: &Service) -> bool {
    service.id == "etcd" && service.state == "Running"
}

#[async_trait]
impl Handler<Bootstrap> for Api {
    async fn create(&self, cx: &Cx, args: BootstrapArgs) -> Result<TypedObject<Bootstrap>, Failure> {
        let bound = bound(cx, args.timeout);
        let known = &args;
        let etcd = patiently(bound, || self.etcd(known)).await.map_err(|failure| not_yet(cx, failure))?;
        match etcd {
            Etcd::Runs => {}
            // Whoever is asked anew looks everywhere first, as is done here.
            Etcd::Nowhere if cx.recovering => {
                return Err(Failure::new(Class::Conflict, "etcd is not started yet"));
            }
            Etcd::Nowhere => {
                let machine = self.machine(&args.address, &self.bundle(&args.secrets)?)?;
                machine.bootstrap_once(bound).await.map_err(failed)?;
            }
        }
        Ok(object(&cx.token.to_string(), &args))
    }

    /// It is gone when every control plane says that etcd does not run there.
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Bootstrap>,
    ) -> Result<Option<TypedObject<Bootstrap>>, Failure> {
        let Some(args) = prior.args else { return Err(unreadable()) };
        match self.etcd(&args).await? {
            Etcd::Runs => Ok(Some(object(&prior.id, &args).args(args.clone()))),
            Etcd::Nowhere => Ok(None),
        }
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Bootstrap>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Bootstrap>>, Failure> {
        Err(Failure::unlisted("what was done to machines, only stacks know"))
    }

    fn check(&self, args: &BootstrapArgs) -> Vec<FieldError> {
        Bootstrap::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Bootstrap::wrong_addresses(inputs)
    }
}

#[async_trait]
impl Update<Bootstrap> for Api {
    /// Another control plane is asked from now on; etcd is not started again.
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Bootstrap>,
    ) -> Result<TypedObject<Bootstrap>, Failure> {
        Ok(object(&change.prior.id, &change.args))
    }
}
