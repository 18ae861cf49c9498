//! Refresh: reads what the providers report of every recorded object.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{Id, JoinSet};
use tokio::time::sleep;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::address::{Address, StackId};
use crate::calling::{Configured, QUESTION, Tools, answered, hidden, note_failure, panicked, prior_of};
use crate::event::{Event, Events};
use crate::plan::{FieldChange, drift};
use crate::provider::{Class, Cx, Failure, Object, Prior};
use crate::schema::Differing;
use crate::state::{Entry, Record, State, Status};
use crate::value::Map;

/// The most objects that are read at once, of all providers.
const AT_ONCE: usize = 256;

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
    /// Those that did not answer, of kinds that [may be away](crate::schema::Schema::may_be_away); their records stay as they
    /// are, and a plan can be made all the same.
    pub silent: Vec<(Address, Failure)>,
    /// Why the records of what is gone are not removed unless somebody agrees.
    pub doubts: Vec<Doubt>,
}

/// Why it may be a mistake to take objects for gone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doubt {
    /// The resource is protected, or its object was to be retained.
    Guarded(Address),
    /// None of the objects that are recorded of a provider instance is there: it may look in the wrong place.
    AllGone {
        /// The declared instance, or the provider's name.
        instance: String,
        /// How many objects were looked for.
        count: u32,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guarded(address) => {
                write!(f, "{address} is protected or to be retained, and its object is not found")
            }
            Self::AllGone { instance, count } => write!(
                f,
                "of what is recorded of {instance} nothing is found ({count} looked for); it may have been asked in the wrong place"
            ),
        }
    }
}

/// What a refresh found, and the entries that would record it.
#[derive(Debug, Default)]
pub struct Refreshed {
    /// What was found.
    pub report: RefreshReport,
    /// What the objects that are there report.
    pub observed: Vec<Entry>,
    /// The removals of those that are gone.
    pub forgotten: Vec<Entry>,
}

/// Reads every recorded object of which no call is open. Changes nothing.
pub async fn refresh(state: &State, stack: &StackId, tools: &Tools, events: &Events) -> Refreshed {
    let mut found = Refreshed::default();
    let mut tasks: JoinSet<Result<Option<Object>, Failure>> = JoinSet::new();
    let mut asked: HashMap<Id, &Record> = HashMap::new();
    let live = |record: &&Record| {
        record.status != Status::Superseded
            && !tools.registry.is_instance(&record.address)
            && state.pending_of(record.token).is_none()
    };
    let mut todo = state.records().filter(live);
    let mut gone: Vec<&Record> = Vec::new();
    let mut gates: HashMap<String, Arc<Semaphore>> = HashMap::new();
    let mut there: HashMap<String, u32> = HashMap::new();
    loop {
        while tasks.len() < AT_ONCE {
            let Some(record) = todo.next() else { break };
            let (address, used) = (record.address.clone(), (record.provider.as_ref(), record.instance));
            match tools.instances.of(&tools.registry, state, address.kind_str(), used) {
                Err(failure) => found.report.failed.push((address, failure)),
                Ok(instance) => {
                    let schema = tools.registry.schema(address.kind_str()).ok();
                    let prior = prior_of(record, schema.as_deref());
                    let cx = Cx::new(stack.clone(), address.clone(), record.token, QUESTION);
                    let hidden = hidden(schema.as_deref(), Some(record), tools.clock.now());
                    let (address, token) = (&cx.address, &cx.token);
                    let span = tracing::info_span!("read", %address, kind = address.kind_str(), %token, failure = Empty);
                    let gate = || Arc::new(Semaphore::new(instance.base().limits().reads.max(1)));
                    let gate = Arc::clone(gates.entry(instance.label()).or_insert_with(gate));
                    let work = async move {
                        // It is never closed.
                        let _turn = gate.acquire().await;
                        read(&instance, &cx, &prior, hidden).await.inspect_err(note_failure)
                    };
                    let task = tasks.spawn(work.instrument(span));
                    asked.insert(task.id(), record);
                }
            }
        }
        let Some(ended) = tasks.join_next_with_id().await else { break };
        let (id, answer) = ended.unwrap_or_else(|error| (error.id(), Err(panicked())));
        let Some(record) = asked.remove(&id) else { continue };
        found.report.read += 1;
        match answer {
            Err(failure) => found.not_read(tools, record, failure),
            Ok(None) => gone.push(record),
            Ok(Some(object)) => {
                *there.entry(instance_of(record)).or_default() += 1;
                observe(tools, record, object, &mut found);
            }
        }
    }
    found.conclude(gone, &there);
    let RefreshReport { read, gone, drifted, .. } = &found.report;
    let (gone, drifted) = (gone.len(), drifted.len());
    let message = format!("{read} read, {drifted} changed outside of the stack, {gone} gone");
    events.emit(Event::Note { message });
    found
}

/// Names the provider instance of a record.
fn instance_of(record: &Record) -> String {
    match &record.provider {
        Some(address) => address.to_string(),
        None => format!("provider `{}`", record.address.provider()),
    }
}

impl Refreshed {
    /// Keeps the record of what could not be read, and says why.
    fn not_read(&mut self, tools: &Tools, record: &Record, failure: Failure) {
        let may_be_away =
            tools.registry.schema(record.address.kind_str()).is_ok_and(|schema| schema.may_be_away);
        let which = match may_be_away && failure.class.is_silence() {
            true => &mut self.report.silent,
            false => &mut self.report.failed,
        };
        which.push((record.address.clone(), failure));
    }

    /// Says what is gone, and what speaks against believing it.
    fn conclude(&mut self, gone: Vec<&Record>, there: &HashMap<String, u32>) {
        let mut missing: BTreeMap<String, u32> = BTreeMap::new();
        for record in gone {
            let why = "the object was deleted behind the stack's back".to_owned();
            self.forgotten.push(Entry::Forgotten { token: record.token, why });
            self.report.gone.push(record.address.clone());
            *missing.entry(instance_of(record)).or_default() += 1;
            if record.flags.protect || record.flags.retain {
                self.report.doubts.push(Doubt::Guarded(record.address.clone()));
            }
        }
        // That all of them are gone is less likely than a wrong question.
        let all = missing.into_iter().filter(|(instance, _)| !there.contains_key(instance));
        self.report.doubts.extend(all.map(|(instance, count)| Doubt::AllGone { instance, count }));
        self.report.drifted.sort_by(|a, b| a.0.cmp(&b.0));
        self.report.gone.sort();
    }
}

/// Reads an object; one that is not there is asked for again once it cannot be hidden any more.
async fn read(
    instance: &Configured,
    cx: &Cx,
    prior: &Prior,
    hidden: Duration,
) -> Result<Option<Object>, Failure> {
    let once = || async { answered(async { instance.get().await?.read(cx, prior).await }).await };
    let answer = once().await;
    let is_there = match &answer {
        Ok(found) => found.is_some(),
        Err(failure) => failure.class != Class::NotFound,
    };
    if is_there || hidden.is_zero() {
        return answer;
    }
    sleep(hidden).await;
    once().await
}

fn observe(tools: &Tools, record: &Record, object: Object, found: &mut Refreshed) {
    let address = record.address.clone();
    let schema = tools.registry.schema(address.kind_str()).ok();
    let Object { inputs: observed, mut outputs, .. } = object.sealed(schema.as_deref());
    // Of what cannot be used yet the late fields may still change.
    if let (true, Some(schema)) = (record.status.may_not_be_ready(), &schema) {
        outputs.retain(|name, _| schema.is_early(name));
    }
    // What a read does not report again stays as it was.
    for (name, value) in &record.outputs {
        outputs.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let drift = schema.as_ref().map(|schema| drifted(record, schema, &observed)).unwrap_or_default();
    if !drift.is_empty() {
        found.report.drifted.push((address, drift));
    }
    if observed != record.observed || outputs != record.outputs {
        found.observed.push(Entry::Observed { token: record.token, observed, outputs });
    }
}

/// Returns the fields that were set and are reported with another meaning.
fn drifted(record: &Record, schema: &crate::schema::Schema, observed: &Map) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    let record = record.migrated(schema);
    for field in schema.inputs() {
        let (sent, seen) = (record.applied.get(&*field.name), observed.get(&*field.name));
        for part in drift(field, sent, seen) {
            let (sent, wanted) = (&record.applied, &record.applied);
            let replaces = schema.replaces(&Differing { field: &field.name, sent, seen: observed, wanted })
                || part.touches(&field.force_new_parts);
            let change = part.into_change(replaces);
            changes.push(FieldChange { from: change.to, to: change.from, ..change });
        }
    }
    changes
}
