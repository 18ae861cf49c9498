//! The program of `docs/guides/secrets.md`.

use std::process::ExitCode;

use sskuba::local::random::Password;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, Subnet};

/// What differs from stack to stack.
#[derive(Config)]
struct Settings {
    /// What the machine's first start is given, as base64.
    login: Secret<String>,
}

fn database(stack: &mut Stack) -> sskuba::Result {
    let settings: Settings = stack.config()?;
    let password = stack.add("admin", Password::new().length(32_u16).trigger("rotated", "2026-06"))?;
    let network = stack.add("main", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("main", Subnet::new(network.id(), "10.0.1.0/24"))?;
    stack.add("main", Machine::new(subnet.id()).boot(settings.login.clone()))?;
    let bucket = stack.add("backups", Bucket::new("backups"))?;
    stack.export("url", format_output!("{}?user=admin&password={}", bucket.url(), password.result()));
    stack.export("network", network.id());
    Ok(())
}

#[tokio::main]
pub(crate) async fn main() -> ExitCode {
    sskuba::cli::new("database").program(database).config::<Settings>().simulated_by_default().run().await
}
