//! A stack that never stays the same: `-c seed=7 -c round=3 -c resources=200`. On the simulated world; made to be
//! killed at any instant and run again.

mod graph;

use sskuba::prelude::*;

fn churn(stack: &mut Stack) -> sskuba::Result {
    let churn: graph::Churn = stack.config()?;
    graph::declare(stack, churn)
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    sskuba::cli::new("churn").program(churn).config::<graph::Churn>().simulated_by_default().run().await
}
