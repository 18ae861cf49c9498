//! A program for `tests/process` alone: it has a kind that no other program knows, a value that must be configured,
//! and secrets.

use std::sync::Arc;

use sskuba::prelude::*;
use sskuba::sim::kinds::{Machine, Network, Subnet};
use sskuba::sim::{SimProvider, World};

/// A thing that only this program knows.
#[derive(Resource, Debug)]
#[resource(kind = "fixture:odd:Thing", idempotency = "token", create = "1s", update = "1s", delete = "1s")]
struct Thing {
    /// What it is called.
    #[resource(force_new)]
    name: Input<String>,
    /// What nobody may see.
    code: Option<Input<Secret<String>>>,
    /// The id.
    #[resource(computed, id, pattern = "thing-{hex:8}")]
    id: Computed<String>,
}

/// What the program reads.
#[derive(Config)]
struct Settings {
    /// Who is to be asked; must be set.
    owner: String,
    /// How many things.
    #[config(default = 2)]
    things: u32,
    /// What nobody may see.
    #[config(default = Secret::new("nothing".to_owned()))]
    code: Secret<String>,
    /// Whether to protect the things.
    #[config(default = false)]
    protect: bool,
}

fn declare(stack: &mut Stack) -> sskuba::Result {
    let settings: Settings = stack.config()?;
    for i in 0..settings.things {
        let thing = Thing::new(format!("{}-{i}", settings.owner)).code(settings.code.clone());
        let thing = stack.add(format!("thing-{i}"), thing)?;
        if settings.protect {
            thing.protect();
        }
    }
    let network = stack.add("main", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("main", Subnet::new(network.id(), "10.0.1.0/24"))?;
    let machine = stack.add("main", Machine::new(subnet.id()).boot(settings.code.clone()))?;
    stack.export("password", machine.password());
    stack.export_value("code", &settings.code);
    stack.export_value("owner", &settings.owner);
    Ok(())
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let things = SimProvider::new("fixture", vec![Thing::schema()], World::memory());
    sskuba::cli::new("fixture")
        .provider(Arc::new(things))
        .program(declare)
        .config::<Settings>()
        .simulated_by_default()
        .run()
        .await
}
