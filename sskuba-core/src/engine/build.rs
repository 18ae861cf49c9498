//! The engine and its parts.

use std::sync::Arc;

use super::error::EngineError;
use crate::adapters::{Rate, Redacting, Wrapped};
use crate::address::StackId;
use crate::clock::{Clock, IdSource, SystemClock, SystemIds};
use crate::plan::Plan;
use crate::planning::PlanOptions;
use crate::provider::{Hook, Provider, Registry};
use crate::stack::IntoProgram;
use crate::state::{Keyring, StateStore};
use crate::stores::{EphemeralKeyring, Memory};

/// The engine: providers, a store, and who is asking. Cheap to clone; many stacks may be worked on at once.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(super) registry: Arc<Registry>,
    pub(super) store: Arc<dyn StateStore>,
    pub(super) keyring: Arc<dyn Keyring>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) user: String,
    pub(super) host: String,
    pub(super) pid: u32,
    pub(super) simulated: bool,
}

/// Puts an engine together.
#[derive(Debug, Default)]
pub struct EngineBuilder {
    registry: Registry,
    store: Option<Arc<dyn StateStore>>,
    keyring: Option<Arc<dyn Keyring>>,
    clock: Option<Arc<dyn Clock>>,
    ids: Option<Arc<dyn IdSource>>,
    owner: Option<(String, String, u32)>,
    simulated: bool,
}

impl EngineBuilder {
    /// Sets where stacks are recorded; in memory if nothing is said.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn StateStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets to whom the secrets of stacks are sealed; to an identity that dies with the engine if nothing is
    /// said, which serves only a store in memory.
    #[must_use]
    pub fn keyring(mut self, keyring: Arc<dyn Keyring>) -> Self {
        self.keyring = Some(keyring);
        self
    }

    /// Adds a provider. One that bounds its calls per second is held to that, and none repeats a secret that it was
    /// given in what it says.
    #[must_use]
    pub fn provider(mut self, provider: Arc<dyn Provider>) -> Self {
        let provider: Arc<dyn Provider> = Arc::new(Redacting::new(provider));
        match provider.limits().per_second {
            Some(calls) => self.registry.add(Arc::new(Wrapped::new(provider, Rate::per_second(calls)))),
            None => self.registry.add(provider),
        }
        self
    }

    /// Registers a hook, which resources name; see [`Hook`].
    #[must_use]
    pub fn hook(self, name: impl Into<String>, hook: impl Hook + 'static) -> Self {
        self.shared_hook(name, Arc::new(hook))
    }

    /// Registers a hook that is shared with others; as [`hook`](Self::hook).
    #[must_use]
    pub fn shared_hook(mut self, name: impl Into<String>, hook: Arc<dyn Hook>) -> Self {
        self.registry.add_hook(name, hook);
        self
    }

    /// Sets the clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Sets the source of tokens and nonces.
    #[must_use]
    pub fn ids(mut self, ids: Arc<dyn IdSource>) -> Self {
        self.ids = Some(ids);
        self
    }

    /// Says who is asking; shown to others that find the stack busy, and recorded in the history.
    #[must_use]
    pub fn owner(mut self, user: impl Into<String>, host: impl Into<String>, pid: u32) -> Self {
        self.owner = Some((user.into(), host.into(), pid));
        self
    }

    /// Says that the providers are simulated. A stack of one world is refused by engines of the other, which would
    /// take its records for objects that are not there.
    #[must_use]
    pub fn simulated(mut self, simulated: bool) -> Self {
        self.simulated = simulated;
        self
    }

    /// Ends.
    pub fn build(self) -> Engine {
        let (user, host, pid) = self.owner.unwrap_or_else(|| ("unknown".into(), "unknown".into(), 0));
        Engine {
            registry: Arc::new(self.registry),
            store: self.store.unwrap_or_else(|| Arc::new(Memory::default())),
            keyring: self.keyring.unwrap_or_else(|| Arc::new(EphemeralKeyring::default())),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            ids: self.ids.unwrap_or_else(|| Arc::new(SystemIds)),
            user,
            host,
            pid,
            simulated: self.simulated,
        }
    }
}

impl Engine {
    /// Starts to put an engine together.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// Returns the providers.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns the store.
    pub fn store(&self) -> &Arc<dyn StateStore> {
        &self.store
    }

    /// Plans what a program declares, without taking the stack's lease.
    ///
    /// # Errors
    /// All that is wrong with the program, together; or that the state cannot be read.
    pub async fn preview<How>(
        &self,
        stack: &StackId,
        program: impl IntoProgram<How>,
    ) -> Result<Plan, EngineError> {
        self.preview_with(stack, &program.into_program(), &PlanOptions::default()).await
    }
}
