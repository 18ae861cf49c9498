//! The order of steps: an apply takes about as long as its longest path, or as all the work does on the slots there
//! are, whichever is longer. Time is paused: only the latencies of the simulated services count.

use std::time::Duration;

use sskuba::core::applying::ApplyOptions;
use sskuba::core::planning::PlanOptions;
use sskuba::prelude::*;
use sskuba::sim::Options;
use sskuba::sim::kinds::{Machine, Network, Record, Subnet};
use tokio::time::Instant;

use crate::graph::{Churn, declare};
use crate::world::Bench;

fn bench() -> Bench {
    Bench::with(|provider| provider.options(Options::default().speed(1.0)))
}

/// Runs `up` and returns its time beside the expected one.
async fn timed(
    bench: &Bench,
    program: impl sskuba::core::stack::Program,
    parallel: usize,
) -> (Duration, Duration) {
    let options = ApplyOptions { parallel, ..ApplyOptions::default() };
    let start = Instant::now();
    let (plan, report) = bench.up_with(program, PlanOptions::default(), options).await.unwrap();
    assert_eq!(report.failures, []);
    (start.elapsed(), Duration::from_millis(plan.critical_path().1))
}

#[tokio::test(start_paused = true)]
async fn an_apply_takes_as_long_as_its_longest_path() {
    for seed in 0..5 {
        let churn = Churn { seed, round: 1, resources: 150 };
        let (took, path) = timed(&bench(), move |stack: &mut Stack| declare(stack, churn), 1000).await;
        assert!(took >= path && took <= path.mul_f64(1.05), "seed {seed}: {took:?} for a path of {path:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_few_slots_the_longest_path_goes_first() {
    let program = |stack: &mut Stack| -> sskuba::Result {
        for i in 0..30 {
            stack.add(format!("short-{i}"), Network::new("10.0.0.0/16"))?;
        }
        let network = stack.add("long", Network::new("10.0.0.0/16"))?;
        let subnet = stack.add("long", Subnet::new(network.id(), "10.0.1.0/24"))?;
        let machine = stack.add("long", Machine::new(subnet.id()))?;
        stack.add("long", Record::new("long.example.org", machine.private_ip()))?;
        Ok(())
    };
    // 2 + 1 + 15 + 20 seconds on the longest path; 60 seconds of short work fit beside it in three slots.
    let (took, path) = timed(&bench(), program, 3).await;
    assert_eq!(path, Duration::from_secs(38));
    assert!(took <= path.mul_f64(1.05), "{took:?}");
}
