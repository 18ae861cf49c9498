//! The library as a user meets it: programs on the simulated world.

mod bad_input;
mod crash;
#[path = "../../examples/churn/graph.rs"]
mod graph;
mod lifecycle;
mod options;
mod replace;
mod world;
