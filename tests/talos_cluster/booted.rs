//! Machines that boot with their config, which their platform hands to them: they are never in maintenance mode.

use std::time::Duration;

use sskuba::core::address::StackId;
use sskuba::core::clock::{IdSource, SeededIds};
use sskuba::core::engine::{Engine, EngineError, with_causes};
use sskuba::core::stack::Program;
use sskuba::prelude::*;
use sskuba::talos::config::{self, Input as Cluster, Role};
use sskuba::talos::resources::{Applied, Bootstrap, Config, Reset, Secrets};
use sskuba::talos::secrets::Bundle;
use sskuba::talos::user_data::Platform;

use crate::machines::{Machines, quick_bundle};

/// What a test says of its machines.
#[derive(Clone)]
struct Said {
    secrets: Secret<String>,
    control_planes: Vec<String>,
    workers: Vec<String>,
    patch: &'static str,
}

fn input() -> Cluster {
    let hosts = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"].map(str::to_owned);
    Cluster::new("base", "https://127.0.0.1:6443", "1.36.3").install_disk("/dev/sda").certificate_sans(hosts)
}

/// Makes the config that the platform hands to a machine.
fn handed(secrets: &Secret<String>, role: &Role) -> Secret<String> {
    let bundle = Bundle::from_yaml(secrets.expose()).unwrap();
    config::generate(&input(), role, &bundle).unwrap().to_yaml()
}

fn program(said: Said) -> impl Program {
    move |stack: &mut Stack| {
        let secrets = stack.add("cluster", Secrets::new().import(said.secrets.clone()))?;
        let config = |stack: &mut Stack, role: Role| {
            let patches = vec![Secret::new(said.patch.to_owned())];
            let config = Config::new(secrets.bundle(), input(), role.clone()).user_data_for(Platform::Aws);
            let config = if said.patch.is_empty() { config } else { config.patches(patches) };
            stack.add(role.as_str(), config)
        };
        let (control_plane, worker) = (config(stack, Role::control_plane())?, config(stack, Role::worker())?);
        let machine = |stack: &mut Stack, address: &String, yaml: Output<Secret<String>>| {
            let name = address.replace(':', "-");
            // Started again it would have its config once more.
            let reset = Reset::new(address, secrets.bundle()).control_planes(said.control_planes.clone());
            let reset = stack.add(&name, reset.reboot(false).timeout(20_u32))?;
            let applied = Applied::new(reset.machine(), secrets.bundle(), yaml).timeout(20_u32);
            stack.add(&name, applied.control_planes(said.control_planes.clone()))
        };
        let mut nodes = Vec::new();
        for address in &said.control_planes {
            nodes.push(machine(stack, address, control_plane.yaml())?.machine());
        }
        for address in &said.workers {
            machine(stack, address, worker.yaml())?;
        }
        let first = nodes.first().cloned().unwrap();
        let etcd = Bootstrap::new(first, secrets.bundle()).control_planes(Output::all(nodes));
        stack.add("etcd", etcd.timeout(20_u32))?;
        stack.export("user data", control_plane.user_data());
        Ok(())
    }
}

fn engine() -> (Engine, StackId) {
    let engine = Engine::builder().provider(sskuba::talos::provider()).build();
    (engine, "local/test/dev".parse().unwrap())
}

async fn up(engine: &Engine, stack: &StackId, said: &Said) -> Result<(u32, usize), EngineError> {
    let report = engine.up(stack, program(said.clone())).await?;
    Ok((report.counts.changes(), report.failures.len()))
}

/// Boots machines with their configs, all at once, and makes a cluster of them.
async fn booted(machines: &Machines, secrets: Secret<String>) {
    let (control_planes, workers) = machines.addresses.split_at(2);
    let mut said =
        Said { secrets, control_planes: control_planes.to_vec(), workers: workers.to_vec(), patch: "" };
    let (engine, stack) = engine();
    assert_eq!(up(&engine, &stack, &said).await.unwrap().1, 0);
    let admin = machines.admin(0, said.secrets.expose());
    assert_eq!(admin.etcd_members().await.unwrap().len(), 2);
    // Nobody sent a config: what they booted with is what they are to have.
    assert!(!machines.fleet.history().iter().any(|line| line.ends_with(": config")));
    assert_eq!(up(&engine, &stack, &said).await.unwrap(), (0, 0));

    // A change reaches them as it reaches any other.
    said.patch = "machine: {sysctls: {vm.nr_hugepages: '1024'}}";
    assert_eq!(up(&engine, &stack, &said).await.unwrap().1, 0);
    let found = admin.resource(sskuba::talos::api::ResourceKind::MACHINE_CONFIG, "v1alpha1").await.unwrap();
    assert!(found.spec.as_str().unwrap().contains("nr_hugepages"));

    let report = engine.down(&stack).await.unwrap();
    assert_eq!(report.failures.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_that_boot_with_their_config_become_a_cluster() {
    let mut machines = Machines::fake(0).await;
    let secrets = quick_bundle();
    for role in [Role::control_plane(), Role::control_plane(), Role::worker()] {
        machines.boots(&handed(&secrets, &role)).await;
    }
    booted(&machines, secrets).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_of_talos_that_boot_with_their_config_become_a_cluster() {
    let Some(machines) = Machines::of_talos(3) else { return };
    let secrets = quick_bundle();
    for (index, role) in [Role::control_plane(), Role::control_plane(), Role::worker()].iter().enumerate() {
        machines.hands(index, &handed(&secrets, role));
    }
    while machines.configured_now().await < 3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    booted(&machines, secrets).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_boots_with_the_secrets_of_others_is_left_alone() {
    let mut machines = Machines::fake(0).await;
    machines.boots(&handed(&quick_bundle(), &Role::control_plane())).await;
    let said = Said {
        secrets: quick_bundle(),
        control_planes: machines.addresses.clone(),
        workers: Vec::new(),
        patch: "",
    };
    let (engine, stack) = engine();
    let report = engine.up(&stack, program(said)).await.unwrap();
    let text = format!("{:?}", report.failures);
    assert!(text.contains("another cluster") || text.contains("does not trust"), "{text}");
    assert_eq!(machines.fleet.history(), [""; 0]);
}

#[tokio::test]
async fn user_data_that_is_too_large_is_refused_in_the_first_plan() {
    let (engine, stack) = engine();
    let plan = async |bytes: usize| {
        let mut random = vec![0; bytes];
        SeededIds::new(1).fill(&mut random);
        let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let patch =
            Secret::new(format!("machine: {{files: [{{path: /var/x, op: create, content: {text}}}]}}"));
        let program = move |stack: &mut Stack| {
            // The secrets are not known yet.
            let secrets = stack.add("cluster", Secrets::new())?;
            let config = Config::new(secrets.bundle(), input(), Role::worker()).patches(vec![patch.clone()]);
            stack.add("worker", config.user_data_for(Platform::Aws))?;
            Ok(())
        };
        engine.preview(&stack, program).await
    };
    assert!(plan(4_000).await.is_ok());
    let error = with_causes(&plan(40_000).await.unwrap_err());
    assert!(error.contains("user_data_for") && error.contains("at most 16384"), "{error}");
}
