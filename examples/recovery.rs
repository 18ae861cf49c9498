//! A small stack whose kinds are recovered in every way there is, for `docs/guides/recovery.md`:
//! `cargo run --example recovery -- up`.

use std::process::ExitCode;

use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Grant, Network, Subnet};

/// What can be configured.
#[derive(Config)]
struct Settings {
    /// Who is responsible.
    #[config(default = "ops".to_owned())]
    team: String,
    /// What the network's agents log in with.
    #[config(default = Secret::new("none".to_owned()))]
    login: Secret<String>,
}

fn recovery(stack: &mut Stack) -> sskuba::Result {
    let settings: Settings = stack.config()?;
    let login = settings.login.clone();
    let network = stack
        .add("main", Network::new("10.0.0.0/16").tag("team", settings.team.as_str()).tag("login", login))?;
    stack.add("a", Subnet::new(network.id(), "10.0.1.0/24").tag("team", settings.team.as_str()))?;
    stack.add("logs", Bucket::new("logs"))?;
    stack.add("ops", Grant::new("ops", "read"))?;
    stack.export("network", network.id());
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    sskuba::cli::new("recovery").program(recovery).config::<Settings>().simulated_by_default().run().await
}
