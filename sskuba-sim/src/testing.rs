//! Programs in tests: run on the simulated world, or with mocks. Nothing is asked of any service.
//!
//! [`preview`] says what a program would do, [`up`] does it in a simulated world of its own, [`plan`] is the quick way for
//! a property test. The same program, configuration and mocks give the same plan, ids and texts, in every run.
//!
//! ```
//! use sskuba_core::plan::Action;
//! use sskuba_core::prelude::*;
//! use sskuba_sim::kinds::{Network, Subnet};
//! use sskuba_sim::testing;
//!
//! fn program(stack: &mut Stack) -> Result {
//!     let network = stack.add("main", Network::new("10.0.0.0/16"))?;
//!     stack.add("a", Subnet::new(network.id(), "10.0.1.0/24"))?;
//!     stack.export("network", network.id());
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), testing::TestError> {
//! let run = testing::preview(program).await?;
//! let step = run.step("Network::main")?;
//! assert_eq!(step.action, Action::Create);
//! assert_eq!(step.input("cidr")?, "10.0.0.0/16");
//!
//! let run = testing::up(program).mock("sim:net:Network", |_| serde_json::json!({"id": "net-1"})).await?;
//! assert_eq!(run.output("network")?, "net-1");
//! assert!(run.preview(program).await?.is_empty(), "a second run has nothing to do");
//! # Ok(())
//! # }
//! ```

mod error;
mod mocks;
mod run;
mod setup;
mod simulated;

pub use error::TestError;
pub use mocks::{MockAnswer, MockCall};
pub use run::{TestResource, TestRun, TestStep};
pub use setup::{TestCall, plan, preview, up};
