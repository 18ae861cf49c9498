//! Hooks: functions of a program that run before or after an object is made, changed or deleted.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use super::error::{Class, Failure};
use super::redaction::Redaction;
use crate::address::{Address, StackId, Token};
use crate::lifecycle::{HookName, When};
use crate::value::Map;

/// What a hook is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookCall {
    /// The stack.
    pub stack: StackId,
    /// The resource.
    pub address: Address,
    /// Its generation: the same when the hook is run again for the same operation.
    pub token: Token,
    /// Before or after what.
    pub when: When,
    /// The provider's id; none before a create.
    pub id: Option<String>,
    /// The inputs: those that are wanted, and of a delete those that are recorded.
    pub inputs: Map,
    /// The computed fields as last reported.
    pub outputs: Map,
}

/// A function that runs before or after an object is made, changed or deleted.
///
/// # Contract
/// It is idempotent: after a crash, a lost answer or a failure it is run again for the same operation, with the same token.
///
/// # Guarantees
/// It runs when the operation's intent is durable, and what follows the operation starts when it has ended. One that fails
/// before an operation prevents it; one that fails after it leaves the object recorded as half done, so that the next run
/// completes it and runs the hook again. What it says is shown without the secrets of the resource. It is bounded in time as
/// the operation is.
///
/// # Assumptions
/// It is registered with the engine or the command line under the name that resources give, for as long as a resource that is
/// recorded gives it.
///
/// # Errors
/// Any; the text is shown.
///
/// ```
/// use sskuba_core::engine::Engine;
/// use sskuba_core::provider::HookCall;
///
/// let engine = Engine::builder().hook("drain", |call: HookCall| async move {
///     println!("draining {}", call.id.unwrap_or_default());
///     Ok::<(), std::io::Error>(())
/// });
/// # let _ = engine;
/// ```
#[async_trait]
pub trait Hook: Send + Sync {
    /// Runs it.
    async fn run(&self, call: HookCall) -> Result<(), String>;
}

#[async_trait]
impl<F, D, E> Hook for F
where
    F: Fn(HookCall) -> D + Send + Sync,
    D: Future<Output = Result<(), E>> + Send,
    E: fmt::Display,
{
    async fn run(&self, call: HookCall) -> Result<(), String> {
        let running: Pin<Box<dyn Future<Output = Result<(), E>> + Send + '_>> = Box::pin(self(call));
        running.await.map_err(|error| error.to_string())
    }
}

/// A hook that a resource names, found.
#[derive(Clone)]
pub(crate) struct FoundHook {
    pub(crate) name: HookName,
    pub(crate) hook: Arc<dyn Hook>,
}

impl fmt::Debug for FoundHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}

impl FoundHook {
    /// Runs it; what it says is shown without the secrets that it was told.
    pub(crate) async fn run(&self, call: HookCall) -> Result<(), Failure> {
        let redaction = Redaction::new(vec![&call.inputs, &call.outputs]);
        let (address, when) = (call.address.clone(), call.when);
        let told = call.clone();
        let span = tracing::info_span!("hook", %address, name = %self.name.name, when = ?when);
        let ran = tracing::Instrument::instrument(self.hook.run(told), span).await;
        ran.map_err(|why| {
            let message = format!("hook `{}` {when} failed: {why}", self.name.name);
            redaction.failure(
                Failure::new(Class::Terminal, message).hint("mend that and run again: it is run again"),
            )
        })
    }
}
