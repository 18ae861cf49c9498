//! What can be wrong with a test's program, or with the test.

use sskuba_core::applying::FailedStep;
use sskuba_core::engine::EngineError;
use sskuba_core::suggest::LookupError;

/// Why a program did not run to its end, or what a test asks for is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestError {
    /// The program failed, or there is no plan for what it declares.
    #[error(transparent)]
    Engine(Box<EngineError>),
    /// There is no runtime to plan in.
    #[error("failed to start a runtime to plan in: {0}")]
    Runtime(#[source] std::io::Error),
    /// Steps failed.
    #[error("the run failed:{}", list(.0))]
    Failed(Vec<FailedStep>),
    /// The plan has no such step, or the state no such resource.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// A field or output is not there.
    #[error("{what} has no {sort} `{name}`{}", hint(.near.as_deref()))]
    Field {
        /// The resource, or the stack.
        what: String,
        /// `input` or `output`.
        sort: &'static str,
        /// The name.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// A mock answers for nothing that there is.
    #[error(
        "a mock is for `{name}`, which is neither a kind of a provider of this test nor a resource of the program{}; add \
         the provider with `.provider(…)`",
        hint(.near.as_deref())
    )]
    Mock {
        /// What it is for.
        name: String,
        /// What may have been meant.
        near: Option<String>,
    },
}

impl From<EngineError> for TestError {
    fn from(error: EngineError) -> Self {
        Self::Engine(Box::new(error))
    }
}

fn hint(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

fn list(failures: &[FailedStep]) -> String {
    failures.iter().map(|failure| format!("\n  - {failure}")).collect()
}
