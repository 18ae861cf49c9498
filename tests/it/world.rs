//! A stack and a simulated world to try programs on.

use std::sync::{Arc, Mutex};

use sskuba::core::address::StackId;
use sskuba::core::applying::{ApplyOptions, Event, Events, Report};
use sskuba::core::engine::{Engine, EngineError};
use sskuba::core::plan::Plan;
use sskuba::core::planning::PlanOptions;
use sskuba::core::stack::Program;
use sskuba::sim::{SimProvider, World, kinds};

/// A stack on a world of its own.
pub(crate) struct Bench {
    pub(crate) engine: Engine,
    pub(crate) world: World,
    pub(crate) stack: StackId,
    pub(crate) events: Arc<Mutex<Vec<Event>>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|provider| provider)
    }

    pub(crate) fn with(change: impl FnOnce(SimProvider) -> SimProvider) -> Self {
        let world = World::memory();
        let provider = change(SimProvider::new("sim", kinds::schemas(), world.clone()));
        let engine = Engine::builder()
            .provider(Arc::new(provider))
            .provider(sskuba::local::provider())
            .owner("ann", "desk", 1)
            .build();
        let stack = "local/test/dev".parse().unwrap();
        Self { engine, world, stack, events: Arc::default() }
    }

    /// Runs `up`; the options say what is targeted.
    pub(crate) async fn up_with(
        &self,
        program: impl Program,
        options: PlanOptions,
        apply: ApplyOptions,
    ) -> Result<(Plan, Report), EngineError> {
        let mut session = self.engine.open(&self.stack, "up", std::time::Duration::ZERO).await?;
        let result = async {
            session.recover(&self.sink()).await?;
            let plan = session.plan(&program, &options).await?;
            let report = session.apply(&plan, &ApplyOptions { events: self.sink(), ..apply }).await?;
            Ok((plan, report))
        }
        .await;
        session.close().await?;
        result
    }

    pub(crate) async fn up(&self, program: impl Program) -> Result<(Plan, Report), EngineError> {
        self.up_with(program, PlanOptions::default(), ApplyOptions::default()).await
    }

    pub(crate) fn sink(&self) -> Events {
        let events = Arc::clone(&self.events);
        Events::new(move |event| events.lock().unwrap().push(event))
    }

    /// Returns what exists, as `kind name-or-id`, sorted.
    pub(crate) fn exists(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.world.objects().unwrap().iter().map(|object| object.kind.to_string()).collect();
        all.sort();
        all
    }

    /// Returns how often each address was finished with which action, in order.
    pub(crate) fn finished(&self) -> Vec<String> {
        let finished = |event: &Event| match event {
            Event::Finished { address, action, .. } => Some(format!("{action} {}", address.name())),
            _ => None,
        };
        std::mem::take(&mut *self.events.lock().unwrap()).iter().filter_map(finished).collect()
    }
}

impl Bench {
    /// Returns how many interrupted calls were resolved since the last question.
    pub(crate) fn recovered(&self) -> usize {
        let events = std::mem::take(&mut *self.events.lock().unwrap());
        events.iter().filter(|event| matches!(event, Event::Recovered { .. })).count()
    }
}
