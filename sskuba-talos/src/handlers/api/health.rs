//! A cluster that is healthy.

use async_trait::async_trait;
use sskuba_core::provider::{Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;

use super::{Api, bound, failed, not_yet};
use crate::client::ClusterNodes;
use crate::resources::{Health, HealthArgs, HealthState, Kind};

impl Api {
    async fn healthy(&self, cx: &Cx, id: String, args: &HealthArgs) -> Result<TypedObject<Health>, Failure> {
        let machine = self.machine(&args.address, &self.bundle(&args.secrets)?)?;
        let bound = bound(cx, args.timeout);
        machine.wait_ready(bound).await.map_err(failed)?;
        let nodes =
            ClusterNodes { control_planes: args.control_planes.clone(), workers: args.workers.clone() };
        let check = machine.health_check(&nodes, bound.within).await.map_err(failed)?;
        check.healthy().await.map_err(failed)?;
        Ok(TypedObject::new(id.clone(), HealthState { id, machine: args.address.clone() }))
    }
}

#[async_trait]
impl Handler<Health> for Api {
    async fn create(&self, cx: &Cx, args: HealthArgs) -> Result<TypedObject<Health>, Failure> {
        self.healthy(cx, cx.token.to_string(), &args).await.map_err(|failure| not_yet(cx, failure))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Health>) -> Result<Option<TypedObject<Health>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Health>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Health>>, Failure> {
        Err(Failure::unlisted("what was done to machines, only stacks know"))
    }

    fn check(&self, args: &HealthArgs) -> Vec<FieldError> {
        Health::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Health::wrong_addresses(inputs)
    }
}

#[async_trait]
impl Update<Health> for Api {
    async fn update(&self, cx: &Cx, change: TypedChange<Health>) -> Result<TypedObject<Health>, Failure> {
        self.healthy(cx, change.prior.id, &change.args).await.map_err(|failure| not_yet(cx, failure))
    }
}
