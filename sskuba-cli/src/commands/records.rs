//! Records as people and programs read them.

use serde_json::{Value as Json, json};
use sskuba_core::state::{Intent, Record, State, Status, Verb};
use sskuba_core::value::Map;

use super::output::json as value_json;
use crate::stop::Stop;

/// Names a status.
pub(super) fn status(status: Status) -> &'static str {
    match status {
        Status::Live => "live",
        Status::Made => "made",
        Status::Partial => "partial",
        Status::Failed => "failed",
        Status::Superseded => "superseded",
    }
}

/// Names the status of a call that has no recorded end.
pub(super) fn open_status(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "creating",
        Verb::Update => "updating",
        Verb::Delete => "deleting",
    }
}

/// One line of `state list`.
#[derive(Debug, serde::Serialize)]
pub(super) struct Line {
    pub(super) address: String,
    pub(super) kind: String,
    pub(super) id: String,
    pub(super) token: String,
    pub(super) generation: u32,
    pub(super) status: &'static str,
}

/// Lists what is recorded, and what was begun and has no recorded end. Generations of one address are numbered
/// from 1, the oldest first.
pub(super) fn lines(state: &State) -> Vec<Line> {
    let mut lines: Vec<(u64, Line)> = Vec::new();
    for record in state.records() {
        let word =
            state.pending_of(record.token).map_or(status(record.status), |open| open_status(open.verb));
        lines.push((record.created.0, line(record, word)));
    }
    for intent in state.pending().filter(|intent| state.record(intent.token).is_none()) {
        lines.push((u64::MAX, open_line(intent)));
    }
    lines.sort_by(|(a, one), (b, other)| one.address.cmp(&other.address).then(a.cmp(b)));
    let mut lines: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
    for i in 1..lines.len() {
        if lines[i].address == lines[i - 1].address {
            lines[i].generation = lines[i - 1].generation + 1;
        }
    }
    lines
}

fn line(record: &Record, status: &'static str) -> Line {
    Line {
        address: record.address.to_string(),
        kind: record.address.kind_str().to_owned(),
        id: record.shown_id().into_owned(),
        token: record.token.to_string(),
        generation: 1,
        status,
    }
}

fn open_line(intent: &Intent) -> Line {
    Line {
        address: intent.address.to_string(),
        kind: intent.address.kind_str().to_owned(),
        id: String::new(),
        token: intent.token.to_string(),
        generation: 1,
        status: open_status(intent.verb),
    }
}

/// Writes a whole record.
pub(super) fn document(record: &Record, open: Option<&Intent>, show_secrets: bool) -> Result<Json, Stop> {
    let map = |map: &Map| {
        let fields = map.iter().map(|(name, value)| Ok((name.clone(), value_json(value, show_secrets)?)));
        fields.collect::<Result<serde_json::Map<_, _>, Stop>>().map(Json::Object)
    };
    Ok(json!({
        "address": record.address,
        "kind": record.address.kind_str(),
        "id": if show_secrets { record.id.as_str().into() } else { record.shown_id() },
        "token": record.token,
        "status": open.map_or(status(record.status), |open| open_status(open.verb)),
        "provider": record.provider,
        "version": record.version,
        "applied": map(&record.applied)?,
        "observed": map(&record.observed)?,
        "outputs": map(&record.outputs)?,
        "dependencies": record.dependencies,
        "flags": record.flags,
        "created": record.created.to_string(),
        "updated": record.updated.to_string(),
        "took_ms": record.took,
    }))
}
