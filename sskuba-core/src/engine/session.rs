//! A session: a stack that this program holds the lease of.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::build::Engine;
use super::error::EngineError;
use crate::address::{Address, StackId, Token};
use crate::applying::{
    ApplyOptions, Event, Events, Instances, Journal, JournalError, Report, Tools, apply, panicked,
    recover_all,
};
use crate::digest::Digester;
use crate::graph::{DesiredGraph, NodeId};
use crate::plan::Plan;
use crate::planning::{Diagnostic, PlanOptions, Planned, Request, lint, plan};
use crate::provider::{Class, Cx, Failure, Prior};
use crate::refresh::{RefreshReport, refresh};
use crate::stack::{Program, Stack};
use crate::state::{
    Codec, DataKey, Entry, FORMAT, Image, Keyring, Lease, Outcome, Owner, RunResult, State, StoreError, Verb,
};
use crate::value::Map;

/// The keys of a stack's small values: the sealed data key, and which release wrote the stack.
const KEY: &str = "key";
const WRITER: &str = "writer";

/// Which world the stack's objects are in; nothing is written for the real one.
const WORLD: &str = "world";
const SIMULATED: &[u8] = b"simulated";
const REAL: &[u8] = b"real";

/// How long a lookup may take while a plan is made.
const LOOKUP: Duration = Duration::from_secs(60);

/// What a person says of a create that was interrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// The object exists, with this id.
    Created {
        /// The provider's id.
        id: String,
    },
    /// There is no object.
    NotCreated,
}

/// A stack that is open for writing.
#[derive(Debug)]
pub struct Session {
    engine: Engine,
    stack: StackId,
    journal: Journal,
    tools: Tools,
    keepalive: Option<JoinHandle<()>>,
    /// Whether the recorded objects are simulated ones.
    simulated: bool,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(task) = &self.keepalive {
            task.abort();
        }
    }
}

/// Opens the stack's data key; none if the stack has none yet.
pub(super) async fn key_of(
    image: &Image,
    stack: &StackId,
    keyring: &Arc<dyn Keyring>,
) -> Result<Option<DataKey>, EngineError> {
    check_format(image, stack)?;
    let Some(sealed) = image.meta.get(KEY) else { return Ok(None) };
    let opened = keyring.open(sealed).await;
    opened.map(Some).map_err(|source| EngineError::Keyring { stack: stack.clone(), source })
}

/// Refuses a stack that a newer release wrote, by that release's name.
pub(super) fn check_format(image: &Image, stack: &StackId) -> Result<(), EngineError> {
    let Some(bytes) = image.meta.get(WRITER) else { return Ok(()) };
    let text = String::from_utf8_lossy(bytes);
    let (format, writer) = text.split_once(' ').unwrap_or((&text, "?"));
    match format.parse::<u8>() {
        Ok(format) if format <= FORMAT => Ok(()),
        _ => Err(EngineError::Refused(format!(
            "the state of {stack} was written by sskuba {writer} in format {format}, and this release reads up to \
             {FORMAT}; use that release or a newer one"
        ))),
    }
}

/// Tells whether a stack's objects are simulated ones.
pub(super) fn is_simulated(image: &Image) -> bool {
    image.meta.get(WORLD).is_some_and(|world| world == SIMULATED)
}

/// Refuses to take the objects of one world for those of the other.
pub(super) fn check_world(
    engine: &Engine,
    stack: &StackId,
    state: &State,
    simulated: bool,
) -> Result<(), EngineError> {
    if state.is_empty() || simulated == engine.simulated {
        return Ok(());
    }
    let message = if simulated {
        format!(
            "the resources of {stack} are simulated ones; add `--simulate`, or choose another stack with `--stack`"
        )
    } else {
        format!(
            "the resources of {stack} are real ones; leave `--simulate` out, or choose another stack with `--stack`"
        )
    };
    Err(EngineError::Refused(message))
}

/// Returns the digester of saved plans. A stack that was never written has no key and no secrets.
pub(super) fn digester(codec: &Codec) -> Digester {
    codec.key().map_or_else(|| Digester::new(b"no stack"), DataKey::digester)
}

impl Engine {
    /// Opens a stack for writing; makes it if there is none. Waits up to `wait` for one that is in use.
    ///
    /// # Errors
    /// If the stack stays in use, its secrets cannot be opened, or its state cannot be read.
    pub async fn open(&self, stack: &StackId, command: &str, wait: Duration) -> Result<Session, EngineError> {
        let (user, host, pid) = (self.user.clone(), self.host.clone(), self.pid);
        let who = format!("{user}@{host}");
        let owner = Owner { user, host, pid, command: command.to_owned() };
        let lease = self.acquire(stack, &owner, wait).await?;
        let (journal, simulated) = match self.open_journal(stack, &lease).await {
            Ok(opened) => opened,
            Err(error) => {
                // The first error is the one to tell.
                let _ = self.store.release(&lease).await;
                return Err(error);
            }
        };
        let tools = Tools {
            registry: Arc::clone(&self.registry),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            who,
            command: command.to_owned(),
        };
        let keepalive = lease.renew_every.map(|every| {
            let store = Arc::clone(&self.store);
            tokio::spawn(async move {
                loop {
                    sleep(every).await;
                    if store.renew(&lease).await.is_err() {
                        break;
                    }
                }
            })
        });
        Ok(Session { engine: self.clone(), stack: stack.clone(), journal, tools, keepalive, simulated })
    }

    async fn acquire(&self, stack: &StackId, owner: &Owner, wait: Duration) -> Result<Lease, EngineError> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            match self.store.acquire(stack, owner).await {
                Err(StoreError::Busy { .. }) if start.elapsed() < wait => {
                    sleep(pause.min(wait.saturating_sub(start.elapsed()))).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                result => return result.map_err(EngineError::store),
            }
        }
    }

    async fn open_journal(&self, stack: &StackId, lease: &Lease) -> Result<(Journal, bool), EngineError> {
        let image = self.image(stack).await?.unwrap_or_default();
        let simulated = is_simulated(&image);
        let key = match key_of(&image, stack, &self.keyring).await? {
            Some(key) => key,
            None => {
                let key = DataKey::generate(self.ids.as_ref());
                let sealed = self.keyring.seal(&key).await;
                let sealed =
                    sealed.map_err(|source| EngineError::Keyring { stack: stack.clone(), source })?;
                self.store.put_meta(lease, KEY, sealed).await.map_err(EngineError::store)?;
                let writer = format!("{FORMAT} {}", env!("CARGO_PKG_VERSION")).into_bytes();
                self.store.put_meta(lease, WRITER, writer).await.map_err(EngineError::store)?;
                key
            }
        };
        let codec = Codec::new(Some(key), Arc::clone(&self.ids));
        let opened = Journal::open(Arc::clone(&self.store), lease.clone(), codec, image);
        let journal = opened.map_err(|error| EngineError::journal(stack, error))?;
        Ok((journal, simulated))
    }
}

/// Runs the program and plans; lookups that the plan needs are answered on the way.
pub(super) async fn make_plan(
    engine: &Engine,
    stack: &StackId,
    state: &State,
    program: Option<&dyn Program>,
    options: &PlanOptions,
) -> Result<Plan, EngineError> {
    let graph = match program {
        None => DesiredGraph::default(),
        Some(program) => {
            let mut declared = Stack::new(stack.clone(), options.config.clone());
            program.declare(&mut declared).await.map_err(EngineError::Program)?;
            declared.into_graph().map_err(EngineError::Graph)?
        }
    };
    let mut request = Request {
        stack,
        graph: Arc::new(graph),
        state,
        registry: &engine.registry,
        options,
        lookups: HashMap::new(),
        down: program.is_none(),
    };
    loop {
        match plan(&request).map_err(EngineError::Plan)? {
            Planned::Plan(plan) => {
                let faults = lint(&plan);
                if !faults.is_empty() {
                    let faults = faults
                        .into_iter()
                        .map(|f| Diagnostic::general(format!("{f}; this is a defect of sskuba")));
                    return Err(EngineError::Plan(faults.collect()));
                }
                return Ok(*plan);
            }
            Planned::Lookups(wanted) => {
                let answers = look_up(engine, &request, wanted).await?;
                request.lookups.extend(answers);
            }
        }
    }
}

async fn look_up(
    engine: &Engine,
    request: &Request<'_>,
    wanted: Vec<(NodeId, Map)>,
) -> Result<HashMap<NodeId, Map>, EngineError> {
    let mut instances = Instances::default();
    let mut tasks = tokio::task::JoinSet::new();
    let mut asked = HashMap::new();
    for (id, inputs) in wanted {
        let node = request.graph.node(id);
        let address = node.address.clone();
        let declared = node.provider.map(|provider| &request.graph.node(provider).address);
        let failed = |failure| EngineError::Lookup { address: address.to_string(), failure };
        let instance =
            instances.of(&engine.registry, request.state, address.kind_str(), declared).map_err(failed)?;
        let token = Token::new([0; 16]);
        let cx = Cx { stack: request.stack.clone(), address: address.clone(), token, timeout: LOOKUP };
        let task = tasks.spawn(async move {
            let answer =
                tokio::time::timeout(LOOKUP, async { instance.get().await?.lookup(&cx, &inputs).await });
            let late = |_| Err(Failure::new(Class::Timeout, "no answer within a minute"));
            answer.await.unwrap_or_else(late)
        });
        asked.insert(task.id(), (id, address));
    }
    let mut answers = HashMap::new();
    while let Some(ended) = tasks.join_next_with_id().await {
        let (task, answer) = ended.unwrap_or_else(|error| (error.id(), Err(panicked())));
        let Some((id, address)) = asked.remove(&task) else { continue };
        let failed = |failure| EngineError::Lookup { address: address.to_string(), failure };
        let answer = answer.map_err(failed)?;
        answers.insert(id, answer);
    }
    Ok(answers)
}

impl Session {
    /// Returns the stack.
    pub fn stack(&self) -> &StackId {
        &self.stack
    }

    /// Returns what is recorded.
    pub fn state(&self) -> &State {
        self.journal.state()
    }

    /// Returns the digester of saved plans.
    pub fn digester(&self) -> Digester {
        digester(self.journal.codec())
    }

    pub(super) fn journal(&mut self) -> &mut Journal {
        &mut self.journal
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn wrap(&self, error: JournalError) -> EngineError {
        EngineError::journal(&self.stack, error)
    }

    /// Resolves what an earlier run left open; returns how much that was. Comes before every plan.
    ///
    /// # Errors
    /// If something cannot be resolved now; what could be is durable.
    pub async fn recover(&mut self, events: &Events) -> Result<usize, EngineError> {
        self.same_world()?;
        let pending = self.state().pending().count();
        events.emit(Event::Opened { stack: self.stack.clone(), revision: self.state().revision(), pending });
        if pending == 0 {
            return Ok(0);
        }
        let unresolved = recover_all(&mut self.journal, &self.stack, &self.tools, events).await;
        let unresolved = unresolved.map_err(|error| EngineError::journal(&self.stack, error))?;
        if unresolved.is_empty() { Ok(pending) } else { Err(EngineError::Unresolved(unresolved)) }
    }

    fn same_world(&self) -> Result<(), EngineError> {
        check_world(&self.engine, &self.stack, self.state(), self.simulated)
    }

    fn nothing_open(&self) -> Result<(), EngineError> {
        self.same_world()?;
        match self.state().pending().next() {
            None => Ok(()),
            Some(intent) => Err(EngineError::Refused(format!(
                "{} and maybe others were interrupted; call `recover` before anything else",
                intent.address
            ))),
        }
    }

    /// Plans what a program declares.
    ///
    /// # Errors
    /// All that is wrong with the program, together.
    pub async fn plan(&self, program: &dyn Program, options: &PlanOptions) -> Result<Plan, EngineError> {
        self.nothing_open()?;
        make_plan(&self.engine, &self.stack, self.state(), Some(program), options).await
    }

    /// Plans to take the stack down.
    ///
    /// # Errors
    /// If something is protected.
    pub async fn plan_down(&self, options: &PlanOptions) -> Result<Plan, EngineError> {
        self.nothing_open()?;
        make_plan(&self.engine, &self.stack, self.state(), None, options).await
    }

    /// Carries a plan out. A plan that changes nothing writes nothing.
    ///
    /// # Errors
    /// If the plan is of another stack or revision, or the state can no longer be written. A step that fails is
    /// in the report.
    pub async fn apply(&mut self, plan: &Plan, options: &ApplyOptions) -> Result<Report, EngineError> {
        self.nothing_open()?;
        if plan.stack != self.stack {
            let message = format!("the plan is of stack {}, and {} is open", plan.stack, self.stack);
            return Err(EngineError::Refused(message));
        }
        let (planned, current) = (plan.base, self.state().revision());
        if planned != current {
            return Err(EngineError::Stale { stack: self.stack.clone(), planned, current });
        }
        if plan.is_empty() {
            return Ok(self.unchanged(plan, options));
        }
        if self.simulated != self.engine.simulated {
            let world = if self.engine.simulated { SIMULATED } else { REAL };
            let lease = self.journal.lease();
            self.engine.store.put_meta(lease, WORLD, world.to_vec()).await.map_err(EngineError::store)?;
            self.simulated = self.engine.simulated;
        }
        let report = apply(&mut self.journal, plan, &self.tools, options).await;
        let report = report.map_err(|error| EngineError::journal(&self.stack, error))?;
        if !report.abandoned {
            self.journal.fold_if_long().await.map_err(|error| EngineError::journal(&self.stack, error))?;
        }
        Ok(report)
    }

    fn unchanged(&self, plan: &Plan, options: &ApplyOptions) -> Report {
        let (counts, revision) = (plan.counts(), plan.base);
        let result = RunResult::Succeeded;
        options.events.emit(Event::RunEnded { result, changes: counts, revision, duration_ms: 0 });
        Report {
            result,
            counts,
            revision,
            duration: Duration::ZERO,
            failures: Vec::new(),
            exports: BTreeMap::clone(self.state().exports()),
            abandoned: false,
        }
    }

    /// Reads reality into the state.
    ///
    /// # Errors
    /// If the state can no longer be written.
    pub async fn refresh(&mut self, events: &Events) -> Result<RefreshReport, EngineError> {
        self.nothing_open()?;
        let report = refresh(&mut self.journal, &self.stack, &self.tools, events).await;
        report.map_err(|error| EngineError::journal(&self.stack, error))
    }

    /// Removes a record and leaves its object alone.
    ///
    /// # Errors
    /// If nothing is recorded there, or a call for it is open.
    pub async fn forget(&mut self, address: &Address) -> Result<(), EngineError> {
        let Some(token) = self.state().current(address).map(|record| record.token) else {
            let message = format!("{address} is not recorded in {}; `state list` shows what is", self.stack);
            return Err(EngineError::Refused(message));
        };
        let why = "removed by `state rm`".to_owned();
        self.write(vec![Entry::Forgotten { token, why }]).await
    }

    /// Resolves the interrupted create of a resource as a person says.
    ///
    /// # Errors
    /// If no create of it is open, or its object cannot be read.
    pub async fn resolve(&mut self, address: &Address, resolution: Resolution) -> Result<(), EngineError> {
        let open = |intent: &&crate::state::Intent| intent.address == *address && intent.verb == Verb::Create;
        let Some(intent) = self.state().pending().find(open).cloned() else {
            let message = format!("no create of {address} is open; `state list` shows what is recorded");
            return Err(EngineError::Refused(message));
        };
        let token = intent.token;
        let outcome = match resolution {
            Resolution::NotCreated => {
                let message = "said not to have been created".to_owned();
                Outcome::NotApplied { cause: crate::state::Cause { class: Class::Terminal, message } }
            }
            Resolution::Created { id } => {
                let prior = Prior { id: id.clone(), inputs: intent.inputs.clone(), outputs: Map::new() };
                let cx = Cx { stack: self.stack.clone(), address: address.clone(), token, timeout: LOOKUP };
                let failed = |failure| EngineError::Lookup { address: address.to_string(), failure };
                let instance = Instances::default()
                    .of(&self.engine.registry, self.state(), address.kind_str(), intent.provider.as_ref())
                    .map_err(failed)?;
                let provider = instance.get().await.map_err(failed)?;
                let object = provider.read(&cx, &prior).await.map_err(failed)?;
                let object = object.ok_or_else(|| {
                    EngineError::Refused(format!(
                        "the provider knows no object {id} of kind {}",
                        address.kind_str()
                    ))
                })?;
                Outcome::Applied { id: object.id, observed: object.inputs, outputs: object.outputs, took: 0 }
            }
        };
        let time = self.engine.clock.now();
        self.write(vec![Entry::Outcome { token, outcome, time }]).await
    }

    /// Writes entries as one durable change.
    pub(super) async fn write(&mut self, entries: Vec<Entry>) -> Result<(), EngineError> {
        for entry in entries {
            self.journal.stage(entry).map_err(|error| EngineError::journal(&self.stack, error))?;
        }
        self.journal.commit().await.map_err(|error| EngineError::journal(&self.stack, error))
    }

    /// Removes the stack and all that is recorded of it.
    ///
    /// # Errors
    /// If something is still recorded, or the store fails.
    pub async fn remove_stack(self) -> Result<(), EngineError> {
        let recorded = self.state().len();
        if !self.state().is_empty() {
            let message = format!(
                "stack {} still records {recorded} resources; take it down first, or forget them with `state rm`",
                self.stack
            );
            return Err(EngineError::Refused(message));
        }
        self.engine.store.remove(self.journal.lease()).await.map_err(EngineError::store)
    }

    /// Gives the lease back after an operation, and returns what that answered.
    ///
    /// # Errors
    /// The operation's, before the store's.
    pub async fn end<T>(self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        let closed = self.close().await;
        let value = result?;
        closed.map(|()| value)
    }

    /// Gives the lease back. A session that is dropped without this keeps the stack busy until its lease ends or
    /// its process does.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn close(mut self) -> Result<(), EngineError> {
        if let Some(task) = self.keepalive.take() {
            task.abort();
        }
        self.engine.store.release(self.journal.lease()).await.map_err(EngineError::store)
    }
}
