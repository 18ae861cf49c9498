//! Hooks that a program registers: named in plans, run in runs, and not run by simulated ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sskuba_cli::Cli;
use sskuba_core::prelude::*;
use sskuba_core::provider::HookCall;
use sskuba_sim::{Options as Behaviour, SimProvider, World};

use crate::bench::Bench;
use crate::shelf::Book;

fn program(stack: &mut Stack) -> Result<()> {
    stack.add("atlas", Book::new("Atlas"))?.hook(When::AfterCreate, "tell").hook(When::BeforeDelete, "tell");
    Ok(())
}

#[tokio::test]
async fn hooks_are_shown_in_plans_and_run_but_not_where_the_world_is_simulated() {
    let (bench, told) = (Bench::new(), Arc::new(AtomicU32::new(0)));
    let cli = || {
        let told = Arc::clone(&told);
        let tell = move |_: HookCall| {
            told.fetch_add(1, Ordering::Relaxed);
            async { Ok::<(), std::io::Error>(()) }
        };
        let cli = Cli::new("library").program(program).provider(bench.shelf.provider()).hook("tell", tell);
        cli.simulate_with(|name, schemas, _| {
            let fast = Behaviour::default().speed(1000.0);
            Ok(Arc::new(SimProvider::new(name, schemas, World::memory()).options(fast)))
        })
    };
    let ran = bench.run_given(cli(), "preview", bench.environment()).await.expect(0);
    assert!(
        ran.out.contains("hook tell after the create") && !ran.out.contains("before the delete"),
        "{}",
        ran.out
    );
    let ran = bench.run_given(cli(), "up --simulate --yes --stack try", bench.environment()).await.expect(0);
    assert_eq!(told.load(Ordering::Relaxed), 0, "{}", ran.out);
    bench.run_given(cli(), "stack init dev", bench.environment()).await.expect(0);
    bench.run_given(cli(), "up --yes", bench.environment()).await.expect(0);
    assert_eq!(told.load(Ordering::Relaxed), 1);
    let ran = bench.run_given(cli(), "down --yes", bench.environment()).await.expect(0);
    assert_eq!(told.load(Ordering::Relaxed), 2, "{}", ran.out);
}
