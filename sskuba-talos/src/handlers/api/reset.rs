//! The end of a machine's time in a cluster.

use async_trait::async_trait;
use sskuba_core::advice::Advice;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;
use tokio::time::{Instant, sleep};

use super::applied::{is_blank, unreadable};
use super::lost_member::Leave;
use super::{Api, bound_alone, failed, patiently};
use crate::api::{ErrorKind, ResetOptions};
use crate::client::{Bound, Machine};
use crate::resources::{Kind, Reset, ResetArgs, ResetState};

/// What to do about a worker that does not answer.
const LOST_WORKER: &str = "it keeps its config and is reset by a later run, once it answers: a worker does as long as a \
                           control plane has its config; one that is gone for good is forgotten";

/// What to do about a control plane that does not answer.
const LOST_CONTROL_PLANE: &str = "it keeps its config and is reset by a later run, once it answers; one that is gone for good is forgotten";

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

    /// Says of a machine that does not answer what was left and what was done about it. A control plane is taken out of
    /// etcd, so that the others keep their quorum.
    async fn left_alone(&self, cx: &Cx, args: &ResetArgs, failure: Failure) -> Failure {
        if !failure.class.is_silence() {
            return failure;
        }
        let is_control_plane = args.control_planes.contains(&args.address);
        let hint = if is_control_plane { LOST_CONTROL_PLANE } else { LOST_WORKER };
        let mut failure = failure.hint(hint).advice(Advice::ForgetGone(vec![cx.address.clone()]));
        if is_control_plane {
            let removed = match self.bundle(&args.secrets) {
                Ok(bundle) => self.remove_lost_member(args, &bundle).await,
                Err(failure) => Err(failure),
            };
            let message = match removed {
                Ok(Some(name)) => format!("its member {name} was removed from etcd"),
                Ok(None) => return failure,
                Err(why) => format!("its member was not removed from etcd: {}", why.message),
            };
            failure.message = format!("{}; {message}", failure.message);
        }
        failure
    }

    /// Resets a machine that has its config.
    async fn wipe(&self, machine: &Machine, args: &ResetArgs, graceful: bool) -> Result<(), Failure> {
        let options = ResetOptions {
            graceful,
            reboot: args.reboot,
            system_partitions: args.partitions.clone(),
            ..ResetOptions::default()
        };
        match machine.reset(&options).await {
            Ok(_) => Ok(()),
            // It may have begun: how the machine ends up tells.
            Err(error) if error.may_have_happened() || matches!(error.kind, ErrorKind::NotReady { .. }) => {
                Ok(())
            }
            Err(error) => Err(failed(error)),
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
        let bound = bound_alone(cx, args.timeout);
        let address = &args.address;
        match patiently(bound, || is_blank(self, address)).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(failure) => return Err(self.left_alone(cx, &args, failure).await),
        }
        let bundle = self.bundle(&args.secrets)?;
        let machine = self.machine(&args.address, &bundle)?;
        if args.control_planes.contains(address) {
            let _turn = self.leaving.lock().await;
            // Another one that is lost is given up within its own time, and only then taken out.
            let others = bound_alone(cx, args.timeout.saturating_mul(2));
            let leave = match args.graceful {
                true => self.may_leave(&args, &bundle, others).await?,
                false => Leave::Not,
            };
            self.wipe(&machine, &args, leave == Leave::First).await?;
            return self.blank(&args, bound).await;
        }
        // The last member has nobody to hand over to.
        let last = machine.etcd_members().await.is_ok_and(|members| members.len() <= 1);
        self.wipe(&machine, &args, args.graceful && !last).await?;
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
