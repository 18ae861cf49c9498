//! The routes of the service.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sskuba::core::address::StackId;
use sskuba::core::applying::{Event, Report};
use sskuba::core::engine::CancellationToken;
use sskuba::core::state::{RunResult, StoreError};
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, Subnet};
use sskuba::{Engine, EngineError};

/// What a team asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// How many machines.
    machines: usize,
}

/// What a run did.
#[derive(Debug, Serialize)]
pub(crate) struct Done {
    created: u32,
    updated: u32,
    deleted: u32,
    outputs: serde_json::Value,
}

/// A status and a sentence.
type Refusal = (StatusCode, String);

/// Makes the service on an engine.
pub(crate) fn router(engine: Engine) -> Router {
    Router::new().route("/stacks/{team}", put(up).get(list).delete(down)).with_state(engine)
}

/// What a team gets.
fn program(team: &str, wish: &Wish) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync + use<> {
    let (team, machines) = (team.to_owned(), wish.machines);
    move |stack| {
        let network = stack.add("main", Network::new("10.0.0.0/16").tag("team", team.as_str()))?;
        let subnet = stack.add("main", Subnet::new(network.id(), "10.0.1.0/24"))?;
        let data = stack.add("data", Bucket::new(format!("{team}-data")))?;
        for number in 0..machines {
            stack.add(format!("worker-{number}"), Machine::new(subnet.id()).bucket(data.id()))?;
        }
        stack.export("data", data.url());
        Ok(())
    }
}

async fn up(
    State(engine): State<Engine>,
    Path(team): Path<String>,
    Json(wish): Json<Wish>,
) -> Result<Json<Done>, Refusal> {
    let stack = stack_of(&team)?;
    run(move |cancel| async move {
        let program = program(&team, &wish);
        let log = move |event: Event| tracing::info!(team, ?event);
        engine.up(&stack, program).cancel(cancel).events(log).await
    })
    .await
}

async fn down(State(engine): State<Engine>, Path(team): Path<String>) -> Result<Json<Done>, Refusal> {
    let stack = stack_of(&team)?;
    run(move |cancel| async move { engine.down(&stack).cancel(cancel).await }).await
}

async fn list(
    State(engine): State<Engine>,
    Path(team): Path<String>,
) -> Result<Json<Vec<(String, String)>>, Refusal> {
    let snapshot = engine.read(&stack_of(&team)?).await.map_err(|error| refusal(&error))?;
    let records = snapshot.state.records();
    Ok(Json(records.map(|record| (record.address.to_string(), record.shown_id().into_owned())).collect()))
}

fn stack_of(team: &str) -> Result<StackId, Refusal> {
    StackId::new("local", "embedded", team).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

/// Runs something in a task of its own, which is cancelled when this future is dropped: axum does that when the client
/// hangs up. The task itself goes on until the calls that it made have answered.
async fn run<F>(start: impl FnOnce(CancellationToken) -> F) -> Result<Json<Done>, Refusal>
where
    F: Future<Output = Result<Report, EngineError>> + Send + 'static,
{
    let cancel = CancellationToken::new();
    let task = tokio::spawn(start(cancel.clone()));
    let _hangs_up = cancel.drop_guard();
    let report = match task.await {
        Ok(report) => report.map_err(|error| refusal(&error))?,
        Err(panic) => return Err((StatusCode::INTERNAL_SERVER_ERROR, panic.to_string())),
    };
    match report.result {
        RunResult::Succeeded => {}
        other => {
            let whys: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
            return Err((StatusCode::BAD_GATEWAY, format!("{other:?}: {}", whys.join("; "))));
        }
    }
    let outputs = report.exports.iter().map(|(name, value)| (name.clone(), value.masked())).collect();
    let counts = report.counts;
    Ok(Json(Done { created: counts.create, updated: counts.update, deleted: counts.delete, outputs }))
}

fn refusal(error: &EngineError) -> Refusal {
    let status = match error {
        EngineError::Busy { .. } => StatusCode::CONFLICT,
        EngineError::Store(StoreError::NoStack(_)) => StatusCode::NOT_FOUND,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, sskuba::core::engine::with_causes(error))
}

#[cfg(test)]
mod tests;
