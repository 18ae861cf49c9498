//! Hooks round a call.

use super::call::{Call, Ended, within};
use crate::lifecycle::When;
use crate::provider::{Failure, HookCall};
use crate::state::{Cause, Outcome, Status, Verb};
use crate::value::Map;

/// Runs the hooks that come before a call. One that fails prevents it.
pub(crate) async fn before(call: &Call) -> Result<(), Failure> {
    let when: &[When] = match call.verb {
        Verb::Create => &[When::BeforeCreate],
        Verb::Update => &[When::BeforeUpdate],
        Verb::Delete => &[When::BeforeDelete],
    };
    let prior = call.prior.as_ref();
    let (id, outputs) = (prior.map(|prior| prior.id.clone()), prior.map(|prior| prior.outputs.clone()));
    run(call, when, id, outputs.unwrap_or_default()).await
}

/// Runs the hooks that come after a call that went well. One that fails leaves what was made or changed half done, and what
/// was deleted recorded, so that the next run comes back to it.
pub(crate) async fn after(call: &Call, ended: Ended) -> Ended {
    // What was half done may be what a create left, or its hook.
    let completes = call.status == Some(Status::Partial);
    let when: &[When] = match call.verb {
        Verb::Create => &[When::AfterCreate],
        Verb::Update if completes => &[When::AfterCreate, When::AfterUpdate],
        Verb::Update => &[When::AfterUpdate],
        Verb::Delete => &[When::AfterDelete],
    };
    let (id, observed, outputs) = match &ended.outcome {
        Outcome::Applied { id, observed, outputs, .. } | Outcome::Made { id, observed, outputs, .. } => {
            (id.clone(), observed.clone(), outputs.clone())
        }
        _ => return ended,
    };
    if ended.failure.is_some() || call.hooks.is_empty() {
        return ended;
    }
    let told = (call.verb != Verb::Delete).then(|| id.clone());
    match run(call, when, told, outputs.clone()).await {
        Ok(()) => ended,
        Err(failure) => {
            let cause = Cause { class: failure.class.clone(), message: failure.message.clone() };
            let outcome = match call.verb {
                Verb::Delete => Outcome::NotApplied { cause },
                _ => Outcome::Partial { id, observed, outputs, cause },
            };
            Ended { outcome, failure: Some(failure), gone: false, given_up: None }
        }
    }
}

async fn run(call: &Call, when: &[When], id: Option<String>, outputs: Map) -> Result<(), Failure> {
    for found in call.hooks.iter().filter(|found| when.contains(&found.name.when)) {
        call.lease.check().await?;
        let recorded = call.prior.as_ref().filter(|_| call.verb == Verb::Delete);
        let told = HookCall {
            stack: call.cx.stack.clone(),
            address: call.cx.address.clone(),
            token: call.cx.token,
            when: found.name.when,
            id: id.clone(),
            inputs: recorded.map_or(&call.inputs, |prior| &prior.inputs).clone(),
            outputs: outputs.clone(),
        };
        within(call.cx.timeout, found.run(told)).await?;
    }
    Ok(())
}
