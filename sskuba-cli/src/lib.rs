//! The command line of programs written with sskuba: `up`, `preview`, `down` and the rest.
//!
//! [`run`] is enough for a program without providers of its own; [`Cli`] takes the rest. A command is a function
//! of its arguments and an [`Environment`] that writes to two outputs, so that [`Cli::run_with`] can be tested
//! without a process.

mod advice;
mod args;
mod canvas;
mod cli;
mod commands;
mod completing;
mod context;
mod display;
mod dumps;
mod environment;
mod half_renamed;
mod identity;
mod interrupts;
mod keyring;
mod naming;
mod pairs;
mod private;
mod project;
mod prompt;
mod render;
mod screen;
mod session;
mod settings;
mod stop;
#[cfg(feature = "opentelemetry")]
mod telemetry;

// What the guide shows is compiled.
#[cfg(all(doctest, feature = "opentelemetry"))]
#[doc = include_str!("../../docs/guides/tracing.md")]
mod tracing_guide {}

pub use cli::{Cli, Simulate, SimulationOptions};
pub use environment::{Environment, Size, Terminal};
pub use interrupts::Interrupts;

use std::process::ExitCode;

use sskuba_core::stack::IntoProgram;

/// Runs a program with the arguments of this process.
///
/// ```no_run
/// use sskuba_core::prelude::*;
///
/// fn network(_stack: &mut Stack) -> Result<()> {
///     Ok(())
/// }
///
/// # async fn start() -> std::process::ExitCode {
/// sskuba_cli::run("network", network).await
/// # }
/// ```
pub async fn run<How>(project: &str, program: impl IntoProgram<How, Program: 'static>) -> ExitCode {
    Cli::new(project).program(program).run().await
}
