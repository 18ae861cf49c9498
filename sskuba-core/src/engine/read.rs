//! Reading a stack without its lease; works while another program writes it.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::build::Engine;
use super::discard::discard;
use super::error::EngineError;
use super::open::{check, check_world, digester, is_simulated, key_of};
use super::planned::{declare, make_plan, plan_graph};
use super::tags::{Tags, tags_of};
use crate::address::StackId;
use crate::calling::Instances;
use crate::digest::Digester;
use crate::event::Events;
use crate::journal::replay;
use crate::plan::Plan;
use crate::planning::PlanOptions;
use crate::refresh::{RefreshReport, Refreshed, refresh};
use crate::stack::Program;
use crate::state::{Codec, DataKey, Holder, Image, State, to_text};

/// A stack at a durable revision.
#[derive(Debug)]
pub struct Snapshot {
    /// What is recorded.
    pub state: State,
    /// Who writes the stack now.
    pub holder: Option<Holder>,
    /// Whether the secrets could be opened.
    pub opened: bool,
    /// Whether its objects are simulated ones.
    pub simulated: bool,
    /// The tags that people gave it.
    pub tags: Tags,
}

impl Engine {
    pub(super) async fn image(&self, stack: &StackId) -> Result<Option<Image>, EngineError> {
        self.store.load(stack).await.map_err(EngineError::store)
    }

    /// Reads a stack. Secrets that no identity opens stay closed.
    ///
    /// # Errors
    /// If there is no such stack, or it cannot be read.
    pub async fn read(&self, stack: &StackId) -> Result<Snapshot, EngineError> {
        let image = self.image(stack).await?;
        let image = image.ok_or_else(|| crate::state::StoreError::NoStack(stack.clone()))?;
        // Closed secrets are no reason not to read the rest; a newer format is.
        check(&image, stack)?;
        let key = key_of(&image, stack, &self.keyring).await.ok().flatten();
        let opened = key.is_some();
        let codec = Codec::new(key, Arc::clone(&self.ids));
        let state = replay(&image, &codec).map_err(|error| EngineError::journal(stack, error))?;
        let holder = self.store.holder(stack).await.map_err(EngineError::store)?;
        let simulated = is_simulated(&image);
        Ok(Snapshot { state, holder, opened, simulated, tags: tags_of(&image) })
    }

    /// Asks the program that writes a stack to stop as Ctrl-C would: calls that are under way end and are recorded,
    /// nothing new starts, and the stack is let go of. Says who was asked; none if nobody writes it.
    ///
    /// # Errors
    /// If that program cannot be reached.
    pub async fn ask_to_stop(&self, stack: &StackId) -> Result<Option<Holder>, EngineError> {
        self.store.ask_to_stop(stack).await.map_err(EngineError::store)
    }

    /// Plans what a program declares, without taking the stack's lease. A stack that is not there is empty.
    ///
    /// # Errors
    /// As [`Engine::preview`].
    pub async fn preview_with(
        &self,
        stack: &StackId,
        program: &dyn Program,
        options: &PlanOptions,
    ) -> Result<Plan, EngineError> {
        // The program runs while the store is read, on another thread if there is one.
        let mut reading = JoinSet::new();
        let (engine, read) = (self.clone(), stack.clone());
        reading.spawn(async move { engine.readable(&read).await });
        let declared = declare(self, stack, Some(program), options).await;
        let (state, _, simulated) = match reading.join_next().await {
            Some(Ok(read)) => read?,
            Some(Err(error)) if error.is_panic() => resume_unwind(error.into_panic()),
            _ => return Err(EngineError::ShuttingDown),
        };
        check_world(self, stack, &state, simulated)?;
        let instances = Instances::default();
        let mut plan = plan_graph(self, stack, &state, declared?, (options, &instances)).await?;
        self.preview_places(&plan, &state, &instances).await?;
        self.ask_what_updates_do(&mut plan, &state, &instances).await?;
        discard(state);
        Ok(plan)
    }

    /// Plans with what is really there now, without taking the stack's lease: `program` is what is declared, none to take
    /// the stack down. Nothing of what is read is recorded, nor is anything that an earlier run left open resolved.
    ///
    /// # Errors
    /// As [`Engine::preview`].
    pub async fn preview_refreshed(
        &self,
        stack: &StackId,
        program: Option<&dyn Program>,
        options: &PlanOptions,
        events: &Events,
    ) -> Result<(Option<Plan>, RefreshReport), EngineError> {
        let (mut state, _, simulated) = self.readable(stack).await?;
        check_world(self, stack, &state, simulated)?;
        let tools = self.tools("preview");
        self.readable_places(&state, &tools).await?;
        let Refreshed { report, observed, forgotten } = refresh(&state, stack, &tools, events).await;
        // Where something could not be read there is no plan: it would say that nothing has to change.
        if !report.failed.is_empty() {
            return Ok((None, report));
        }
        for entry in forgotten.into_iter().chain(observed) {
            state.apply(entry).map_err(EngineError::DoesNotFit)?;
        }
        let mut plan = make_plan(self, stack, &state, program, options, &tools.instances).await?;
        self.preview_places(&plan, &state, &tools.instances).await?;
        self.ask_what_updates_do(&mut plan, &state, &tools.instances).await?;
        Ok((Some(plan), report))
    }

    /// Plans to take a stack down, without taking its lease.
    ///
    /// # Errors
    /// If something is protected, or the state cannot be read.
    pub async fn preview_down(&self, stack: &StackId, options: &PlanOptions) -> Result<Plan, EngineError> {
        let (state, _, simulated) = self.readable(stack).await?;
        check_world(self, stack, &state, simulated)?;
        let instances = Instances::default();
        let plan = make_plan(self, stack, &state, None, options, &instances).await?;
        self.preview_places(&plan, &state, &instances).await?;
        Ok(plan)
    }

    /// Reads a stack with its secrets open; also returns the codec, and whether its objects are simulated ones.
    pub(super) async fn readable(&self, stack: &StackId) -> Result<(State, Codec, bool), EngineError> {
        let Some(image) = self.image(stack).await? else {
            return Ok((State::default(), Codec::new(None, Arc::clone(&self.ids)), self.simulated));
        };
        let key = key_of(&image, stack, &self.keyring).await?;
        let codec = Codec::new(key, Arc::clone(&self.ids));
        let state = replay(&image, &codec).map_err(|error| EngineError::journal(stack, error))?;
        Ok((state, codec, is_simulated(&image)))
    }

    /// Returns the digester of a plan that is about to be saved, and the sealed key that it has to have beside it: a stack
    /// that was never written has no key of its own, and looking at it makes none. See
    /// [`PlanFile`](crate::plan::PlanFile).
    ///
    /// # Errors
    /// If the stack's secrets cannot be opened, or nothing be sealed to its recipients.
    pub async fn digester(&self, stack: &StackId) -> Result<(Digester, Option<String>), EngineError> {
        let (_, codec, _) = self.readable(stack).await?;
        if codec.key().is_some() {
            return Ok((digester(&codec), None));
        }
        let key = DataKey::generate(self.ids.as_ref());
        let sealed = self.keyring.seal(&key).await;
        let sealed = sealed.map_err(|source| EngineError::Keyring { stack: stack.clone(), source })?;
        Ok((key.digester(), Some(to_text(&sealed))))
    }
}
