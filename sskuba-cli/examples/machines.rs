//! A network with machines in the simulated world: `cargo run -p sskuba-cli --example machines -- up`.

use std::process::ExitCode;
use std::sync::Arc;

use sskuba_cli::Cli;
use sskuba_core::prelude::*;
use sskuba_sim::kinds::{Bucket, Machine, Network, PublicAddress, Record, Subnet, schemas};
use sskuba_sim::{Options, SimProvider, World};

/// What can be configured.
#[derive(Config)]
struct Settings {
    /// How many machines there are.
    #[config(default = 3)]
    machines: u32,
    /// How large they are.
    #[config(default = "small".to_owned())]
    size: String,
    /// The range of the network.
    #[config(default = "10.0.0.0/16".to_owned())]
    cidr: String,
    /// What the machines authenticate with.
    #[config(default = Secret::new("none".to_owned()))]
    key: Secret<String>,
}

fn program(stack: &mut Stack) -> Result<()> {
    let settings: Settings = stack.config()?;
    let logs = stack.add("logs", Bucket::new("logs"))?;
    let mut scope = stack.scope("network")?;
    let network = scope.add("main", Network::new(settings.cidr.as_str()))?;
    let subnet =
        scope.add("private", Subnet::new(network.id(), settings.cidr.as_str()).tag("tier", "private"))?;
    let mut machines = Vec::new();
    let mut fleet = stack.scope("machines")?;
    for i in 0..settings.machines {
        let machine = Machine::new(subnet.id())
            .size(settings.size.as_str())
            .boot(settings.key.clone())
            .bucket(logs.id());
        machines.push(fleet.add(format!("m{i}"), machine)?);
    }
    if let Some(first) = machines.first() {
        let entry = stack.add("entry", PublicAddress::new("entry").machine(first.id()))?;
        stack.add("www", Record::new("www.example.test", entry.ip()))?;
        stack.export("address", entry.ip());
        stack.export("password", first.password());
    }
    stack.export("logs", logs.url());
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let provider = SimProvider::new("sim", schemas(), World::memory());
    Cli::new("machines")
        .program(program)
        .config::<Settings>()
        .provider(Arc::new(provider))
        .simulate_with(|name, schemas, options| {
            let world = World::open(&options.world).map_err(|error| error.to_string())?;
            let faults = options.faults.as_deref().unwrap_or_default().parse();
            let faults = faults.map_err(|error: sskuba_sim::FaultsError| error.to_string())?;
            let behaviour = Options::default().speed(options.speed.unwrap_or(10.0)).faults(faults);
            Ok(Arc::new(SimProvider::new(name, schemas, world).options(behaviour)))
        })
        .simulated_by_default()
        .run()
        .await
}
