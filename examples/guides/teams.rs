//! The programs of `docs/guides/state-and-teams.md`.

use std::process::ExitCode;

use sskuba::aws::ec2::{Subnet, Vpc};
use sskuba::prelude::*;

fn network(stack: &mut Stack) -> sskuba::Result {
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
    stack.export("vpc_id", vpc.id());
    Ok(())
}

fn app(stack: &mut Stack) -> sskuba::Result {
    let network = stack.reference("network/dev")?;
    let vpc: Output<String> = network.output("vpc_id");
    stack.add("app", Subnet::new(vpc, "10.0.7.0/24"))?;
    Ok(())
}

#[tokio::main]
pub(crate) async fn network_main() -> ExitCode {
    sskuba::cli::new("network").program(network).simulated_by_default().run().await
}

#[tokio::main]
pub(crate) async fn app_main() -> ExitCode {
    sskuba::cli::new("app").program(app).simulated_by_default().run().await
}
