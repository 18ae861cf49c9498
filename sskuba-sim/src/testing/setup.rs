//! How a program is run in a test.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use sskuba_core::address::StackId;
use sskuba_core::applying::ApplyOptions;
use sskuba_core::clock::{Clock, SeededIds, Timestamp};
use sskuba_core::config::{ConfigValues, Origin};
use sskuba_core::engine::{Engine, EngineError};
use sskuba_core::plan::Plan;
use sskuba_core::planning::PlanOptions;
use sskuba_core::provider::{Provider, Registry};
use sskuba_core::schema::Schema;
use sskuba_core::stack::{IntoProgram, Program};
use sskuba_core::state::{Keyring, RunResult, StateStore};
use sskuba_core::stores::{EphemeralKeyring, Memory};
use sskuba_core::suggest::nearest;
use sskuba_core::value::Value;

use super::error::TestError;
use super::mocks::{Mock, MockAnswer, MockCall};
use super::run::TestRun;
use super::simulated::{Simulated, Tokens};
use crate::{SimProvider, World, kinds};

/// What a test's runs share: the stack's state, the simulated world, the providers, the mocks.
#[derive(Clone)]
pub(super) struct Setup {
    stack: StackId,
    providers: Vec<Arc<dyn Provider>>,
    real: Vec<Arc<dyn Provider>>,
    mocks: Arc<Vec<Mock>>,
    options: PlanOptions,
    store: Arc<dyn StateStore>,
    keyring: Arc<dyn Keyring>,
    world: World,
    tokens: Arc<Tokens>,
}

/// The configuration is left out: what is secret in it is known only when the program reads it.
impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("stack", &self.stack)
            .field("mocks", &self.mocks)
            .finish_non_exhaustive()
    }
}

/// It is always the same moment in a test.
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp(0)
    }
}

impl Setup {
    #[expect(clippy::expect_used, reason = "the text is right")]
    fn new() -> Self {
        let sim: Arc<dyn Provider> = Arc::new(SimProvider::new("sim", kinds::schemas(), World::memory()));
        Self {
            stack: "local/test/test".parse().expect("a stack"),
            providers: vec![sim],
            real: Vec::new(),
            mocks: Arc::default(),
            options: PlanOptions::default(),
            store: Arc::new(Memory::default()),
            keyring: Arc::new(EphemeralKeyring::default()),
            world: World::memory(),
            tokens: Arc::default(),
        }
    }

    pub(super) fn engine(&self) -> Engine {
        let builder = Engine::builder()
            .store(Arc::clone(&self.store))
            .keyring(Arc::clone(&self.keyring))
            .clock(Arc::new(Still))
            .ids(Arc::new(SeededIds::new(0)))
            .owner("test", "test", 0);
        let builder = self.providers.iter().fold(builder, |builder, real| {
            let (mocks, tokens) = (&self.mocks, &self.tokens);
            builder.provider(Arc::new(Simulated::new(Arc::clone(real), &self.world, mocks, tokens)))
        });
        self.real.iter().fold(builder, |builder, real| builder.provider(Arc::clone(real))).build()
    }

    /// Finds a mock that answers for nothing.
    fn idle_mock(&self, registry: &Registry, plan: &Plan) -> Option<TestError> {
        let kinds: Vec<&str> = registry.schemas().iter().map(|schema| schema.kind.as_str()).collect();
        let used = |mock: &&Mock| {
            kinds.iter().any(|kind| mock.is_of_kind(kind))
                || plan.steps.iter().any(|step| mock.is_of(&step.address))
        };
        let idle = self.mocks.iter().find(|mock| !used(mock))?;
        let names = plan.steps.iter().map(|step| step.address.as_str());
        let near = nearest(&idle.of, kinds.iter().copied().chain(names)).map(str::to_owned);
        Some(TestError::Mock { name: idle.of.clone(), near })
    }
}

/// What a run in a test does.
enum What<'a> {
    Preview(Box<dyn Program + 'a>),
    Up(Box<dyn Program + 'a>),
    Down,
}

/// A run that is about to begin: say what it is to be like, and await it.
pub struct TestCall<'a> {
    what: What<'a>,
    setup: Setup,
}

impl fmt::Debug for TestCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestCall").field("setup", &self.setup).finish_non_exhaustive()
    }
}

/// Says what a program would do to an empty stack, and does nothing.
pub fn preview<'a, How>(program: impl IntoProgram<How, Program: 'a>) -> TestCall<'a> {
    TestCall { what: What::Preview(Box::new(program.into_program())), setup: Setup::new() }
}

/// Brings an empty stack up, in a simulated world of its own. A step that fails is an error.
pub fn up<'a, How>(program: impl IntoProgram<How, Program: 'a>) -> TestCall<'a> {
    TestCall { what: What::Up(Box::new(program.into_program())), setup: Setup::new() }
}

/// Plans a program on an empty stack, at once and without a runtime: for tests that try many configurations, such as
/// those of `proptest`.
///
/// ```
/// use sskuba_core::prelude::*;
/// use sskuba_sim::kinds::Network;
/// use sskuba_sim::testing::plan;
///
/// #[derive(Config)]
/// struct Size {
///     /// How many networks.
///     size: u8,
/// }
///
/// fn program(stack: &mut Stack) -> Result {
///     for n in 0..stack.config::<Size>()?.size {
///         stack.add(format!("n{n}"), Network::new(format!("10.{n}.0.0/16")))?;
///     }
///     Ok(())
/// }
///
/// for size in 0..20 {
///     assert_eq!(plan(program, [("size", size)]).unwrap().counts().create, size);
/// }
/// ```
///
/// # Errors
/// All that is wrong with the program, together.
pub fn plan<How, K: Into<String>, V: Into<Value>>(
    program: impl IntoProgram<How>,
    config: impl IntoIterator<Item = (K, V)>,
) -> Result<Plan, TestError> {
    preview(program).config(config).plan_now()
}

impl<'a> TestCall<'a> {
    /// Continues what an earlier run left.
    pub(super) fn again(what: Option<(bool, Box<dyn Program + 'a>)>, setup: Setup) -> Self {
        let what = match what {
            Some((true, program)) => What::Up(program),
            Some((false, program)) => What::Preview(program),
            None => What::Down,
        };
        Self { what, setup }
    }

    /// Sets configuration, by key. A text is read as the type that the program wants, as on the command line.
    #[must_use]
    pub fn config<K: Into<String>, V: Into<Value>>(
        mut self,
        values: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        for (key, value) in values {
            self.setup.options.config.set(key, value.into(), Origin::Flag);
        }
        self
    }

    /// Takes a whole configuration in place of what was set before.
    #[must_use]
    pub fn config_values(mut self, values: ConfigValues) -> Self {
        self.setup.options.config = values;
        self
    }

    /// Adds a provider whose kinds the program uses. Its schemas and checks count; what it would do is simulated.
    #[must_use]
    pub fn provider(mut self, provider: Arc<dyn Provider>) -> Self {
        self.setup.providers.push(provider);
        self
    }

    /// Adds a provider that is used as it is.
    #[must_use]
    pub fn real_provider(mut self, provider: Arc<dyn Provider>) -> Self {
        self.setup.real.push(provider);
        self
    }

    /// Answers for a kind, e.g. `aws:ec2:Vpc` or `ec2:Vpc`, or for a resource, e.g. `Vpc::main`: with an object of the
    /// computed fields that matter to the test, or with a [`Failure`](sskuba_core::provider::Failure), which is then that
    /// of the call. Fields that are not answered are made up. Lookups are mocked alike. A later mock wins over an earlier.
    #[must_use]
    pub fn mock<A: MockAnswer>(
        mut self,
        of: impl Into<String>,
        answer: impl Fn(MockCall<'_>) -> A + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.setup.mocks).push(Mock::new(of.into(), answer));
        self
    }

    /// Sets the name of the stack; `local/test/test` otherwise.
    #[must_use]
    pub fn stack(mut self, stack: StackId) -> Self {
        self.setup.stack = stack;
        self
    }

    /// Plans these alone, and what they need, as `--target` does.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.setup.options.targets.push(target.into());
        self
    }

    /// Replaces this whatever its inputs say, as `--replace` does.
    #[must_use]
    pub fn replace(mut self, resource: impl Into<String>) -> Self {
        self.setup.options.replace.push(resource.into());
        self
    }

    /// Plans without a runtime; see [`plan`].
    ///
    /// # Errors
    /// All that is wrong with the program, together.
    pub fn plan_now(self) -> Result<Plan, TestError> {
        let planned = || -> Result<Plan, TestError> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.map_err(TestError::Runtime)?;
            runtime.block_on(async { Ok(self.run().await?.plan) })
        };
        // A runtime cannot be waited for inside another one.
        match std::thread::scope(|scope| scope.spawn(planned).join()) {
            Ok(plan) => plan,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    async fn run(self) -> Result<TestRun, TestError> {
        let Self { what, setup } = self;
        let engine = setup.engine();
        let kinds: HashMap<String, Arc<Schema>> = engine
            .registry()
            .schemas()
            .into_iter()
            .map(|schema| (schema.kind.to_string(), Arc::clone(schema)))
            .collect();
        let mut run = match &what {
            What::Preview(program) => {
                let plan = engine.preview_with(&setup.stack, program.as_ref(), &setup.options).await?;
                TestRun { plan, report: None, records: Vec::new(), kinds, setup }
            }
            What::Up(program) => applied(&engine, setup, kinds, Some(program.as_ref())).await?,
            What::Down => applied(&engine, setup, kinds, None).await?,
        };
        if let Some(error) = run.setup.idle_mock(engine.registry(), &run.plan) {
            return Err(error);
        }
        // Targets and replacements were meant for this run.
        run.setup.options.targets.clear();
        run.setup.options.replace.clear();
        Ok(run)
    }
}

/// Plans and applies.
async fn applied(
    engine: &Engine,
    setup: Setup,
    kinds: HashMap<String, Arc<Schema>>,
    program: Option<&dyn Program>,
) -> Result<TestRun, TestError> {
    let mut session = engine.open(&setup.stack, "up", std::time::Duration::ZERO).await?;
    let result = async {
        let plan = match program {
            Some(program) => session.plan(program, &setup.options).await?,
            None => session.plan_down(&setup.options).await?,
        };
        let report = session.apply(&plan, &ApplyOptions::default()).await?;
        Ok::<_, EngineError>((plan, report))
    }
    .await;
    let records = session.state().records().cloned().collect();
    session.close().await?;
    let (plan, report) = result?;
    match report.result {
        RunResult::Succeeded => Ok(TestRun { plan, report: Some(report), records, kinds, setup }),
        _ => Err(TestError::Failed(report.failures)),
    }
}

impl<'a> IntoFuture for TestCall<'a> {
    type Output = Result<TestRun, TestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
