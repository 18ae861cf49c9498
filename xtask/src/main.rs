//! The project's own tasks: `cargo xtask test`, `cargo xtask check`, `cargo xtask compare`,
//! `cargo xtask interop`, `cargo xtask torture`, `cargo xtask mutants`, `cargo xtask nightly`.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

mod check;
mod compare;
mod interop;
mod mutants;
mod nightly;
mod suites;
mod torture;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

/// The command line.
#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

/// What can be asked for.
#[derive(Subcommand)]
enum Task {
    /// Run everything that this machine can run
    Test(suites::Options),
    /// Check the rules of the house: layers, purity, sizes, docs, texts
    Check {
        /// The workspace to check (default: this one)
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
    },
    /// Measure this engine and other tools side by side
    Compare(compare::Options),
    /// Build the peers of other projects' code, and run the tests that compare with them
    Interop,
    /// Kill a program at random instants and see that nothing is lost
    Torture(torture::Options),
    /// Break the engine on purpose, promise by promise, and see that a test notices
    Mutants(mutants::Options),
    /// Run what takes too long for every change: the model at length, every death, kills, mutations, the comparison
    Nightly(nightly::Options),
    /// Measure one command, for `compare`
    #[command(hide = true)]
    Measure(compare::measure::Options),
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Carries out one task and says whether all went well.
fn run(task: Task) -> anyhow::Result<bool> {
    match task {
        Task::Test(options) => suites::run(&workspace_root()?, &options),
        Task::Check { root } => check::report(&root.map_or_else(workspace_root, Ok)?),
        Task::Compare(options) => compare::run(&workspace_root()?, &options),
        Task::Interop => interop::run(&workspace_root()?),
        Task::Torture(options) => torture::run(&workspace_root()?, &options),
        Task::Mutants(options) => mutants::run(&workspace_root()?, &options),
        Task::Nightly(options) => nightly::run(&workspace_root()?, &options),
        Task::Measure(options) => compare::measure::run(&options),
    }
}

/// The root of this workspace: the parent of the folder of this package.
pub(crate) fn workspace_root() -> anyhow::Result<PathBuf> {
    // Cargo says it to what it runs; what was compiled in may be the folder of another checkout that builds in the
    // same target directory.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = Path::new(&package);
    Ok(package.parent().context("the package of xtask has no parent folder")?.to_path_buf())
}

/// The folder that cargo builds in.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}
