//! A Kubernetes cluster out of machines that run Talos Linux: secrets, configs, etcd, health, a kubeconfig.
//!
//! ```console
//! cargo run --example talos-cluster --features talos-client -- up \
//!     -c name=base -c endpoint=https://10.0.0.5:6443 \
//!     -c 'control_planes=["10.0.0.5", "10.0.0.6", "10.0.0.7"]' -c 'workers=["10.0.0.8"]'
//! ```
//!
//! The machines are in maintenance mode at first. Another `talos` upgrades them, one at a time; `down` resets them.

use std::collections::{BTreeMap, BTreeSet};

use sskuba::prelude::*;
use sskuba::talos::config::{Input as Cluster, Role};
use sskuba::talos::contract::Contract;
use sskuba::talos::resources::{
    Applied, Bootstrap, Health, Kubeconfig, Reset, Rotation, Secrets, Talosconfig,
};

/// The cluster and its machines.
#[derive(Config)]
struct Settings {
    /// The name of the cluster.
    #[config(default = "base".to_owned())]
    name: String,
    /// The URL of the Kubernetes API: a balancer's, a shared address, or that of the first control plane.
    endpoint: String,
    /// Addresses of the control planes, an odd number.
    control_planes: Vec<String>,
    /// Addresses of the workers.
    #[config(default = Vec::new())]
    workers: Vec<String>,
    /// What the machines' consoles show in maintenance mode, by their addresses: fingerprints of their keys, so that no
    /// other machine gets the secrets. Without one any machine that answers is believed.
    #[config(default = BTreeMap::new())]
    fingerprints: BTreeMap<String, String>,
    /// The version of Talos that the machines are to run.
    #[config(default = "v1.13.9".to_owned())]
    talos: String,
    /// The version of Kubernetes.
    #[config(default = "1.36.3".to_owned())]
    kubernetes: String,
    /// The disk that Talos is installed to.
    #[config(default = "/dev/sda".to_owned())]
    disk: String,
    /// Patches of all machines' configs, in YAML.
    #[config(default = Vec::new())]
    patches: Vec<String>,
    /// When another config takes effect: `auto`, `no-reboot`, `reboot`, `staged`, `staged-if-needing-reboot`.
    #[config(default = "auto".to_owned())]
    mode: String,
    /// For how many seconds a machine is waited for that does not answer.
    #[config(default = 600)]
    patience: u32,
    /// The authority of the machine API by a name of yours, such as a date; another name replaces it, in three runs.
    os_authority: Option<String>,
    /// The same of Kubernetes' authority.
    kubernetes_authority: Option<String>,
    /// Whether the cluster's health is waited for.
    #[config(default = true)]
    health: bool,
}

fn host(address: &str) -> String {
    let name = address.rsplit_once(':').map_or(address, |(host, _)| host);
    name.trim_matches(['[', ']']).to_owned()
}

/// Names what is done to a machine after its address, not after its place in a list, which may change.
fn named(address: &str) -> String {
    address.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// Pins the key of a machine, if one is known.
fn pinned(applied: Applied, fingerprint: Option<&String>) -> Applied {
    match fingerprint {
        Some(fingerprint) => applied.fingerprint(fingerprint),
        None => applied,
    }
}

/// Says what the cluster is to be.
fn described(set: &Settings) -> sskuba::Result<Cluster> {
    // In an order of their own: another order of the lists is no other config.
    let machines: BTreeSet<String> =
        set.control_planes.iter().chain(&set.workers).map(|address| host(address)).collect();
    Ok(Cluster::new(&set.name, &set.endpoint, &set.kubernetes)
        .contract(set.talos.parse::<Contract>()?)
        .certificate_sans(machines)
        .install_disk(&set.disk))
}

fn cluster(stack: &mut Stack) -> sskuba::Result {
    let set: Settings = stack.config()?;
    let input = described(&set)?;
    let secrets = stack.add("cluster", Secrets::new().contract(input.contract.to_string()))?;
    let bundle = rotated(stack, &set, &secrets)?;
    let config = |stack: &mut Stack, name: &str, role: Role| {
        let patches = set.patches.iter().map(|patch| Secret::new(patch.clone()));
        let config = sskuba::talos::resources::Config::new(bundle.clone(), input.clone(), role)
            .patches(patches.collect::<Vec<_>>());
        stack.add(name, config)
    };
    let control_plane = config(stack, "control-plane", Role::control_plane())?;
    let worker = config(stack, "worker", Role::worker())?;

    // A machine is reset before those that it is to leave while they are still there.
    let machine = |stack: &mut Stack,
                   address: &String,
                   config,
                   leaves: &[(Handle<Reset>, Handle<Applied>)]|
     -> sskuba::Result<_> {
        let name = named(address);
        let reset = Reset::new(address, bundle.clone())
            .control_planes(set.control_planes.clone())
            .timeout(set.patience);
        let reset = leaves.iter().fold(stack.add(&name, reset)?, |reset, (of, _)| reset.depends_on(of));
        let applied = Applied::new(reset.machine(), bundle.clone(), config)
            .timeout(set.patience)
            .mode(&*set.mode)
            .version(&*set.talos)
            .image(format!("ghcr.io/siderolabs/installer:{}", set.talos))
            .control_planes(set.control_planes.clone());
        let applied = stack.add(&name, pinned(applied, set.fingerprints.get(address)))?;
        // Control planes are changed first.
        let applied = leaves.iter().fold(applied, |applied, (_, first)| applied.depends_on(first));
        Ok((reset, applied))
    };
    let (mut nodes, mut first, mut joined) = (Vec::new(), Vec::new(), Vec::new());
    for address in &set.control_planes {
        let (reset, applied) = machine(stack, address, control_plane.yaml(), &[])?;
        nodes.push(applied.machine());
        first.push((reset, applied));
    }
    for address in &set.workers {
        // Workers leave while there still is a control plane to drain them.
        let (_, applied) = machine(stack, address, worker.yaml(), &first)?;
        joined.push(applied);
    }

    let Some(first) = nodes.first().cloned() else {
        return Err(std::io::Error::other("`control_planes` names no machine").into());
    };
    let bootstrap = Bootstrap::new(first, bundle.clone()).control_planes(Output::all(nodes));
    let bootstrap = stack.add("etcd", bootstrap)?;
    let mut ready = bootstrap.machine();
    if set.health {
        let hosts = |addresses: &[String]| addresses.iter().map(|address| host(address)).collect::<Vec<_>>();
        let health = Health::new(bootstrap.machine(), bundle.clone())
            .control_planes(hosts(&set.control_planes))
            .workers(hosts(&set.workers));
        // Workers join by themselves once they have their config.
        let health = stack.add("cluster", health)?;
        let health = joined.iter().fold(health, |health, worker| health.depends_on(worker));
        ready = health.machine();
    }
    access(stack, &set, &bundle, ready)
}

/// Returns the secrets as they are now, where authorities have names: another name rotates one.
fn rotated(
    stack: &mut Stack,
    set: &Settings,
    secrets: &Handle<Secrets>,
) -> sskuba::Result<Output<Secret<String>>> {
    if set.os_authority.is_none() && set.kubernetes_authority.is_none() {
        return Ok(secrets.bundle());
    }
    let machines: Vec<String> = set.control_planes.iter().chain(&set.workers).cloned().collect();
    let mut rotation = Rotation::new(secrets.bundle(), machines).timeout(set.patience.min(10));
    if let Some(name) = &set.os_authority {
        rotation = rotation.os(name);
    }
    if let Some(name) = &set.kubernetes_authority {
        rotation = rotation.kubernetes(name);
    }
    let rotation = stack.add("cluster", rotation)?;
    stack.export("rotation", rotation.stage());
    Ok(rotation.bundle())
}

/// Makes what administrators reach the cluster with.
fn access(
    stack: &mut Stack,
    set: &Settings,
    bundle: &Output<Secret<String>>,
    ready: Output<String>,
) -> sskuba::Result {
    let kubeconfig = Kubeconfig::new(bundle.clone(), &*set.name, &*set.endpoint).address(ready);
    let kubeconfig = stack.add("admin", kubeconfig)?;
    let talosconfig = Talosconfig::new(bundle.clone(), &*set.name, set.control_planes.clone());
    let talosconfig = stack.add("admin", talosconfig)?;

    stack.export("secrets", bundle.clone());
    stack.export("talosconfig", talosconfig.talosconfig());
    stack.export("kubeconfig", kubeconfig.kubeconfig());
    Ok(())
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sskuba::cli::new("talos-cluster")
        .provider(sskuba::talos::provider())
        .program(cluster)
        .config::<Settings>()
        .run()
        .await
}
