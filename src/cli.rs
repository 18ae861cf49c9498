//! The command line with the providers that this build has.

use std::process::ExitCode;
use std::sync::Arc;

pub use sskuba_cli::{Cli, Environment, Interrupts, SimulationOptions, Size, Terminal};
use sskuba_core::provider::Provider;
use sskuba_core::schema::Schema;
use sskuba_core::stack::IntoProgram;

/// How many times faster than the real services the simulated ones answer, unless the user says otherwise.
#[cfg(feature = "sim")]
const SPEED: f64 = 100.0;

/// Starts a command line that has all providers of this build and can simulate them.
///
/// ```no_run
/// # use sskuba::prelude::*;
/// # fn network(_: &mut Stack) -> sskuba::Result { Ok(()) }
/// # async fn start() -> std::process::ExitCode {
/// sskuba::cli::new("network").program(network).simulated_by_default().run().await
/// # }
/// ```
pub fn new(project: &str) -> Cli {
    let mut cli = Cli::new(project).provider(sskuba_aws::provider());
    #[cfg(feature = "local")]
    {
        // What a program keeps for itself is in its folder.
        cli = cli.provider_keeping(|own| {
            sskuba_local::provider_in(own.parent().unwrap_or(own), own.join("commands"))
        });
    }
    #[cfg(feature = "sim")]
    {
        let kinds = sskuba_sim::kinds::schemas();
        let sim = sskuba_sim::SimProvider::new("sim", kinds, sskuba_sim::World::memory());
        cli = cli.provider(Arc::new(sim)).simulate_with(simulate);
    }
    cli
}

/// Runs a program with the arguments of this process.
pub async fn run<How>(project: &str, program: impl IntoProgram<How, Program: 'static>) -> ExitCode {
    new(project).program(program).run().await
}

/// Makes the simulated stand-in of a provider.
#[cfg(feature = "sim")]
fn simulate(
    name: &str,
    schemas: Vec<Arc<Schema>>,
    options: &SimulationOptions,
) -> Result<Arc<dyn Provider>, String> {
    use sskuba_sim::{Crash, CrashError, Faults, Options, SimProvider, World};

    let faults = options.faults.as_deref().unwrap_or_default();
    let faults = Faults::parse(faults).map_err(|error| error.to_string())?;
    let world = World::open(&options.world).map_err(|error| error.to_string())?;
    let mut behaviour = Options::default().speed(options.speed.unwrap_or(SPEED)).faults(faults);
    behaviour = options.region.iter().fold(behaviour, Options::region);
    behaviour = options.account.iter().fold(behaviour, Options::account);
    let mut provider = SimProvider::new(name, schemas, world).options(behaviour);
    if let Some(text) = &options.crash {
        let crash: Crash = text.parse().map_err(|error: CrashError| error.to_string())?;
        provider = provider.fault_plan(crash.plan());
    }
    Ok(Arc::new(provider))
}
