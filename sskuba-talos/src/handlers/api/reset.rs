//! The end of a machine's time in a cluster.

use async_trait::async_trait;
use sskuba_core::advice::Advice;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;
use tokio::time::{Instant, sleep};

use super::applied::{is_blank, unreadable};
use super::{Api, bound_alone, failed, patiently};
use crate::api::{ErrorKind, ResetOptions};
use crate::client::Bound;
use crate::resources::{Kind, Reset, ResetArgs, ResetState};

/// What to do about a machine that does not answer.
const LOST: &str = "a worker answers once a control plane has its config; a machine that is gone for good is left alone \
                    with `.retain_on_delete()`";

fn object(id: String, machine: String) -> TypedObject<Reset> {
    TypedObject::new(id.clone(), ResetState { id, machine })
}

impl Api {
    /// Waits until the machine has no config any more, or, where it does not start again, is gone.
    async fn blank(&self, args: &ResetArgs, bound: Bound) -> Result<(), Failure> {
        let end = Instant::now() + bound.within;
        loop {
            let last = match is_blank(self, &args.address).await {
                Ok(true) => return Ok(()),
                Ok(false) => "it still has its config".to_owned(),
                Err(failure) if failure.class.is_passing() && !args.reboot => return Ok(()),
                Err(failure) => failure.message,
            };
            if Instant::now() + bound.every >= end {
                let message = format!(
                    "{} is not reset within {:.0} s; last: {last}",
                    args.address,
                    bound.within.as_secs_f64()
                );
                return Err(Failure::unknown(Class::Timeout, message)
                    .hint("look at the machine's console; run again, or raise `timeout`"));
            }
            sleep(bound.every).await;
        }
    }
}

#[async_trait]
impl Handler<Reset> for Api {
    async fn create(&self, cx: &Cx, args: ResetArgs) -> Result<TypedObject<Reset>, Failure> {
        Ok(object(cx.token.to_string(), args.address))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Reset>) -> Result<Option<TypedObject<Reset>>, Failure> {
        let Some(args) = prior.args else { return Err(unreadable()) };
        Ok(Some(object(prior.id, args.address)))
    }

    async fn delete(&self, cx: &Cx, prior: TypedPrior<Reset>) -> Result<(), Failure> {
        let Some(args) = prior.args else { return Err(unreadable()) };
        let lost = |failure: Failure| match failure.class {
            Class::Transient => failure
                .hint(LOST)
                .advice(Advice::ApplyFirst)
                .advice(Advice::ForgetGone(vec![cx.address.clone()])),
            _ => failure,
        };
        let bound = bound_alone(cx, args.timeout);
        let address = &args.address;
        if patiently(bound, || is_blank(self, address)).await.map_err(lost)? {
            return Ok(());
        }
        let machine = self.machine(&args.address, &self.bundle(&args.secrets)?)?;
        // The last member has nobody to hand over to.
        let last = machine.etcd_members().await.is_ok_and(|members| members.len() <= 1);
        let options = ResetOptions {
            graceful: args.graceful && !last,
            reboot: args.reboot,
            system_partitions: args.partitions.clone(),
            ..ResetOptions::default()
        };
        match machine.reset(&options).await {
            Ok(_) => {}
            // It may have begun: how the machine ends up tells.
            Err(error) if error.may_have_happened() || matches!(error.kind, ErrorKind::NotReady { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        self.blank(&args, bound).await
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Reset>>, Failure> {
        Err(Failure::unlisted("what was done to machines, only stacks know"))
    }

    fn check(&self, args: &ResetArgs) -> Vec<FieldError> {
        Reset::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Reset::wrong_addresses(inputs)
    }
}

#[async_trait]
impl Update<Reset> for Api {
    async fn update(&self, _: &Cx, change: TypedChange<Reset>) -> Result<TypedObject<Reset>, Failure> {
        Ok(object(change.prior.id, change.args.address))
    }
}
