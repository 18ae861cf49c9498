//! The library as a user meets it: programs on the simulated world.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what goes wrong, and says what it measured"
)]

mod answered;
mod away;
mod bad_input;
mod crash;
mod deaths;
mod deleted_first;
mod dropped;
mod durable;
mod dynamic;
mod faults;
mod foreseen;
#[path = "../../examples/churn/graph.rs"]
mod graph;
mod guards;
mod hooks;
mod lifecycle;
mod on_disk;
mod options;
mod parts;
mod places;
mod readiness;
mod repairs;
mod replace;
mod rewrites;
mod rollout;
mod rust_types;
mod schedule;
mod spans;
mod store_faults;
mod versions;
mod world;
