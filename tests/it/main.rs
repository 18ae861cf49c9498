//! The library as a user meets it: programs on the simulated world.
#![expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod bad_input;
mod crash;
mod durable;
mod faults;
#[path = "../../examples/churn/graph.rs"]
mod graph;
mod lifecycle;
mod mending;
mod options;
mod replace;
mod schedule;
mod world;
