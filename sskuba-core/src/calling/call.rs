//! One provider call, with its bound, and what it means for the journal.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::instances::Configured;
use crate::address::Address;
use crate::clock::Timestamp;
use crate::journal::LeaseGuard;
use crate::provider::{Change, Class, Cx, Effect, Failure, FoundHook, Object, Place, Prior, Registry};
use crate::schema::{Durations, Schema, strip_triggers};
use crate::state::{Cause, Outcome, Record, State, Status, Verb};
use crate::value::Map;

/// The shortest bound that is set where neither the user nor the schema asks for more.
const LEAST_TIMEOUT: Duration = Duration::from_secs(300);

/// The first wait between two looks; each is twice as long as the one before, up to the last.
pub(crate) const FIRST_LOOK: Duration = Duration::from_millis(50);
pub(crate) const LAST_LOOK: Duration = Duration::from_secs(5);

/// How many times the expected duration a call may take.
const TIMEOUT_FACTOR: u32 = 10;

/// Returns the bound of a call: what the user says, else a multiple of what is expected.
pub(crate) fn bound(user: Option<Duration>, expected: &Durations, verb: Verb) -> Duration {
    let expected = match verb {
        Verb::Create => expected.create,
        Verb::Update => expected.update,
        Verb::Delete => expected.delete,
    };
    user.unwrap_or_else(|| (expected * TIMEOUT_FACTOR).max(LEAST_TIMEOUT))
}

/// A call whose intent is recorded.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// What is asked.
    pub(crate) verb: Verb,
    /// What the provider is told.
    pub(crate) cx: Cx,
    /// The lease that it is made under.
    pub(crate) lease: Arc<LeaseGuard>,
    /// The provider.
    pub(crate) instance: Configured,
    /// The schema, if this program knows the kind.
    pub(crate) schema: Option<Arc<Schema>>,
    /// For how long the object may exist and be seen by no question.
    pub(crate) hidden: Duration,
    /// For how long something that its inputs may name exists and may be seen by no question.
    pub(crate) named_hidden: Duration,
    /// The inputs; empty for a delete.
    pub(crate) inputs: Map,
    /// What is recorded of the object.
    pub(crate) prior: Option<Prior>,
    /// The status of its record before the call.
    pub(crate) status: Option<Status>,
    /// Where it is, as far as that is recorded.
    pub(crate) place: Option<Place>,
    /// What runs before and after it.
    pub(crate) hooks: Vec<FoundHook>,
}

/// Returns for how long an object may exist and be seen by no question: its kind's window, less how old it is.
pub(crate) fn hidden(schema: Option<&Schema>, record: Option<&Record>, now: Timestamp) -> Duration {
    let window = schema.map_or(Duration::ZERO, |schema| schema.visibility);
    record.map_or(window, |record| window.saturating_sub(now.since(record.created)))
}

/// Returns for how long any of these objects may exist and be seen by no question.
pub(crate) fn named_hidden(
    registry: &Registry,
    state: &State,
    addresses: &[Address],
    now: Timestamp,
) -> Duration {
    let records = addresses.iter().filter_map(|address| state.current(address));
    let each = records.map(|record| {
        let schema = registry.schema(record.address.kind_str()).ok();
        schema.map_or(Duration::ZERO, |schema| hidden(Some(&schema), Some(record), now))
    });
    each.max().unwrap_or_default()
}

/// Returns where an object is, as far as that is recorded.
pub(crate) fn place_of(state: &State, record: Option<&Record>) -> Option<Place> {
    state.place(record?.place?).cloned()
}

/// What is recorded of an object, as a provider of today takes it.
pub(crate) fn prior_of(record: &Record, schema: Option<&Schema>) -> Prior {
    let record = schema.map_or(Cow::Borrowed(record), |schema| record.migrated(schema));
    Prior {
        id: record.id.clone(),
        inputs: strip_triggers(record.applied.clone()),
        outputs: record.outputs.clone(),
    }
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What is written to the journal.
    pub(crate) outcome: Outcome,
    /// The failure, for people, if it was one.
    pub(crate) failure: Option<Failure>,
    /// True if the object turned out to be gone.
    pub(crate) gone: bool,
    /// Why its service gave the object up while it was made, if it did.
    pub(crate) given_up: Option<String>,
}

impl Ended {
    /// Makes the end of a call from what the provider answered; `None` is the answer to a delete.
    pub(crate) fn new(
        answer: Result<Option<Object>, Failure>,
        took: Duration,
        schema: Option<&Schema>,
    ) -> Self {
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match answer {
            Ok(object) => {
                let Object { id, inputs: observed, outputs } = object.unwrap_or_default().sealed(schema);
                let outcome = Outcome::Applied { id, observed, outputs, took };
                Self { outcome, failure: None, gone: false, given_up: None }
            }
            Err(failure) => {
                let cause = Cause { class: failure.class.clone(), message: failure.message.clone() };
                let outcome = match failure.effect.clone() {
                    Effect::NotApplied => Outcome::NotApplied { cause },
                    Effect::Unknown => Outcome::Unknown { cause },
                    Effect::Applied(object) => {
                        let Object { id, inputs: observed, outputs } = object.sealed(schema);
                        Outcome::Partial { id, observed, outputs, cause }
                    }
                };
                Self { outcome, failure: Some(failure), gone: false, given_up: None }
            }
        }
    }
}

impl Call {
    /// Says of the end of a create, or of an update of what may not be ready, that its object cannot be used yet, where
    /// its kind is such: of what was reported the early fields are final.
    pub(crate) fn until_made(&self, mut ended: Ended) -> Ended {
        let waits = match self.verb {
            Verb::Create => true,
            Verb::Update => self.status.is_some_and(Status::may_not_be_ready),
            Verb::Delete => false,
        };
        let schema = self.schema.as_ref().filter(|schema| waits && schema.has_early());
        let Some(schema) = schema else { return ended };
        ended.outcome = match ended.outcome {
            Outcome::Applied { id, observed, mut outputs, took } => {
                outputs.retain(|name, _| schema.is_early(name));
                Outcome::Made { id, observed, outputs, took }
            }
            other => other,
        };
        ended
    }

    /// Tells whether the call is about a provider instance: the schema says so, or the name of a kind that is not known.
    pub(crate) fn is_instance(&self) -> bool {
        self.schema.as_ref().map_or_else(|| self.cx.address.is_instance(), |schema| schema.is_instance())
    }

    /// Returns the span of the call: for logs and traces, in which no input or output is told.
    pub(crate) fn span(&self) -> tracing::Span {
        let Cx { address, token, recovering, .. } = &self.cx;
        let (kind, failure) = (address.kind_str(), tracing::field::Empty);
        tracing::info_span!("call", %address, kind, verb = ?self.verb, %token, recovering, failure)
    }
}

/// Notes in the span that the work is in what sort of failure ended it, without the service's words: nobody knows what
/// they repeat.
pub(crate) fn note_failure(failure: &Failure) {
    tracing::Span::current().record("failure", tracing::field::display(&failure.class));
}

/// Bounds a call; one that takes longer has an unknown effect.
pub(crate) async fn within<T>(
    bound: Duration,
    call: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    timeout(bound, call).await.unwrap_or_else(|_| {
        let message = format!("no answer within {}", humantime::format_duration(bound));
        Err(Failure::unknown(Class::Timeout, message)
            .hint("raise the bound with `.timeout(…)` if it needs longer"))
    })
}

/// How long a provider may take to answer a question that changes nothing.
pub(crate) const QUESTION: Duration = Duration::from_secs(60);

/// Bounds a question that changes nothing.
pub(crate) async fn answered<T>(question: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_| Err(Failure::new(Class::Timeout, "no answer within a minute"));
    timeout(QUESTION, question).await.unwrap_or_else(late)
}

/// Says that a provider panicked; what it did before is not known.
pub(crate) fn panicked() -> Failure {
    Failure::unknown(Class::Terminal, "the provider panicked; this is a defect of it")
}

/// Makes the call once, if the stack is still this program's.
pub(crate) async fn once(call: &Call) -> Result<Option<Object>, Failure> {
    let Call { verb, cx, inputs, .. } = call;
    if call.is_instance() {
        return settle(call).await;
    }
    let provider = call.instance.get().await?;
    call.lease.check().await?;
    let prior = || call.prior.clone().unwrap_or_default();
    match verb {
        Verb::Create => provider.create(cx, inputs).await.map(Some),
        Verb::Update => {
            let change = Change { prior: prior(), inputs: inputs.clone() };
            provider.update(cx, &change).await.map(Some)
        }
        Verb::Delete => provider.delete(cx, &prior()).await.map(|()| None),
    }
}

/// A provider instance is no object anywhere: that its settings are accepted is all there is to it.
async fn settle(call: &Call) -> Result<Option<Object>, Failure> {
    if call.verb == Verb::Delete {
        return Ok(None);
    }
    // What is made with it has to know where it is.
    let here = call.instance.place().await?;
    if let Some(there) = call.place.as_ref().filter(|there| **there != here) {
        let message = format!("with these settings it works in {here}, and its objects are in {there}");
        let hint = "take the change back, or declare another instance for what is to be there";
        return Err(Failure::new(Class::Conflict, message).hint(hint));
    }
    let id = call.cx.token.to_string();
    let field = call.schema.as_ref().map_or("id", |schema| &*schema.id_field).to_owned();
    Ok(Some(Object { outputs: [(field, id.as_str().into())].into(), id, inputs: Map::new() }))
}
