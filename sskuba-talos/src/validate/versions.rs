//! Versions that go together.

use super::field::Field;
use super::machine::leads;
use super::report::Report;
use super::target::Target;
use crate::contract::Contract;

/// Keys that a contract brought.
const KEYS: &[(&str, Contract)] = &[
    ("machine.install.grubUseUKICmdline", Contract::V1_12),
    ("machine.network.kubespan.filters.excludeAdvertisedNetworks", Contract::V1_12),
    ("cluster.network.cni.flannel.kubeNetworkPoliciesEnabled", Contract::V1_13),
];

/// Judges the versions of Kubernetes that images name, and keys that came later than the contract.
pub(super) fn judge(machine: &Field<'_>, cluster: &Field<'_>, target: &Target, report: &mut Report) {
    for (key, since) in KEYS.iter().filter(|(_, since)| *since > target.contract) {
        let field = match key.split_once('.') {
            Some(("machine", rest)) => machine.at(rest),
            Some((_, rest)) => cluster.at(rest),
            None => continue,
        };
        if field.given() {
            report.error(&field, format!("Talos {} has no such key; it came with {since}", target.contract));
        }
    }
    if target.any_kubernetes {
        return;
    }
    let mut images = vec![machine.at("kubelet.image")];
    if leads(machine) {
        images.extend(
            ["apiServer.image", "controllerManager.image", "scheduler.image"].map(|key| cluster.at(key)),
        );
    }
    for image in images.iter().filter(|image| !image.blank()) {
        if let Err(what) = supported(&image.text(), target.contract) {
            report.error(image, what);
        }
    }
}

fn supported(image: &str, contract: Contract) -> Result<(), String> {
    let version = image.rsplit_once(":v").map(|(_, version)| version.split('@').next().unwrap_or_default());
    let Some((major, minor)) = version.and_then(minor) else {
        return Err(format!(
            "{image:?} has no version of Kubernetes as its tag, e.g. `:v1.{}.0`",
            contract.kubernetes().end()
        ));
    };
    let minors = contract.kubernetes();
    if major == 1 && minors.contains(&minor) {
        return Ok(());
    }
    let (least, most) = minors.into_inner();
    Err(format!("Talos {contract} runs Kubernetes 1.{least} to 1.{most}, not {major}.{minor}"))
}

fn minor(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split('.');
    let mut number = || parts.next()?.parse().ok();
    Some((number()?, number()?))
}
