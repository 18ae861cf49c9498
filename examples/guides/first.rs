//! The program of `docs/guides/first-program.md`.

use sskuba::aws::ec2::{Subnet, Vpc};
use sskuba::prelude::*;

/// What differs from stack to stack.
#[derive(Config)]
struct Settings {
    /// The range of the network.
    #[config(default = "10.0.0.0/16".to_owned())]
    cidr: String,
    /// Who is responsible.
    #[config(default = "ops".to_owned())]
    team: String,
}

fn site(stack: &mut Stack) -> sskuba::Result {
    let settings: Settings = stack.config()?;
    let vpc = stack.add("main", Vpc::new(&settings.cidr).tag("team", settings.team.as_str()))?;
    let subnet = stack.add("private", Subnet::new(vpc.id(), "10.0.1.0/24").tag("tier", "private"))?;
    stack.export("vpc", vpc.id());
    stack.export("place", format_output!("{} in {}", subnet.id(), vpc.id()));
    Ok(())
}

#[tokio::main]
pub(crate) async fn main() -> std::process::ExitCode {
    sskuba::cli::new("site").program(site).config::<Settings>().simulated_by_default().run().await
}
