//! Another version of Talos, one machine at a time.

use async_trait::async_trait;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;
use tokio::time::{Instant, sleep};

use super::applied::unreadable;
use super::rolling::one_minor;
use super::{Api, bound, failed, patiently};
use crate::api::{ErrorKind, Stage};
use crate::client::{Bound, Machine};
use crate::resources::{Kind, Upgrade, UpgradeArgs, UpgradeState};
use crate::secrets::Bundle;

fn object(id: String) -> TypedObject<Upgrade> {
    TypedObject::new(id.clone(), UpgradeState { id })
}

/// Says that an upgrade stopped; what has the new version is passed over next time.
fn stopped(id: &str, done: usize, of: usize, failure: Failure) -> Failure {
    let Failure { class, message, .. } = failure;
    let message = format!("stopped after {done} of {of} machines: {message}");
    let hint = "mend the machine that it names and run again: those that are done are passed over";
    match object(id.to_owned()).erase() {
        Ok(object) => Failure::partial(class, message, object).hint(hint),
        Err(_) => Failure::unknown(class, message).hint(hint),
    }
}

impl Api {
    async fn upgrade(&self, cx: &Cx, id: &str, args: &UpgradeArgs) -> Result<TypedObject<Upgrade>, Failure> {
        let bundle = self.bundle(&args.secrets)?;
        let bound = bound(cx, args.timeout);
        let all: Vec<&String> = args.control_planes.iter().chain(&args.workers).collect();
        if cx.recovering {
            // Half an hour's work, which may not be wanted any more: the plan goes on with what is.
            let failure = Failure::unknown(Class::Conflict, "it was interrupted");
            return Err(stopped(id, 0, all.len(), failure));
        }
        for (done, address) in all.iter().enumerate() {
            let one = self.upgrade_one(args, &bundle, address, bound).await;
            one.map_err(|failure| stopped(id, done, all.len(), failure))?;
        }
        Ok(object(id.to_owned()))
    }

    /// Upgrades a machine, unless it has the version already.
    async fn upgrade_one(
        &self,
        args: &UpgradeArgs,
        bundle: &Bundle,
        address: &str,
        bound: Bound,
    ) -> Result<(), Failure> {
        let machine = self.machine(address, bundle)?;
        let known = &machine;
        let ask = || async move { known.version().await.map_err(failed) };
        let runs = patiently(bound, ask).await?;
        if runs.tag == args.version {
            return Ok(());
        }
        one_minor("Talos", "version", &runs.tag, &args.version)?;
        self.etcd_healthy((&args.control_planes, &[]), bundle, bound).await?;
        self.install(&machine, &args.version, &args.image, bound).await?;
        self.etcd_healthy((&args.control_planes, &[]), bundle, bound).await
    }

    /// Gives a machine a version, and waits until it runs it.
    pub(super) async fn install(
        &self,
        machine: &Machine,
        version: &str,
        image: &str,
        bound: Bound,
    ) -> Result<(), Failure> {
        let report = |step| tracing::info!(machine = %machine.target(), ?step, "upgrade");
        match machine.upgrade(image, report).await {
            Ok(_) => {}
            // It may be on its way: the version tells.
            Err(error) if error.may_have_happened() => {}
            Err(error) => return Err(failed(error)),
        }
        self.has_version(machine, version, bound).await
    }

    /// Waits until a machine runs the version.
    async fn has_version(&self, machine: &Machine, wanted: &str, bound: Bound) -> Result<(), Failure> {
        let end = Instant::now() + bound.within;
        loop {
            let last = match (machine.version().await, machine.status().await) {
                (Ok(version), Ok(status)) if version.tag == wanted => {
                    if status.stage == Stage::Running && status.ready {
                        return Ok(());
                    }
                    format!("{}, not ready", status.stage)
                }
                (Ok(version), Ok(_)) => format!("it still runs {}", version.tag),
                (Err(error), _) | (_, Err(error)) if error.is_transient() => error.to_string(),
                (Err(ref error), _) | (_, Err(ref error))
                    if matches!(error.kind, ErrorKind::NotFound { .. }) =>
                {
                    error.to_string()
                }
                (Err(error), _) | (_, Err(error)) => return Err(failed(error)),
            };
            if Instant::now() + bound.every >= end {
                let message = format!("{} does not come up with {}; last: {last}", machine.target(), wanted);
                return Err(Failure::unknown(Class::Timeout, message));
            }
            sleep(bound.every).await;
        }
    }

    /// Waits until every control plane's etcd answers, knows as many members as answer, and none of them raises an alarm
    /// or only learns. `leaving` are machines that were control planes and are about to be reset: while they are members and
    /// answer, they count.
    pub(super) async fn etcd_healthy(
        &self,
        (control_planes, leaving): (&[String], &[String]),
        bundle: &Bundle,
        bound: Bound,
    ) -> Result<(), Failure> {
        let end = Instant::now() + bound.within.min(std::time::Duration::from_mins(2));
        loop {
            let wrong = self.etcd_faults((control_planes, leaving), bundle).await?;
            if wrong.is_empty() {
                return Ok(());
            }
            if Instant::now() + bound.every >= end {
                let failure =
                    Failure::new(Class::Conflict, format!("etcd is not healthy: {}", wrong.join("; ")));
                return Err(failure.hint(
                    "a member that is lost for good is removed from etcd by hand; a control plane that left the program \
                     is reset once the others need no change that reboots them",
                ));
            }
            sleep(bound.every).await;
        }
    }

    /// Says what is not as it should be with etcd now.
    async fn etcd_faults(
        &self,
        (control_planes, leaving): (&[String], &[String]),
        bundle: &Bundle,
    ) -> Result<Vec<String>, Failure> {
        let mut wrong = Vec::new();
        let mut expected = control_planes.len();
        for address in leaving {
            expected += usize::from(self.machine(address, bundle)?.etcd_members().await.is_ok());
        }
        for address in control_planes {
            let machine = self.machine(address, bundle)?;
            match machine.etcd_members().await {
                Ok(members) if members.len() != expected => {
                    wrong.push(format!("{address} knows {} members of {expected}", members.len()));
                }
                Ok(members) => {
                    let learners = members.iter().filter(|member| member.learner);
                    wrong.extend(learners.map(|member| format!("{} is still learning", member.hostname)));
                }
                Err(error) => wrong.push(error.to_string()),
            }
            match machine.etcd_alarms().await {
                Ok(alarms) if alarms.is_empty() => {}
                Ok(alarms) => wrong.push(format!("{address} raises {} alarms", alarms.len())),
                Err(error) => wrong.push(error.to_string()),
            }
        }
        Ok(wrong)
    }
}

#[async_trait]
impl Handler<Upgrade> for Api {
    async fn create(&self, cx: &Cx, args: UpgradeArgs) -> Result<TypedObject<Upgrade>, Failure> {
        self.upgrade(cx, &cx.token.to_string(), &args).await
    }

    /// Reports the version that not all have, if there is one.
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Upgrade>,
    ) -> Result<Option<TypedObject<Upgrade>>, Failure> {
        let Some(args) = prior.args else { return Err(unreadable()) };
        let bundle = self.bundle(&args.secrets)?;
        let mut seen = args.clone();
        for address in args.control_planes.iter().chain(&args.workers) {
            let version = self.machine(address, &bundle)?.version().await.map_err(failed)?;
            if version.tag != args.version {
                seen.version = version.tag;
            }
        }
        Ok(Some(object(prior.id).args(seen)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Upgrade>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Upgrade>>, Failure> {
        Err(Failure::unlisted("what was done to machines, only stacks know"))
    }

    fn check(&self, args: &UpgradeArgs) -> Vec<FieldError> {
        Upgrade::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Upgrade::wrong_addresses(inputs)
    }
}

#[async_trait]
impl Update<Upgrade> for Api {
    async fn update(&self, cx: &Cx, change: TypedChange<Upgrade>) -> Result<TypedObject<Upgrade>, Failure> {
        self.upgrade(cx, &change.prior.id, &change.args).await
    }
}
