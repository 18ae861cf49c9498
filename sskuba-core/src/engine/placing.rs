//! Finds out where provider instances work before anything is read or changed with them, and refuses to go on where that
//! is not where the recorded objects are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::build::Engine;
use super::error::EngineError;
use super::session::Session;
use crate::address::{Address, Token};
use crate::calling::{
    Configured, Instances, Misplaced, QUESTION, Tools, answered, elsewhere, groups, locate, place_id,
    prior_of,
};
use crate::graph::DesiredGraph;
use crate::plan::{Action, Plan, Step, Subject, Verdict};
use crate::planning::PlaceOf;
use crate::provider::{Cx, Failure, Place, Registry};
use crate::state::{Entry, Record, State};
use crate::value::{Map, Value};

/// How long a plan waits for the place of an instance: it says what it knows without one, too, and nothing is changed
/// before the place is known.
const PREVIEW: Duration = Duration::from_secs(3);

/// Instances that are about to be called, with the records that were made with each.
type Used<'a> = Vec<(Configured, Vec<&'a Record>)>;

/// Returns the instances that some records were made with; all records of each come with it.
fn made_with<'a>(
    (registry, instances): (&Registry, &Instances),
    state: &'a State,
    is_used: impl Fn(Option<&Address>, Option<Token>, &str) -> bool,
) -> (Used<'a>, Vec<Misplaced>) {
    let (mut used, mut wrong) = (Used::new(), Vec::new());
    for ((address, generation, provider), records) in groups(registry, state) {
        if !is_used(address, generation, provider) {
            continue;
        }
        match instances.of(registry, state, provider, (address, generation)) {
            Ok(instance) => used.push((instance, records)),
            Err(failure) => {
                let instance = address.map_or_else(|| provider.to_owned(), ToString::to_string);
                wrong.push(Misplaced::Unknown { instance, failure });
            }
        }
    }
    (used, wrong)
}

/// Tells whether a step may call a provider.
fn calls(step: &Step) -> bool {
    let idle = step.action == Action::Same && step.verdict == Verdict::Certain;
    let looked = step.action == Action::Read && !step.calls;
    step.calls && !idle && !looked && step.verdict != Verdict::Excluded && step.action != Action::Forget
}

/// Returns a declared instance as a plan has it, with its generation if that is recorded; none while its settings are not
/// known.
pub(super) fn declared(
    (registry, instances): (&Registry, &Instances),
    settings: &Step,
) -> Option<(Option<Token>, Result<Configured, Failure>)> {
    if settings.inputs.values().any(Value::has_unknown) {
        return None;
    }
    let generation = settings.prior.filter(|_| settings.action != Action::Replace);
    let made = instances.configure(registry, &settings.address, generation, &settings.inputs);
    Some((generation, made))
}

/// Returns the instances that a plan may call and whose settings are known.
fn called_by<'a>((registry, instances): (&Registry, &Instances), plan: &Plan, state: &'a State) -> Used<'a> {
    let groups = groups(registry, state);
    let mut used = BTreeMap::<(String, Option<Token>), (Configured, Vec<&Record>)>::new();
    for step in plan.steps.iter().filter(|step| calls(step) && !registry.is_instance(&step.address)) {
        let provider = step.address.provider();
        let (address, generation, instance) = match step.subject {
            Subject::Recorded(token) => {
                let Some(record) = state.record(token) else { continue };
                let key = (record.provider.as_ref(), record.instance);
                (key.0.cloned(), key.1, instances.of(registry, state, provider, key))
            }
            Subject::Declared(node) | Subject::Ready(node) => match plan.graph.node(node).provider {
                None => (None, None, instances.of(registry, state, provider, (None, None))),
                Some(instance) => {
                    let settings = plan.step(instance);
                    let Some((generation, made)) = declared((registry, instances), settings) else {
                        continue;
                    };
                    (Some(settings.address.clone()), generation, made)
                }
            },
        };
        let Ok(instance) = instance else { continue };
        let name = address.as_ref().map_or_else(|| provider.to_owned(), ToString::to_string);
        used.entry((name, generation)).or_insert_with(|| {
            let records = groups.get(&(address.as_ref(), generation, provider));
            (instance, records.cloned().unwrap_or_default())
        });
    }
    used.into_values().collect()
}

/// Where an instance works, and the records that were made with it.
struct Located<'a> {
    instance: Configured,
    here: Place,
    records: Vec<&'a Record>,
}

/// Finds out where instances work, and what is not there that was made with them.
async fn located<'a>(state: &'a State, used: Used<'a>) -> (Vec<Located<'a>>, Vec<Misplaced>) {
    let (mut there, mut wrong) = (Vec::new(), Vec::new());
    let key = |instance: &Configured| (Arc::clone(&instance.name), instance.generation);
    let found = locate(used.iter().map(|(instance, _)| instance.clone())).await;
    let mut made_with: HashMap<_, _> =
        used.into_iter().map(|(instance, records)| (key(&instance), records)).collect();
    for (instance, place) in found {
        let records = made_with.remove(&key(&instance)).unwrap_or_default();
        match place {
            Err(failure) => wrong.push(Misplaced::Unknown { instance: instance.label(), failure }),
            Ok(here) => {
                wrong.extend(elsewhere(state, &instance, &here, &records));
                there.push(Located { instance, here, records });
            }
        }
    }
    (there, wrong)
}

/// Refuses what instances would do in the wrong place, if that can be told quickly.
async fn quickly(state: &State, mut used: Used<'_>) -> Result<(), EngineError> {
    used.retain(|(_, records)| !records.is_empty());
    let (_, wrong) = tokio::time::timeout(PREVIEW, located(state, used)).await.unwrap_or_default();
    refusal(only_elsewhere(wrong).collect())
}

fn only_elsewhere(wrong: Vec<Misplaced>) -> impl Iterator<Item = Misplaced> {
    wrong.into_iter().filter(|wrong| matches!(wrong, Misplaced::Elsewhere { .. }))
}

fn refusal(wrong: Vec<Misplaced>) -> Result<(), EngineError> {
    if wrong.is_empty() { Ok(()) } else { Err(EngineError::Misplaced(wrong)) }
}

impl Engine {
    /// Answers where instances work that a plan has to know of.
    pub(super) async fn places(
        &self,
        graph: &DesiredGraph,
        instances: &Instances,
        wanted: Vec<(PlaceOf, Map)>,
    ) -> Result<HashMap<PlaceOf, Place>, EngineError> {
        let (mut found, mut wrong) = (HashMap::new(), Vec::new());
        for (of, settings) in wanted {
            let instance = match &of {
                PlaceOf::Default(name) => instances.of(&self.registry, &State::default(), name, (None, None)),
                PlaceOf::Declared(id) => {
                    let address = &graph.node(*id).address;
                    instances.configure(&self.registry, address, None, &settings)
                }
            };
            let name = match &of {
                PlaceOf::Default(name) => format!("provider `{name}`"),
                PlaceOf::Declared(id) => graph.node(*id).address.to_string(),
            };
            match async { instance?.place().await }.await {
                Ok(place) => drop(found.insert(of, place)),
                Err(failure) => wrong.push(Misplaced::Unknown { instance: name, failure }),
            }
        }
        if wrong.is_empty() { Ok(found) } else { Err(EngineError::Misplaced(wrong)) }
    }

    /// Refuses a plan of what would be done in the wrong place, if that can be told quickly.
    pub(super) async fn preview_places(
        &self,
        plan: &Plan,
        state: &State,
        instances: &Instances,
    ) -> Result<(), EngineError> {
        quickly(state, called_by((&self.registry, instances), plan, state)).await
    }

    /// Refuses to look something up in the wrong place, if that can be told quickly: the answer would be about something
    /// else, and the plan would replace what it is about. `asked` are the instances, each with its provider.
    pub(super) async fn places_of_lookups(
        &self,
        asked: &[(Option<&Address>, &str)],
        state: &State,
        instances: &Instances,
    ) -> Result<(), EngineError> {
        let is_asked = |address: Option<&Address>, _: Option<Token>, provider: &str| {
            asked.contains(&(address, provider))
        };
        let (used, _) = made_with((&self.registry, instances), state, is_asked);
        quickly(state, used).await
    }

    /// Refuses to read objects of a state in the wrong place.
    pub(super) async fn readable_places(&self, state: &State, tools: &Tools) -> Result<(), EngineError> {
        let (used, wrong) = made_with((&self.registry, &tools.instances), state, |_, _, _| true);
        let (_, misplaced) = located(state, used).await;
        refusal(wrong.into_iter().chain(only_elsewhere(misplaced)).collect())
    }
}

impl Session {
    /// Makes sure that a plan is carried out where the recorded objects are.
    pub(super) async fn places_of_plan(&mut self, plan: &Plan) -> Result<(), EngineError> {
        let used = called_by((&self.engine.registry, &self.tools.instances), plan, self.journal.state());
        let entries = self.unlocated(used, Vec::new()).await?;
        self.write_places(entries).await
    }

    /// Makes sure that the instances that some records were made with work where those are.
    pub(super) async fn places_of(
        &mut self,
        is_used: impl Fn(Option<&Address>, Option<Token>, &str) -> bool,
    ) -> Result<(), EngineError> {
        let parts = (&*self.engine.registry, &self.tools.instances);
        let (used, wrong) = made_with(parts, self.journal.state(), is_used);
        let entries = self.unlocated(used, wrong).await?;
        self.write_places(entries).await
    }

    /// Makes sure of the places of the calls that an earlier run left open.
    pub(super) async fn places_of_pending(&mut self) -> Result<(), EngineError> {
        let state = self.journal.state();
        let mut wrong = Vec::new();
        let mut keys = Vec::new();
        for intent in state.pending().filter(|intent| !self.engine.registry.is_instance(&intent.address)) {
            let provider = intent.address.provider().to_owned();
            let used = (intent.provider.as_ref(), intent.instance);
            let instance = self.tools.instances.of(&self.engine.registry, state, &provider, used);
            keys.push((intent.provider.clone(), intent.instance, provider));
            // An instance whose own configuration was interrupted is configured first.
            let (Ok(instance), Some(there)) = (instance, intent.place.and_then(|place| state.place(place)))
            else {
                continue;
            };
            match instance.place().await {
                Ok(here) if here == *there => {}
                Ok(here) => wrong.push(Misplaced::Elsewhere {
                    instance: instance.label(),
                    here,
                    there: there.clone(),
                    objects: vec![intent.address.clone()],
                }),
                Err(failure) => wrong.push(Misplaced::Unknown { instance: instance.label(), failure }),
            }
        }
        if !wrong.is_empty() {
            return Err(EngineError::Misplaced(wrong));
        }
        let used = |address: Option<&Address>, generation: Option<Token>, provider: &str| {
            keys.iter().any(|key| (key.0.as_ref(), key.1, key.2.as_str()) == (address, generation, provider))
        };
        self.places_of(used).await
    }

    async fn write_places(&mut self, located: Vec<(Configured, Vec<Token>)>) -> Result<(), EngineError> {
        for (instance, tokens) in located {
            let place = place_id(&mut self.journal, &instance).map_err(|error| self.wrap(error))?;
            if let Some(place) = place.filter(|_| !tokens.is_empty()) {
                let located = self.journal.stage(Entry::Located { tokens, place });
                located.map_err(|error| self.wrap(error))?;
            }
        }
        self.journal.commit().await.map_err(|error| self.wrap(error))
    }

    /// Refuses what is elsewhere. Returns what an earlier release recorded without a place, after at least one object of
    /// each instance was seen there.
    async fn unlocated(
        &self,
        used: Used<'_>,
        mut wrong: Vec<Misplaced>,
    ) -> Result<Vec<(Configured, Vec<Token>)>, EngineError> {
        let (found, misplaced) = located(self.journal.state(), used).await;
        wrong.extend(misplaced);
        let mut entries = Vec::new();
        for Located { instance, here, records } in found {
            let open: Vec<&Record> = records.into_iter().filter(|record| record.place.is_none()).collect();
            if !open.is_empty() && !here.is_empty() {
                wrong.extend(self.seen(&instance, &here, &open).await);
            }
            entries.push((instance, open.iter().map(|record| record.token).collect::<Vec<_>>()));
        }
        entries.retain(|(_, tokens)| !tokens.is_empty());
        if wrong.is_empty() { Ok(entries) } else { Err(EngineError::Misplaced(wrong)) }
    }

    /// Looks for objects until one is seen; says what is wrong if none is.
    async fn seen(&self, instance: &Configured, here: &Place, records: &[&Record]) -> Option<Misplaced> {
        let mut last = None;
        for record in records {
            let schema = self.engine.registry.schema(record.address.kind_str()).ok();
            let prior = prior_of(record, schema.as_deref());
            let cx = Cx::new(self.stack.clone(), record.address.clone(), record.token, QUESTION);
            let read = async { instance.get().await?.read(&cx, &prior).await };
            match answered(read).await {
                Ok(Some(_)) => return None,
                Ok(None) => {}
                Err(failure) => last = Some(failure),
            }
        }
        let label = instance.label();
        Some(match last {
            Some(failure) => Misplaced::Unknown { instance: label, failure },
            None => Misplaced::NothingThere { instance: label, here: here.clone(), count: records.len() },
        })
    }
}
