//! Refresh: reads what the providers report of every recorded object into the state.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio::time::{sleep, timeout};

use crate::address::{Address, StackId, Token};
use crate::applying::{
    Event, Events, Instance, Instances, Journal, JournalError, Tools, hidden, is_instance_kind, panicked,
};
use crate::plan::FieldChange;
use crate::provider::{Class, Cx, Failure, Object, Prior};
use crate::state::{Entry, Record, Status};
use crate::value::Map;

/// How many objects are read at once.
const AT_ONCE: usize = 64;

/// How long one read may take.
const BOUND: Duration = Duration::from_secs(60);

/// What a refresh found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RefreshReport {
    /// Resources whose reported fields differ from what was sent.
    pub drifted: Vec<(Address, Vec<FieldChange>)>,
    /// Resources whose object is gone; their records are removed, so that the next plan makes them anew.
    pub gone: Vec<Address>,
    /// How many objects were read.
    pub read: u32,
    /// Those that could not be read; their records stay as they are.
    pub failed: Vec<(Address, Failure)>,
}

/// Reads every recorded object.
///
/// # Errors
/// If the journal cannot be written.
pub async fn refresh(
    journal: &mut Journal,
    stack: &StackId,
    tools: &Tools,
    events: &Events,
) -> Result<RefreshReport, JournalError> {
    let mut report = RefreshReport::default();
    let mut instances = Instances::default();
    let mut tasks: JoinSet<Result<Option<Object>, Failure>> = JoinSet::new();
    let mut asked: HashMap<Id, (Token, Address)> = HashMap::new();
    let live = |record: &&Record| {
        record.status != Status::Superseded && !is_instance_kind(record.address.kind_str())
    };
    let records: Vec<Token> = journal.state().records().filter(live).map(|record| record.token).collect();
    let mut todo = records.into_iter();
    loop {
        while tasks.len() < AT_ONCE {
            let Some(record) = todo.next().and_then(|token| journal.state().record(token)) else { break };
            let (token, address) = (record.token, record.address.clone());
            let provider = record.provider.as_ref();
            match instances.of(&tools.registry, journal.state(), address.kind_str(), provider) {
                Err(failure) => report.failed.push((address, failure)),
                Ok(instance) => {
                    let prior = Prior {
                        id: record.id.clone(),
                        inputs: record.applied.clone(),
                        outputs: record.outputs.clone(),
                    };
                    let cx = Cx::new(stack.clone(), address.clone(), token, BOUND);
                    let schema = tools.registry.schema(address.kind_str()).ok();
                    let hidden = hidden(schema.map(|schema| &**schema), Some(record), tools.clock.now());
                    let task = tasks.spawn(async move { read(&instance, &cx, &prior, hidden).await });
                    asked.insert(task.id(), (token, address));
                }
            }
        }
        let Some(ended) = tasks.join_next_with_id().await else { break };
        let (id, answer) = ended.unwrap_or_else(|error| (error.id(), Err(panicked())));
        let Some((token, address)) = asked.remove(&id) else { continue };
        report.read += 1;
        match answer {
            Err(failure) => report.failed.push((address, failure)),
            Ok(None) => {
                let why = "the object was deleted behind the stack's back".to_owned();
                journal.stage(Entry::Forgotten { token, why })?;
                report.gone.push(address);
            }
            Ok(Some(object)) => observe(journal, tools, token, object, &mut report)?,
        }
    }
    journal.commit().await?;
    report.drifted.sort_by(|a, b| a.0.cmp(&b.0));
    report.gone.sort();
    let (read, gone, drifted) = (report.read, report.gone.len(), report.drifted.len());
    let message = format!("{read} read, {drifted} changed outside of the stack, {gone} gone");
    events.emit(Event::Note { message });
    Ok(report)
}

/// Reads an object; one that is not there is asked for again once it cannot be hidden any more.
async fn read(
    instance: &Instance,
    cx: &Cx,
    prior: &Prior,
    hidden: Duration,
) -> Result<Option<Object>, Failure> {
    let once = || async {
        let read = async { instance.get().await?.read(cx, prior).await };
        let late = |_| Err(Failure::new(Class::Timeout, "no answer within a minute"));
        timeout(BOUND, read).await.unwrap_or_else(late)
    };
    match once().await {
        Ok(None) if !hidden.is_zero() => {
            sleep(hidden).await;
            once().await
        }
        answer => answer,
    }
}

fn observe(
    journal: &mut Journal,
    tools: &Tools,
    token: Token,
    object: Object,
    report: &mut RefreshReport,
) -> Result<(), JournalError> {
    let Some(record) = journal.state().record(token) else { return Ok(()) };
    let address = record.address.clone();
    let schema = tools.registry.schema(address.kind_str()).ok().cloned();
    let seal =
        |map: Map| schema.as_ref().map_or_else(|| map.clone(), |schema| schema.seal_outputs(map.clone()));
    let (observed, mut outputs) = (seal(object.inputs), seal(object.outputs));
    // What a read does not report again stays as it was.
    for (name, value) in &record.outputs {
        outputs.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let drift = schema.as_ref().map(|schema| drift(record, schema, &observed)).unwrap_or_default();
    if !drift.is_empty() {
        report.drifted.push((address, drift));
    }
    if observed != record.observed || outputs != record.outputs {
        journal.stage(Entry::Observed { token, observed, outputs })?;
    }
    Ok(())
}

/// Returns the fields that were set and are reported with another meaning.
fn drift(record: &Record, schema: &crate::schema::Schema, observed: &Map) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for field in schema.inputs() {
        if let (Some(sent), Some(seen)) = (record.applied.get(field.name), observed.get(field.name))
            && !field.normaliser.same(sent, seen)
        {
            let (from, to) = (Some(sent.clone()), Some(seen.clone()));
            changes.push(FieldChange { field: field.name.to_owned(), from, to, replaces: field.force_new });
        }
    }
    changes
}
