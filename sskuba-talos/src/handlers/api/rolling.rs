//! A change of a machine that is in use: first the version of Talos, then the config, etcd healthy before and after.

use sskuba_core::provider::{Class, Cx, Failure};
use sskuba_core::secret::Secret;

use super::bootstrap::Etcd;
use super::kubernetes::kubelet;
use super::{Api, bound, failed, invalid, patiently};
use crate::api::{ApplyMode, ApplyOptions, ResourceKind};
use crate::client::Machine;
use crate::resources::AppliedArgs;
use crate::secrets::Bundle;
use crate::yaml::{self, Node};

/// The id of the config that is in force.
const IN_FORCE: &str = "v1alpha1";

/// Tells whether two configs say the same, however they are written.
pub(super) fn same(one: &str, other: &str) -> bool {
    match (yaml::read(one), yaml::read(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Returns a text of a config's document for the machine itself.
pub(super) fn said(config: &[Node], path: &[&str]) -> Option<String> {
    config.iter().find_map(|document| document.at(path)?.as_str()).map(str::to_owned)
}

/// Returns major and minor version of a tag.
fn minor(tag: &str) -> Option<(u64, u64)> {
    let mut parts = tag.strip_prefix('v').unwrap_or(tag).split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

/// Refuses to go down, or to pass over a minor version.
pub(super) fn one_minor(what: &str, field: &str, from: &str, to: &str) -> Result<(), Failure> {
    let (Some((major, old)), Some((other, new))) = (minor(from), minor(to)) else { return Ok(()) };
    if major == other && (old..=old + 1).contains(&new) {
        return Ok(());
    }
    let next = format!("{major}.{}", old + 1);
    let message =
        format!("{what} goes up by one minor version at a time and never down: from {from} not to {to}");
    Err(invalid(field, message).hint(format!("{next} is the next one")))
}

/// Refuses a config that makes another kind of machine of one that is in use, or passes over a version of Kubernetes.
pub(super) fn refuse_leaps(running: &str, wanted: &str) -> Result<(), Failure> {
    let (Ok(running), Ok(wanted)) = (yaml::read(running), yaml::read(wanted)) else { return Ok(()) };
    let path = ["machine", "type"];
    if let (Some(is), Some(to)) = (said(&running, &path), said(&wanted, &path))
        && is != to
    {
        let message = format!("the machine is a {is}, and the config is of a {to}");
        return Err(invalid("config", message)
            .hint("apply the program without the machine, which resets it; then add it again"));
    }
    let tag = |config: &[Node]| {
        let image = said(config, &["machine", "kubelet", "image"])?;
        image.rsplit_once(":v").map(|(_, tag)| tag.split('@').next().unwrap_or(tag).to_owned())
    };
    match (tag(&running), tag(&wanted)) {
        (Some(from), Some(to)) => one_minor("Kubernetes", "config", &from, &to),
        _ => Ok(()),
    }
}

/// Refuses another version of Kubernetes together with another one of Talos: the components go up on all control planes
/// before any kubelet does, and by then all of them have to run a Talos that knows it.
pub(super) fn refuse_both(running: &str, wanted: &str, from: &str, to: &str) -> Result<(), Failure> {
    let (Ok(running), Ok(wanted)) = (yaml::read(running), yaml::read(wanted)) else { return Ok(()) };
    match (kubelet(&running), kubelet(&wanted)) {
        (Some(before), Some(after)) if before != after => {
            let message = format!(
                "Talos goes from {from} to {to} and Kubernetes from {} to {}: one after the other",
                dotted(before),
                dotted(after)
            );
            Err(invalid("version", message).hint("raise the version of Talos first, then that of Kubernetes"))
        }
        _ => Ok(()),
    }
}

fn dotted((major, minor, patch): (u64, u64, u64)) -> String {
    format!("{major}.{minor}.{patch}")
}

/// Returns the config that is in force on a machine; none if it is no text.
pub(super) async fn running_config(machine: &Machine) -> Result<Option<Secret<String>>, Failure> {
    let found = machine.resource(ResourceKind::MACHINE_CONFIG, IN_FORCE).await.map_err(failed)?;
    Ok(found.spec.as_str().map(|text| Secret::new(text.to_owned())))
}

impl Api {
    /// Brings a machine in use to its version and its config, in this order, and leaves the cluster healthy. Nothing is
    /// done to it while etcd is not healthy; `leaving` are control planes that are not to be any more.
    pub(super) async fn roll(
        &self,
        cx: &Cx,
        (args, leaving): (&AppliedArgs, &[String]),
        bundle: &Bundle,
        machine: &Machine,
        mode: ApplyMode,
    ) -> Result<(), Failure> {
        let bound = bound(cx, args.timeout);
        // It may have just booted, with a config that its platform handed to it.
        let running = patiently(bound, || running_config(machine)).await?.unwrap_or_default();
        refuse_leaps(running.expose(), args.config.expose())?;
        let ask = || async move { machine.version().await.map_err(failed) };
        let runs = patiently(bound, ask).await?.tag;
        let other = args.version.as_ref().filter(|version| **version != runs);
        if let Some(version) = other {
            one_minor("Talos", "version", &runs, version)?;
            refuse_both(running.expose(), args.config.expose(), &runs, version)?;
            if cx.recovering {
                return Err(Failure::new(Class::Conflict, format!("it still runs {runs}")));
            }
        }
        let same = same(running.expose(), args.config.expose());
        if same && other.is_none() {
            return Ok(());
        }
        // Before etcd is started there is nothing that could lose its quorum.
        let in_use = !args.control_planes.is_empty()
            && !cx.recovering
            && matches!(self.etcd_on(&args.control_planes, bundle).await?, Etcd::Runs);
        let healthy = async |after: &str| match in_use {
            true => self.etcd_healthy((&args.control_planes, leaving), bundle, bound).await.map_err(
                |mut failure| {
                    failure.message = format!("{}: {after}: {}", args.address, failure.message);
                    failure
                },
            ),
            false => Ok(()),
        };
        if let (Some(version), Some(image)) = (other, &args.image) {
            healthy("not upgraded").await?;
            self.install(machine, version, image, bound).await?;
            healthy("upgraded").await?;
        }
        if same {
            return Ok(());
        }
        if in_use && !args.mode.starts_with("staged") {
            self.components_first(args, bundle, &running, bound).await?;
        }
        let asked = ApplyOptions { mode, dry_run: true };
        let told = machine.apply_configuration(&args.config, asked).await.map_err(failed)?;
        let reboots = told.mode == ApplyMode::Reboot;
        let now = reboots && args.mode != "staged-if-needing-reboot";
        tracing::info!(address = %args.address, reboots, "config");
        if now {
            healthy("its config, which reboots it, is not sent").await?;
        }
        let waits = args.mode == "staged-if-needing-reboot" && reboots;
        let options = ApplyOptions { mode: if waits { ApplyMode::Staged } else { mode }, dry_run: false };
        machine.apply_configuration(&args.config, options).await.map_err(failed)?;
        super::applied::answers(machine, bound).await?;
        if now {
            healthy("rebooted with its config").await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_go_up_by_one_minor() {
        for (from, to) in [("v1.12.4", "v1.12.1"), ("v1.12.4", "v1.13.0"), ("1.35.0", "1.35.2")] {
            assert!(one_minor("it", "f", from, to).is_ok(), "{from} {to}");
        }
        for (from, to) in
            [("v1.12.4", "v1.14.0"), ("v1.13.0", "v1.12.9"), ("1.36.1", "1.33.0"), ("1.9.0", "2.0.0")]
        {
            assert!(one_minor("it", "f", from, to).is_err(), "{from} {to}");
        }
    }

    #[test]
    fn a_machine_in_use_stays_what_it_is() {
        let config = |kind: &str, tag: &str| {
            format!("machine: {{type: {kind}, kubelet: {{image: 'ghcr.io/siderolabs/kubelet:v{tag}'}}}}")
        };
        assert!(refuse_leaps(&config("worker", "1.35.0"), &config("worker", "1.36.0")).is_ok());
        assert!(refuse_leaps(&config("worker", "1.35.0"), &config("controlplane", "1.35.0")).is_err());
        assert!(refuse_leaps(&config("worker", "1.33.0"), &config("worker", "1.36.0")).is_err());
        assert!(refuse_leaps(&config("worker", "1.36.0"), &config("worker", "1.35.0")).is_err());
    }
}
