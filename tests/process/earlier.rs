//! A program for `tests/process` alone: earlier releases ran it, and what they wrote is kept in
//! `tests/fixtures`. It must go on declaring the same, so that later releases can be tried on that.

use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Grant, Instance, Machine, Network, PublicAddress, Subnet};

/// What the program reads.
#[derive(Config)]
struct Settings {
    /// Which image the machine starts from: another one replaces it.
    #[config(default = "linux-1".to_owned())]
    image: String,
    /// What nobody may see.
    #[config(default = Secret::new("canary-4f1d".to_owned()))]
    code: Secret<String>,
    /// The region of the second instance.
    #[config(default = "west".to_owned())]
    west: String,
    /// Whether there is a bucket in the east.
    #[config(default = true)]
    east: bool,
}

fn declare(stack: &mut Stack) -> sskuba::Result {
    let settings: Settings = stack.config()?;
    let west = stack.add("west", Instance::new().region(settings.west.as_str()))?;
    let east = stack.add("east", Instance::new().region("east").credential(settings.code.clone()))?;
    let network =
        stack.add("main", Network::new("10.0.0.0/16").tag("code", settings.code.clone()))?.protect();
    let subnet = stack.add("a", Subnet::new(network.id(), "10.0.1.0/24"))?;
    // A bucket's name is unique in all regions.
    let name = if settings.west == "west" { "logs".to_owned() } else { format!("logs-{}", settings.west) };
    let logs = stack.add("logs", Bucket::new(name))?.provider(&west);
    let machine =
        Machine::new(subnet.id()).image(settings.image).boot(settings.code.clone()).bucket(logs.id());
    let machine = stack.add("web", machine)?;
    stack.add("web", PublicAddress::new("web").machine(machine.id()))?;
    if settings.east {
        stack.add("copies", Bucket::new("copies"))?.provider(&east).retain_on_delete();
    }
    stack.add("ops", Grant::new("ops", "read"))?.deleted_with(&network);
    stack.export("ip", machine.private_ip());
    stack.export("password", machine.password());
    Ok(())
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sskuba::cli::new("earlier").program(declare).config::<Settings>().simulated_by_default().run().await
}
