//! Mistakes, wherever they come from: each is answered with what is wrong, where, why, and what to do, and nothing
//! that was recorded is lost.

mod composed;
mod declared;
mod limits;
mod providers;
mod recorded;
mod saved;
mod secrets;

use std::sync::Arc;

use sskuba::core::address::StackId;
use sskuba::core::provider::Provider;
use sskuba::core::state::{Owner, StateStore};
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::{Engine, EngineError};

/// Asserts that a text has all parts.
#[track_caller]
pub(crate) fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in:\n{text}");
    }
}

/// The text of an error that there must be, and what can be done about it.
#[track_caller]
pub(crate) fn message_of<T>(result: Result<T, EngineError>) -> String {
    match result {
        Ok(_) => panic!("it was accepted"),
        Err(error) if error.hint().is_empty() => sskuba::core::engine::with_causes(&error),
        Err(error) => format!("{}; {:?}", sskuba::core::engine::with_causes(&error), error.hint()),
    }
}

/// A store that several engines share, as the programs of several days do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared {
    pub(crate) store: Memory,
    keyring: EphemeralKeyring,
}

impl Shared {
    pub(crate) fn engine(&self, providers: impl IntoIterator<Item = Arc<dyn Provider>>) -> Engine {
        let builder = Engine::builder()
            .store(Arc::new(self.store.clone()))
            .keyring(Arc::new(self.keyring.clone()))
            .owner("ann", "desk", 1);
        providers.into_iter().fold(builder, |builder, provider| builder.provider(provider)).build()
    }
}

/// Puts a cut copy of the newest journal entry behind the others.
pub(crate) async fn spoil(store: &Memory, stack: &StackId) {
    let image = store.load(stack).await.unwrap().unwrap();
    let owner = Owner { user: "eve".into(), host: "here".into(), pid: 1, command: "meddling".into() };
    let lease = store.acquire(stack, &owner).await.unwrap();
    let (_, bytes) = image.journal.last().unwrap();
    store.append(&lease, image.revision, vec![bytes[..bytes.len() - 2].to_vec()]).await.unwrap();
    store.release(&lease).await.unwrap();
}
