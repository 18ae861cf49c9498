//! Opening a stack for writing: its lease, its data key, its journal; and what is checked on the way.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::build::Engine;
use super::error::EngineError;
use super::session::Session;
use crate::address::StackId;
use crate::calling::{Instances, Tools};
use crate::digest::Digester;
use crate::journal::{Journal, LeaseGuard};
use crate::state::{Codec, DataKey, FORMAT, Image, Keyring, Owner, State, StoreError};

/// The keys of a stack's small values: the sealed data key, and which release wrote the stack.
pub(super) const KEY: &str = "key";
const WRITER: &str = "writer";

/// Which world the stack's objects are in; nothing is written for the real one.
pub(super) const WORLD: &str = "world";
pub(super) const SIMULATED: &[u8] = b"simulated";
pub(super) const REAL: &[u8] = b"real";

/// How long after a session of this program was dropped its calls may take to end.
const JUST_DROPPED: Duration = Duration::from_millis(250);

/// Tells whether two owners are one program.
fn is_own(holder: &Owner, owner: &Owner) -> bool {
    (&holder.host, holder.pid) == (&owner.host, owner.pid)
}

/// Opens the stack's data key; none if the stack has none yet.
pub(super) async fn key_of(
    image: &Image,
    stack: &StackId,
    keyring: &Arc<dyn Keyring>,
) -> Result<Option<DataKey>, EngineError> {
    check(image, stack)?;
    let Some(sealed) = image.meta.get(KEY) else { return Ok(None) };
    let opened = keyring.open(sealed).await;
    opened.map(Some).map_err(|source| EngineError::Keyring { stack: stack.clone(), source })
}

/// Returns the small value that says which release writes the stack.
pub(super) fn writer() -> (String, Vec<u8>) {
    (WRITER.to_owned(), format!("{FORMAT} {}", env!("CARGO_PKG_VERSION")).into_bytes())
}

/// Refuses a stack that is damaged, and one that a newer release wrote.
pub(super) fn check(image: &Image, stack: &StackId) -> Result<(), EngineError> {
    match image.damage.clone() {
        Some(damage) => Err(EngineError::Store(damage.into())),
        None => check_format(image, stack),
    }
}

/// Refuses a stack that a newer release wrote, by that release's name.
pub(super) fn check_format(image: &Image, stack: &StackId) -> Result<(), EngineError> {
    let Some(bytes) = image.meta.get(WRITER) else { return Ok(()) };
    let text = String::from_utf8_lossy(bytes);
    let (format, writer) = text.split_once(' ').unwrap_or((&text, "?"));
    match format.parse::<u8>() {
        Ok(format) if format <= FORMAT => Ok(()),
        _ => Err(EngineError::Newer {
            stack: stack.clone(),
            writer: writer.to_owned(),
            format: format.to_owned(),
        }),
    }
}

/// Tells whether the small value that says which release writes the stack names an earlier format.
fn is_older(writer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(writer);
    let format = text.split(' ').next().and_then(|format| format.parse::<u8>().ok());
    format.is_some_and(|format| format < FORMAT)
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
    Err(EngineError::OtherWorld { stack: stack.clone(), simulated })
}

/// Returns the digester of saved plans. A stack that was never written has no key and no secrets.
pub(super) fn digester(codec: &Codec) -> Digester {
    codec.key().map_or_else(|| Digester::new(b"no stack"), DataKey::digester)
}

impl Engine {
    /// Returns what a run of a command needs.
    pub(super) fn tools(&self, command: &str) -> Tools {
        Tools {
            registry: Arc::clone(&self.registry),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            who: format!("{}@{}", self.user, self.host),
            command: command.to_owned(),
            instances: Instances::default(),
        }
    }

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
                let _ = lease.release().await;
                return Err(error);
            }
        };
        let tools = Tools { who, ..self.tools(command) };
        let keepalive = lease.lease().renew_every.map(|every| {
            let lease = Arc::downgrade(&lease);
            tokio::spawn(async move {
                loop {
                    sleep(every).await;
                    let Some(lease) = lease.upgrade() else { break };
                    // Other faults may pass.
                    if let Err(StoreError::Fenced { .. } | StoreError::NotHeld { .. }) = lease.renew().await {
                        break;
                    }
                }
            })
        });
        Ok(Session { engine: self.clone(), stack: stack.clone(), journal, tools, keepalive, simulated })
    }

    pub(super) async fn acquire(
        &self,
        stack: &StackId,
        owner: &Owner,
        wait: Duration,
    ) -> Result<Arc<LeaseGuard>, EngineError> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            match self.store.acquire(stack, owner).await {
                // A session of this program that was dropped a moment ago has calls that are just being ended.
                Err(StoreError::Busy { holder, .. })
                    if is_own(&holder.owner, owner) && start.elapsed() < JUST_DROPPED =>
                {
                    sleep(Duration::from_millis(1)).await;
                }
                Err(StoreError::Busy { .. }) if start.elapsed() < wait => {
                    sleep(pause.min(wait.saturating_sub(start.elapsed()))).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                Err(error) => return Err(EngineError::store(error)),
                Ok(lease) => return Ok(Arc::new(LeaseGuard::new(Arc::clone(&self.store), lease))),
            }
        }
    }

    async fn open_journal(
        &self,
        stack: &StackId,
        guard: &Arc<LeaseGuard>,
    ) -> Result<(Journal, bool), EngineError> {
        let lease = guard.lease();
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
                let (name, value) = writer();
                self.store.put_meta(lease, &name, value).await.map_err(EngineError::store)?;
                key
            }
        };
        let (name, value) = writer();
        if image.meta.get(&name).is_some_and(|written| is_older(written)) {
            // An earlier release refuses what this one is about to write, by the name of this one.
            self.store.put_meta(lease, &name, value).await.map_err(EngineError::store)?;
        }
        let codec = Codec::new(Some(key), Arc::clone(&self.ids));
        let opened = Journal::open(Arc::clone(guard), codec, image);
        let journal = opened.map_err(|error| EngineError::journal(stack, error))?;
        Ok((journal, simulated))
    }
}
