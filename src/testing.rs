//! What programs and providers are tested with; behind the feature `testing`, for `[dev-dependencies]`.
//!
//! - A program: [`preview`], [`up`] and [`plan`] run it with the providers of this build, all of them simulated; mocks decide
//!   on the values that matter. The guide is `docs/guides/testing.md`.
//! - A provider: [`assert_conforms`] runs a kind of it through its life and through what goes wrong in it. The guide is
//!   `docs/guides/providers.md`.
//!
//! ```
//! use sskuba::aws::ec2::{Subnet, Vpc};
//! use sskuba::core::plan::Action;
//! use sskuba::prelude::*;
//! use sskuba::testing;
//!
//! fn network(stack: &mut Stack) -> sskuba::Result {
//!     let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
//!     stack.add("a", Subnet::new(vpc.id(), "10.0.1.0/24"))?;
//!     stack.export("vpc", vpc.id());
//!     Ok(())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), testing::TestError> {
//! let run = testing::preview(network).await?;
//! assert_eq!(run.step("Vpc::main")?.action, Action::Create);
//! assert_eq!(run.step("Subnet::a")?.input("vpc_id")?, "(known after apply)");
//!
//! let run = testing::up(network).mock("ec2:Vpc", |_| serde_json::json!({"id": "vpc-1"})).await?;
//! assert_eq!(run.output("vpc")?, "vpc-1");
//! # Ok(())
//! # }
//! ```

use sskuba_core::plan::Plan;
use sskuba_core::stack::IntoProgram;
use sskuba_core::value::Value;

pub use sskuba_core::testing::provider_conformance::{Case, Findings, NotTried, assert_conforms, findings};
pub use sskuba_sim::testing::{MockAnswer, MockCall, TestCall, TestError, TestResource, TestRun, TestStep};

/// Says what a program would do to an empty stack, and does nothing.
pub fn preview<'a, How>(program: impl IntoProgram<How, Program: 'a>) -> TestCall<'a> {
    with_providers(sskuba_sim::testing::preview(program))
}

/// Brings an empty stack up, in a simulated world of its own. A step that fails is an error.
pub fn up<'a, How>(program: impl IntoProgram<How, Program: 'a>) -> TestCall<'a> {
    with_providers(sskuba_sim::testing::up(program))
}

/// Plans a program on an empty stack, at once and without a runtime: for tests that try many configurations, such as
/// those of `proptest`.
///
/// # Errors
/// All that is wrong with the program, together.
pub fn plan<How, K: Into<String>, V: Into<Value>>(
    program: impl IntoProgram<How>,
    config: impl IntoIterator<Item = (K, V)>,
) -> Result<Plan, TestError> {
    preview(program).config(config).plan_now()
}

/// Adds the providers of this build.
fn with_providers(call: TestCall<'_>) -> TestCall<'_> {
    let call = call.provider(sskuba_aws::provider());
    #[cfg(feature = "local")]
    let call = call.provider(sskuba_local::provider());
    #[cfg(feature = "talos")]
    let call = call.provider(sskuba_talos::provider());
    call
}
