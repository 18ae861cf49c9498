//! Declarative infrastructure as a Rust program.
//!
//! A program declares typed resources; the declarations form a graph; the engine compares it with what is
//! recorded, plans the difference, and carries it out in parallel, every step durable before the next.
//!
//! ```
//! use sskuba::aws::ec2::{Subnet, Vpc};
//! use sskuba::prelude::*;
//!
//! fn network(stack: &mut Stack) -> sskuba::Result {
//!     let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
//!     for (i, cidr) in ["10.0.1.0/24", "10.0.2.0/24"].into_iter().enumerate() {
//!         stack.add(format!("private-{i}"), Subnet::new(vpc.id(), cidr).tag("tier", "private"))?.protect();
//!     }
//!     stack.export("vpc_id", vpc.id());
//!     Ok(())
//! }
//! # let mut stack = Stack::new("local/demo/dev".parse().unwrap(), ConfigValues::default());
//! # network(&mut stack).unwrap();
//! # assert_eq!(stack.into_graph().unwrap().nodes().len(), 3);
//! ```

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "testing")]
pub mod testing;
// What the guide shows is compiled, and run where it needs no machines.
#[cfg(all(doctest, feature = "sim"))]
#[doc = include_str!("../docs/guides/embedding.md")]
mod embedding_guide {}
#[cfg(all(doctest, feature = "talos-client"))]
#[doc = include_str!("../docs/guides/talos.md")]
mod talos_guide {}

pub use sskuba_aws as aws;
pub use sskuba_core as core;
#[cfg(feature = "local")]
pub use sskuba_local as local;
#[cfg(feature = "sim")]
pub use sskuba_sim as sim;
#[cfg(feature = "talos")]
pub use sskuba_talos as talos;

pub use sskuba_core::engine::{Engine, EngineError};
pub use sskuba_core::prelude;
pub use sskuba_core::provider;
pub use sskuba_core::stack::{ProgramError, Result, program};
