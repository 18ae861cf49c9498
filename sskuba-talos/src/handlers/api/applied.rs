//! A machine with its config.

use async_trait::async_trait;
use sskuba_core::advice::Advice;
use sskuba_core::provider::{
    Class, Cx, Failure, Foresight, Handler, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;

use super::rolling::{running_config, same};
use super::{Api, bound, failed, half_made, invalid, patiently, target};
use crate::api::{ApplyMode, ApplyOptions, Fingerprint, Mode};
use crate::client::{Bound, Identity, Machine, tell_mode};
use crate::difference::between;
use crate::resources::{Applied, AppliedArgs, AppliedState, Kind};

fn fingerprint(args: &AppliedArgs) -> Result<Option<Fingerprint>, Failure> {
    let read = args.fingerprint.as_ref().map(|text| text.parse()).transpose();
    read.map_err(|error| invalid("fingerprint", error))
}

fn object(id: String, args: &AppliedArgs) -> TypedObject<Applied> {
    TypedObject::new(id.clone(), AppliedState { id, machine: args.address.clone() })
}

/// Waits until the machine answers as a member of its cluster. Whether it is ready shows elsewhere: before etcd is
/// started no machine is.
pub(super) async fn answers(machine: &Machine, bound: Bound) -> Result<(), Failure> {
    machine.wait_for(bound, |_| true).await.map(drop).map_err(failed)
}

impl Api {
    /// Makes a machine one that has its config, in a recovery without waiting for its answer: a worker answers once
    /// there is a control plane that signs its key.
    async fn applied(
        &self,
        cx: &Cx,
        id: String,
        (args, leaving): (&AppliedArgs, &[String]),
        mode: ApplyMode,
    ) -> Result<TypedObject<Applied>, Failure> {
        let object = object(id, args);
        match self.apply(cx, (args, leaving), mode).await {
            Ok(()) => Ok(object),
            Err(failure) => Err(half_made(cx, failure, object)),
        }
    }

    /// Gives a machine its config, whatever it has now, unless it belongs to another cluster.
    async fn apply(
        &self,
        cx: &Cx,
        (args, leaving): (&AppliedArgs, &[String]),
        mode: ApplyMode,
    ) -> Result<(), Failure> {
        let bound = bound(cx, args.timeout);
        let bundle = self.bundle(&args.secrets)?;
        let known = self.machine(&args.address, &bundle)?;
        let pinned = fingerprint(args)?;
        let target = target(&args.address)?;
        let options = ApplyOptions { mode, dry_run: false };
        let (at, settings) = (&target, &self.settings);
        // The pin is for maintenance mode: with its config a machine gets another key.
        let ask = || async move { tell_mode(at, None, settings).await.map_err(failed) };
        let result = match patiently(bound, ask).await? {
            Mode::Maintenance => {
                let identity = Identity::Maintenance { fingerprint: pinned };
                let anyone = Machine::connect_with(target, identity, self.settings.clone());
                // What a config changes takes effect as the machine starts with it.
                let options = ApplyOptions { mode: ApplyMode::Auto, ..options };
                match anyone.apply_configuration(&args.config, options).await {
                    Err(error) => return Err(older_start(&anyone, args, failed(error)).await),
                    applied => applied,
                }
            }
            Mode::Configured => return self.roll(cx, (args, leaving), &bundle, &known, mode).await,
        };
        result.map_err(failed)?;
        answers(&known, bound).await
    }
}

/// Says of a config that was refused that the machine was started with another version than the config is for, where that
/// is so: it reads what its own version knows.
async fn older_start(machine: &Machine, args: &AppliedArgs, failure: Failure) -> Failure {
    let runs = machine.version().await.ok().map(|version| version.tag);
    match (runs, &args.version) {
        (Some(runs), Some(wanted)) if runs != *wanted && matches!(failure.class, Class::Invalid(_)) => {
            failure.hint(format!(
                "it was started with {runs} and the config is for {wanted}: start it with that"
            ))
        }
        _ => failure,
    }
}

pub(super) fn mode(args: &AppliedArgs) -> ApplyMode {
    match args.mode.as_str() {
        "no-reboot" => ApplyMode::NoReboot,
        "reboot" => ApplyMode::Reboot,
        "staged" => ApplyMode::Staged,
        _ => ApplyMode::Auto,
    }
}

#[async_trait]
impl Handler<Applied> for Api {
    async fn create(&self, cx: &Cx, args: AppliedArgs) -> Result<TypedObject<Applied>, Failure> {
        self.applied(cx, cx.token.to_string(), (&args, &[]), ApplyMode::Auto).await
    }

    /// A machine without a config is none of ours any more; one that does not answer may be.
    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Applied>,
    ) -> Result<Option<TypedObject<Applied>>, Failure> {
        let Some(args) = prior.args else { return Err(unreadable()) };
        // A pin is for the moment when the config is sent: a machine that was installed anew has another key.
        if is_blank(self, &args.address).await? {
            return Ok(None);
        }
        let machine = self.machine(&args.address, &self.bundle(&args.secrets)?)?;
        let mut seen = args.clone();
        if let Some(running) = running_config(&machine).await?
            && !same(running.expose(), args.config.expose())
        {
            seen.config = running;
        }
        Ok(Some(object(prior.id, &args).args(seen)))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Applied>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Applied>>, Failure> {
        Err(Failure::unlisted("what was done to machines, only stacks know"))
    }

    fn check(&self, args: &AppliedArgs) -> Vec<FieldError> {
        Applied::mistakes(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        Applied::wrong_addresses(inputs)
    }

    fn foresee(&self, prior: Option<&AppliedArgs>, args: &AppliedArgs) -> Foresight {
        let differ = |prior: &AppliedArgs| between("config", prior.config.expose(), args.config.expose());
        Foresight { details: prior.map(differ).unwrap_or_default(), ..Foresight::default() }
    }

    async fn preview(&self, cx: &Cx, change: TypedChange<Applied>) -> Result<Vec<String>, Failure> {
        self.preview_roll(cx, &change.args).await
    }
}

#[async_trait]
impl Update<Applied> for Api {
    async fn update(&self, cx: &Cx, change: TypedChange<Applied>) -> Result<TypedObject<Applied>, Failure> {
        let TypedChange { prior, args } = change;
        let before = prior.args.map(|before| before.control_planes).unwrap_or_default();
        let leaving: Vec<String> =
            before.into_iter().filter(|address| !args.control_planes.contains(address)).collect();
        self.applied(cx, prior.id, (&args, &leaving), mode(&args)).await
    }
}

/// What is recorded does not fit this release any more.
pub(super) fn unreadable() -> Failure {
    Failure::new(Class::Terminal, "the recorded inputs do not fit this version of the kind")
        .hint("a run of the program writes them anew")
        .advice(Advice::ApplyFirst)
}

/// Tells whether a machine has no config, and so is no longer what it was.
pub(super) async fn is_blank(api: &Api, address: &str) -> Result<bool, Failure> {
    let mode = tell_mode(&target(address)?, None, &api.settings).await.map_err(failed)?;
    Ok(mode == Mode::Maintenance)
}
